# SPDX-License-Identifier: MIT
"""A publication on its way through the broker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define

from wsecho.router.wire.outgoing import OutgoingEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wsecho.core.wire.positions import Position
    from wsecho.router.wire.audience import Audience, Receiver
    from wsecho.router.wire.outgoing import Publisher
    from wsecho.router.wire.uris import Match

R = TypeVar("R", bound="Receiver")


@define(eq=False)
class Publication:
    """One event, whoever its receivers are.

    Attributes:
        id: the publication id, one for all receivers.
        topic: the topic's canonical URI.
        args: positional payload.
        kwargs: keyword payload.
        skip: the session that must not get it live (`exclude_me`), 0 for none.
        publisher: who it is from, where that is to be told.
        audience: restrictions on the receivers, None for none.
        retain: whether it is the topic's retained event from here on ("Event Retention").
        position: its place in its topic, where the topic's owner counts.
        time: when it was published, Unix seconds, where somebody may ask.
        stamps: further keywords, for those alone who asked for them: a handler that takes the
            keywords that it knows would fail on others.
        concerns: whom of this node it may be told, None for all; it goes to no other node.
    """

    id: int
    topic: str
    args: list[Any] | None = None
    kwargs: dict[str, Any] | None = None
    skip: int = 0
    publisher: Publisher | None = None
    audience: Audience | None = None
    retain: bool = False
    position: Position | None = None
    time: float = 0.0
    stamps: dict[str, Any] | None = None
    concerns: Callable[[Any], bool] | None = None

    def reaches(self, session: Receiver) -> bool:
        """Whether `session`, being subscribed, receives this event."""
        return session.id != self.skip and (self.audience is None or self.audience.reaches(session))

    def receivers(self, subscribers: Sequence[R]) -> Sequence[R]:
        """Those of the subscribers whom it `reaches`; mostly all, so nobody is asked in vain."""
        skip, audience = self.skip, self.audience
        if skip:
            subscribers = [session for session in subscribers if session.id != skip]
        if audience is not None:
            subscribers = [session for session in subscribers if audience.reaches(session)]
        if self.concerns is not None:
            subscribers = list(filter(self.concerns, subscribers))
        return subscribers

    def event(
        self, subscription: int, match: Match, *, retained: bool = False, stamped: bool = False
    ) -> OutgoingEvent:
        """The EVENT for all receivers on one subscription: one object, serialized once per form.

        Args:
            subscription: its id.
            match: its policy; a pattern's receivers are told the concrete topic.
            retained: whether it is delivered from retention.
            stamped: whether it goes to those who asked for the stamps.
        """
        topic = None if match == "exact" else self.topic
        return OutgoingEvent(
            subscription,
            self.id,
            self.args,
            {**(self.kwargs or {}), **(self.stamps or {})} if stamped else self.kwargs,
            topic,
            self.publisher,
            retained=retained,
            place=None if self.position is None else (self.topic, self.position),
        )
