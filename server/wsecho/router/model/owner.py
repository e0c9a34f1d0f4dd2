# SPDX-License-Identifier: MIT
"""Who serves topics in place of the broker, and what a client may ask of their past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from attrs import frozen

if TYPE_CHECKING:
    from wsecho.core.promise import Later
    from wsecho.router.model.procedures import Reply
    from wsecho.router.model.publications import Publication
    from wsecho.router.model.session import Session
    from wsecho.router.model.subscriptions import Subscription
    from wsecho.router.wire.uris import Match


@frozen
class EventsQuery:
    """The filters of `wamp.subscription.get_events`, all of which must hold.

    Times are Unix seconds. An event's time is shown with milliseconds, and clients hand it back as
    they saw it: compare it cut to milliseconds.

    Attributes:
        reverse: newest first.
        limit: at most so many, None for no limit.
        from_time: at this time or later.
        after_time: later.
        before_time: earlier.
        until_time: at this time or earlier.
        topic: only events of this topic (canonical).
        from_publication: from the event with this id on.
        after_publication: those after it.
        before_publication: those before it.
        until_publication: up to it.
        after_position: the room position to resume after, as it was given.
    """

    reverse: bool = False
    limit: int | None = None
    from_time: float | None = None
    after_time: float | None = None
    before_time: float | None = None
    until_time: float | None = None
    topic: str | None = None
    from_publication: int | None = None
    after_publication: int | None = None
    before_publication: int | None = None
    until_publication: int | None = None
    after_position: str | None = None


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

    def publish(self, session: Session, publication: Publication) -> Later[int]:
        """Publish to an owned topic (canonical) and return the publication id to acknowledge.

        Args:
            session: the publisher; it may be over already where this is a testament.
            publication: with a fresh id, which may be used or not, and `skip` set where the
                publisher does not want the live event.
        """

    def execute(self, publication: Publication, authid: str, authrole: str) -> Later[int]:
        """Publish a testament, which counts once however often this is called.

        Args:
            publication: as for `publish`, with the same id each time.
            authid: whose it was; that session is over, perhaps with its node.
            authrole: the same.
        """

    def subscribing(self, session: Session, uri: str, match: Match) -> Later[None]:
        """May `session` subscribe? Asked before anything is done; must have no effect.

        Asked for owned topics, and for patterns that can reach one.
        """

    def subscribed(self, session: Session, subscription: Subscription, *, first: bool) -> None:
        """A session was added to a subscription; `first` where that created it."""

    def unsubscribed(self, session: Session, subscription: Subscription, *, last: bool) -> None:
        """A session was removed, also because it ended; `last` where that deleted it."""

    def get_events(
        self, session: Session, subscription: Subscription, query: EventsQuery
    ) -> Later[Reply]:
        """Event History: `wamp.subscription.get_events` for a subscription as above."""
