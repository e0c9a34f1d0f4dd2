# SPDX-License-Identifier: MIT
"""What the router asks of its neighbours: a transport, a clock, the owner of the rooms' topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    from autobahn.wamp import message

    from wsecho.router.access import Identity
    from wsecho.router.answers import Answer, Reply
    from wsecho.router.history import EventsQuery
    from wsecho.router.publications import Publication
    from wsecho.router.session import Session
    from wsecho.router.states import Ending
    from wsecho.router.subscriptions import Subscription
    from wsecho.router.uris import Match


@frozen
class TransportDetails:
    """What is known of a peer before its HELLO.

    Attributes:
        kind: `websocket`, `rawsocket`, `longpoll`, `sse`: what others see of it.
        peer: the address, for logs; not told to other sessions.
        ordered: False where messages may overtake one another (unbatched long-poll): request ids
            may then come in any order, but never twice.
        identity: who the peer is, where the transport has found that out already (a token in the
            handshake); its HELLO then needs no CHALLENGE.
        more: whatever else the door's own authenticator wants to see.
    """

    kind: str
    peer: str = ""
    ordered: bool = True
    identity: Identity | None = None
    more: dict[str, Any] = field(factory=dict)


class Transport(Protocol):
    """One peer's way to us, as the router sees it."""

    @property
    def details(self) -> TransportDetails:
        """What is known of the peer."""

    def send(self, message: message.Message) -> None:
        """Send one message; never blocks.

        The same object is handed to every receiver of an event on one subscription, so
        `message.serialize(serializer)` is worked out once for each serializer object.

        Raises:
            CannotCarryError: this peer's serializer or size limit cannot take the message.
        """

    def pause(self) -> None:
        """Read no more from the peer until `resume`; what was read already may still come."""

    def resume(self) -> None:
        """Read again; the session may be over by now."""

    def close(self, ending: Ending) -> None:
        """The session is over: send out what waits, then close. Called once at most."""


class Timer(Protocol):
    """A call that was scheduled."""

    def cancel(self) -> None:
        """Forget it; the router does so once, and never after it has fired."""


class Clock(Protocol):
    """The time of day, and calls at a later one; neither stands still where that is set back."""

    def now(self) -> float:
        """Unix time in seconds: for what is shown and for nothing else, since it may be set."""

    def call_at(self, moment: float, call: Callable[[], None], /) -> Timer:
        """Call `call` once it is that Unix time."""

    def call_later(self, delay: float, call: Callable[[], None], /) -> Timer:
        """Call `call` after `delay` seconds."""


class Pressure(Protocol):
    """What publications and calls go through that other nodes hear of."""

    @property
    def is_behind(self) -> bool:
        """Whether so much is on its way that no more should be begun just now."""

    def when_relieved(self, call: Callable[[], None], /) -> None:
        """Call `call` once less is on its way."""


class TopicOwner(Protocol):
    """Serves the topics under some prefixes in place of the broker: the rooms.

    Each method that takes a session may raise `WampError`, or return an `Answer` to be completed
    later. Events come back through `Realm.dispatch`.
    """

    @property
    def prefixes(self) -> tuple[str, ...]:
        """String prefixes of the topics it owns, each ending in a dot."""

    def canonical(self, uri: str) -> str:
        """The one spelling of an owned topic.

        Raises:
            WampError: no topic of the owner can be spelled so.
        """

    def publish(self, session: Session, publication: Publication) -> int | Answer[int]:
        """Publish to an owned topic (canonical) and return the publication id to acknowledge.

        Args:
            session: the publisher; it may be over already where this is a testament.
            publication: with a fresh id, which may be used or not, and `skip` set where the
                publisher does not want the live event.
        """

    def execute(self, publication: Publication, authid: str, authrole: str) -> int | Answer[int]:
        """Publish a testament, which counts once however often this is called.

        Args:
            publication: as for `publish`, with the same id each time.
            authid: whose it was; that session is over, perhaps with its node.
            authrole: the same.
        """

    def subscribing(self, session: Session, uri: str, match: Match) -> Answer[None] | None:
        """May `session` subscribe? Asked before anything is done; must have no effect.

        Asked for owned topics, and for patterns that can reach one.
        """

    def subscribed(self, session: Session, subscription: Subscription, *, first: bool) -> None:
        """A session was added to a subscription; `first` where that created it."""

    def unsubscribed(self, session: Session, subscription: Subscription, *, last: bool) -> None:
        """A session was removed, also because it ended; `last` where that deleted it."""

    def get_events(
        self, session: Session, subscription: Subscription, query: EventsQuery
    ) -> Reply | Answer[Reply]:
        """Event History: `wamp.subscription.get_events` for a subscription as above."""
