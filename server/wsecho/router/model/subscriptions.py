# SPDX-License-Identifier: MIT
"""Subscriptions: to one topic or pattern each, with the sessions that share it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from attrs import define, field

from wsecho.core.wire.timestamps import rfc3339
from wsecho.router.model.access import Requester
from wsecho.router.model.matching import PatternIndex
from wsecho.router.wire import errors
from wsecho.router.wire.errors import WampError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wsecho.router.wire.outgoing import OutgoingMessage
    from wsecho.router.wire.uris import Match


class Subscriber(Protocol):
    """A session that holds subscriptions, on whatever node."""

    @property
    def id(self) -> int:
        """The session id."""

    @property
    def subscriptions(self) -> dict[int, Subscription]:
        """What it holds, by id."""


class LocalSubscriber(Subscriber, Requester, Protocol):
    """A session of this node, to which events can be sent."""

    @property
    def wants_stamps(self) -> bool:
        """Whether it asked for the stamps of events."""

    def send(self, msg: OutgoingMessage) -> None:
        """Send EVENT; dropped where the session is no longer open.

        Raises:
            CannotCarryError: the peer's serializer or size limit cannot take it.
        """


@define(eq=False)
class Subscription:
    """All who subscribed to one URI by one policy; events to them are one message.

    Attributes:
        id: counted from 1 within the realm.
        uri: the topic, canonical, or the pattern.
        match: the matching policy.
        created: Unix time in seconds.
        remote_sessions: those who are on other nodes.
    """

    id: int
    uri: str
    match: Match
    created: float
    remote_sessions: dict[Subscriber, None] = field(factory=dict, init=False)
    _members: dict[LocalSubscriber, None] = field(factory=dict, init=False)
    _snapshot: tuple[LocalSubscriber, ...] | None = field(default=None, init=False)
    _by_wish: tuple[Sequence[LocalSubscriber], ...] = field(default=(), init=False)

    def __contains__(self, session: LocalSubscriber) -> bool:
        return session in self._members

    def __len__(self) -> int:
        return len(self._members) + len(self.remote_sessions)

    @property
    def is_here(self) -> bool:
        """Whether anybody here shares it."""
        return bool(self._members)

    @property
    def members(self) -> tuple[LocalSubscriber, ...]:
        """The subscribers here in the order of their coming.

        It is a snapshot that later changes leave be.
        """
        if self._snapshot is None:
            self._snapshot = tuple(self._members)
        return self._snapshot

    @property
    def members_by_wish(self) -> tuple[Sequence[LocalSubscriber], ...]:
        """The same in two: who does without the stamps of events, and who asked for them."""
        if not self._by_wish:
            members = self.members
            stamped = [session for session in members if session.wants_stamps]
            plain = [session for session in members if not session.wants_stamps]
            self._by_wish = (plain, stamped) if stamped else (members, ())
        return self._by_wish

    def add(self, session: LocalSubscriber) -> None:
        """Let a session share it."""
        self._members[session] = None
        self._snapshot, self._by_wish = None, ()

    def discard(self, session: LocalSubscriber) -> None:
        """Take a session out."""
        self._members.pop(session, None)
        self._snapshot, self._by_wish = None, ()

    def describe(self) -> dict[str, Any]:
        """`SubscriptionDetails` of the Subscription Meta API."""
        return {
            "id": self.id,
            "created": rfc3339(self.created),
            "uri": self.uri,
            "match": self.match,
        }


class Subscriptions:
    """All subscriptions of a realm."""

    def __init__(self) -> None:
        self._index: PatternIndex[Subscription] = PatternIndex()
        self._by_id: dict[int, Subscription] = {}
        self.find = self._index.get
        self.matches = self._index.matches

    def __len__(self) -> int:
        return len(self._by_id)

    def obtain(
        self, uri: str, match: Match, now: float, new_id: Callable[[str, str, Match], int]
    ) -> tuple[Subscription, bool]:
        """The subscription to a URI by a policy, and whether it is new.

        Args:
            uri: the topic, canonical, or the pattern.
            match: the matching policy.
            now: when it was made, Unix seconds, if it is new.
            new_id: makes its id, if it is new.
        """
        subscription = self._index.get(uri, match)
        if subscription is not None:
            return subscription, False
        subscription = Subscription(new_id("s", uri, match), uri, match, now)
        self._index.add(uri, match, subscription)
        self._by_id[subscription.id] = subscription
        return subscription, True

    def remove(self, subscription: Subscription) -> None:
        """Let go of one that nobody shares any more."""
        self._index.remove(subscription.uri, subscription.match)
        del self._by_id[subscription.id]

    def get(self, identifier: int) -> Subscription:
        """The subscription with this id.

        Raises:
            WampError: there is none.
        """
        found = self._by_id.get(identifier)
        if found is None:
            raise WampError(errors.NO_SUCH_SUBSCRIPTION)
        return found

    def under(self, match: Match) -> list[Subscription]:
        """All subscriptions under a policy."""
        return list(self._index.values(match))
