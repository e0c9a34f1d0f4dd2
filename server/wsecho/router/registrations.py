# SPDX-License-Identifier: MIT
"""Registrations: which sessions serve a procedure, and whose turn it is."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from attrs import define, field

from wsecho.core.timestamps import rfc3339
from wsecho.router import errors
from wsecho.router.errors import WampError
from wsecho.router.matching import PatternIndex

if TYPE_CHECKING:
    from wsecho.router.ids import Random
    from wsecho.router.requests import Invoke, Register
    from wsecho.router.session import Session
    from wsecho.router.uris import Match


@define(eq=False)
class Callee:
    """A session on a registration, and whether it asked to be told who calls."""

    session: Session
    disclose_caller: bool


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

    def pick(self, random: Random) -> Callee:
        """The callee for the next call."""
        callees = self.callees
        if len(callees) == 1 or self.invoke == "first":
            return callees[0]
        if self.invoke == "last":
            return callees[-1]
        if self.invoke == "random":
            return callees[random.randrange(len(callees))]
        callee = callees[self._turn % len(callees)]
        self._turn = (self._turn + 1) % len(callees)
        return callee

    def serves(self, session: Session) -> bool:
        """Whether the session is one of the callees."""
        return any(callee.session is session for callee in self.callees)

    def discard(self, session: Session) -> None:
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
        self._ids = count(1)
        self._index: PatternIndex[Registration] = PatternIndex()
        self._by_id: dict[int, Registration] = {}
        self.best = self._index.best
        self.find = self._index.get

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, session: Session, request: Register, now: float) -> tuple[Registration, bool]:
        """Let a session serve a procedure.

        Returns:
            The registration, and whether it is new.

        Raises:
            WampError: the procedure is taken, or shared under another policy.
        """
        registration = self._index.get(request.procedure, request.match)
        new = registration is None
        if registration is None:
            registration = Registration(
                next(self._ids), request.procedure, request.match, request.invoke, now
            )
            self._index.add(request.procedure, request.match, registration)
            self._by_id[registration.id] = registration
        else:
            self._check_shared(registration, session, request)
        registration.callees.append(Callee(session, request.disclose_caller))
        return registration, new

    @staticmethod
    def _check_shared(registration: Registration, session: Session, request: Register) -> None:
        if registration.invoke == "single" or registration.serves(session):
            raise WampError(errors.PROCEDURE_ALREADY_EXISTS)
        if registration.invoke != request.invoke:
            raise WampError(
                errors.POLICY_CONFLICT, f"the procedure is shared by policy {registration.invoke}"
            )

    def discard(self, registration: Registration, session: Session) -> bool:
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
