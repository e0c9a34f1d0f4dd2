# SPDX-License-Identifier: MIT
"""Registrations: which sessions serve a procedure, and whose turn it is."""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING, Any, Protocol

from attrs import define, field

from wsecho.core.wire.timestamps import rfc3339
from wsecho.router.model.calls import Invoked
from wsecho.router.model.matching import PatternIndex
from wsecho.router.wire import errors
from wsecho.router.wire.errors import TakenError, WampError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.router.wire.ids import Random
    from wsecho.router.wire.requests import Invoke, Register
    from wsecho.router.wire.uris import Match


class Registrant(Invoked, Protocol):
    """A session that holds registrations, on whatever node."""

    @property
    def id(self) -> int:
        """The session id."""

    @property
    def is_here(self) -> bool:
        """Whether it is of this node; another node says itself what becomes of its sessions."""

    @property
    def is_open(self) -> bool:
        """Whether it goes on, and does not leave with all that it has."""

    @property
    def registrations(self) -> dict[int, Registration]:
        """What it holds, by id."""

    def close(self, reason: str, text: str | None = None) -> None:
        """End it politely."""


@define(eq=False)
class Callee:
    """A session on a registration.

    Attributes:
        session: of this node or another.
        disclose_caller: whether it asked to be told who calls.
        rank: its place among the callees of all nodes.
    """

    session: Registrant
    disclose_caller: bool
    rank: int = 0


def _order(callee: Callee) -> tuple[int, int]:
    # Two that were claimed while their nodes were apart may have one rank.
    return callee.rank, callee.session.id if callee.rank else 0


@define(eq=False)
class Registration:
    """One procedure or pattern of them, and those who serve it in the order of their coming.

    Attributes:
        id: counted from 1 within the realm.
        uri: the procedure or the pattern.
        match: the matching policy.
        invoke: how a callee is chosen ("Shared Registration").
        created: Unix time in seconds.
        callees: never empty while the registration stands.
    """

    id: int
    uri: str
    match: Match
    invoke: Invoke
    created: float
    callees: list[Callee] = field(factory=list)
    _turn: int = 0

    def pick(self, random: Random, turn: int | None = None) -> Callee:
        """The callee for the next call; `turn` counts the calls of all nodes, where it matters."""
        # "Shared Registration"; over several nodes `turn` makes one round of all their calls.
        callees = self.callees
        if len(callees) == 1 or self.invoke == "first":
            return callees[0]
        if self.invoke == "last":
            return callees[-1]
        if self.invoke == "random":
            return callees[random.randrange(len(callees))]
        if turn is not None:
            return callees[turn % len(callees)]
        callee = callees[self._turn % len(callees)]
        self._turn = (self._turn + 1) % len(callees)
        return callee

    @property
    def last_rank(self) -> int:
        """The highest rank of a callee."""
        return self.callees[-1].rank

    def may_share(self, policy: Invoke) -> bool:
        """Whether a callee may come that registers by `policy`."""
        return self.invoke == policy != "single"

    def serves(self, session: Registrant) -> bool:
        """Whether the session is one of the callees."""
        return any(callee.session is session for callee in self.callees)

    def enter(self, callee: Callee) -> None:
        """Let a session serve it too, in the order of ranks."""
        insort(self.callees, callee, key=_order)

    def discard(self, session: Registrant) -> None:
        """Take a session out; whose turn it was keeps it."""
        for place, callee in enumerate(self.callees):
            if callee.session is session:
                del self.callees[place]
                if place < self._turn:
                    self._turn -= 1
                return

    def describe(self) -> dict[str, Any]:
        """`RegistrationDetails` of the Registration Meta API."""
        return {
            "id": self.id,
            "created": rfc3339(self.created),
            "uri": self.uri,
            "match": self.match,
            "invoke": self.invoke,
        }


class Registrations:
    """All registrations of a realm."""

    def __init__(self) -> None:
        self._index: PatternIndex[Registration] = PatternIndex()
        self._by_id: dict[int, Registration] = {}
        self.best = self._index.best
        self.find = self._index.get

    def __len__(self) -> int:
        return len(self._by_id)

    def check(self, session: Registrant, request: Register) -> None:
        """See that a session may serve a procedure.

        Raises:
            TakenError: the procedure is taken, or shared under another policy.
        """
        registration = self._index.get(request.procedure, request.match)
        if registration is None:
            return
        if registration.serves(session):
            raise TakenError(request.invoke, request.invoke)
        if not registration.may_share(request.invoke):
            raise TakenError(registration.invoke, request.invoke)

    def add(
        self,
        callee: Callee,
        uri: str,
        match: Match,
        invoke: Invoke,
        now: float,
        new_id: Callable[[str, str, Match], int],
    ) -> tuple[Registration, bool]:
        """Let a session serve a procedure, which was checked.

        Args:
            callee: the session.
            uri: the procedure or the pattern.
            match: the matching policy.
            invoke: how a callee is chosen, if the registration is new.
            now: when it was made, Unix seconds, if it is new.
            new_id: makes its id, if it is new.

        Returns:
            The registration, and whether it is new.
        """
        registration = self._index.get(uri, match)
        new = registration is None
        if registration is None:
            registration = Registration(new_id("r", uri, match), uri, match, invoke, now)
            self._index.add(uri, match, registration)
            self._by_id[registration.id] = registration
        registration.enter(callee)
        return registration, new

    def discard(self, registration: Registration, session: Registrant) -> bool:
        """Take a session out; whether that was the last, so that the registration is gone."""
        registration.discard(session)
        if registration.callees:
            return False
        self._index.remove(registration.uri, registration.match)
        del self._by_id[registration.id]
        return True

    def get(self, identifier: int) -> Registration:
        """The registration with this id.

        Raises:
            WampError: there is none.
        """
        found = self._by_id.get(identifier)
        if found is None:
            raise WampError(errors.NO_SUCH_REGISTRATION)
        return found

    def listing(self, match: Match) -> list[int]:
        """The ids of all registrations under a policy."""
        return [registration.id for registration in self._index.values(match)]
