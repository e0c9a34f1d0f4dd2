# SPDX-License-Identifier: MIT
"""A subscription: one topic or pattern, and the sessions that share it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from attrs import define, field

from wsecho.core.wire.timestamps import rfc3339
from wsecho.router.model.access import Requester

if TYPE_CHECKING:
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

    def add(self, session: LocalSubscriber) -> None:
        """Let a session share it."""
        self._members[session] = None
        self._snapshot = None

    def discard(self, session: LocalSubscriber) -> None:
        """Take a session out."""
        self._members.pop(session, None)
        self._snapshot = None

    def describe(self) -> dict[str, Any]:
        """`SubscriptionDetails` of the Subscription Meta API."""
        return {
            "id": self.id,
            "created": rfc3339(self.created),
            "uri": self.uri,
            "match": self.match,
        }
