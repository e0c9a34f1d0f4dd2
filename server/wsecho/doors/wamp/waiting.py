# SPDX-License-Identifier: MIT
"""What waits for a WAMP peer that reads too slowly; rooms' events go by their rooms' policies.

An event that is left out is told of by another in its place, without argument and with the keyword
`skipped: {from, to}` (wire.md, "WAMP").
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from attrs import define, field, frozen

from wsecho.core.limits.backlog import Backlog, Gap, Stream, TooSlowError, Waiting
from wsecho.core.rooms.rules import RoomRules
from wsecho.core.wire.positions import Position
from wsecho.core.wire.topics import topic_room
from wsecho.fanout.rooms import draw_publication
from wsecho.router import CannotCarryError
from wsecho.router.wire.outgoing import OutgoingEvent, OutgoingMessage
from wsecho.server.stats import Stats

_DOOR: Final = "wamp"


@frozen
class _Source:
    """Where a stream's events come from: one subscription's, of one room in one of its lives."""

    subscription: int
    topic: str
    epoch: str
    is_pattern: bool


@define(eq=False)
class SendBacklog:
    """Messages for one peer.

    Args:
        bound: bytes that may wait.
        rules: what becomes of rooms' events when more would.
        stats: counts what is left out.

    Attributes:
        is_empty: whether nothing waits; for whoever asks it for each receiver of each event.
    """

    _bound: int
    _rules: RoomRules
    _stats: Stats
    _backlog: Backlog[bytes] | None = field(default=None, init=False)
    _streams: dict[_Source, Stream] = field(factory=dict, init=False)
    is_empty: bool = field(default=True, init=False)

    def __bool__(self) -> bool:
        return not self.is_empty

    def push(self, message: OutgoingMessage, octets: bytes) -> None:
        """Add a message behind the others.

        Args:
            message: what it is.
            octets: as it is sent.

        Raises:
            TooSlowError: too much waits, and nothing of it may be left out.
        """
        if self._backlog is None:
            self._backlog = Backlog(self._bound)
            self.is_empty = False
        if isinstance(message, OutgoingEvent) and message.place is not None:
            topic, position = message.place
            stream = self._stream(message, topic, position)
            waiting = Waiting(octets, len(octets), stream, position.offset)
        else:
            waiting = Waiting(octets, len(octets))
        try:
            self._stats.left_out[_DOOR] += self._backlog.push(waiting)
        except TooSlowError:
            self._stats.limits["send-queue"] += 1
            self.clear()
            raise
        self._stats.queued(self._backlog.size)

    def flush(
        self, offer: Callable[[bytes], bool], write: Callable[[OutgoingMessage], bytes]
    ) -> None:
        """Send what waits, as far as the peer takes it.

        Args:
            offer: sends octets, or returns False where none are taken now.
            write: makes a message's octets; may raise `CannotCarryError`.
        """
        while self._backlog:
            waiting = self._backlog.pop()
            octets: bytes | None = None
            if isinstance(waiting, Waiting):
                octets = waiting.what
            else:
                with suppress(CannotCarryError):
                    octets = write(_skipped(waiting))
            if octets is not None and not offer(octets):
                # Offering may have ended the session.
                if self._backlog is not None:
                    self._backlog.put_back(waiting)
                return
        self.clear()

    def flush_all(
        self, push: Callable[[bytes], None], write: Callable[[OutgoingMessage], bytes]
    ) -> None:
        """Send all that waits, for the end comes behind it.

        Args:
            push: sends octets, or keeps them where the peer takes none.
            write: as for `flush`.
        """

        def offer(octets: bytes) -> bool:
            push(octets)
            return True

        self.flush(offer, write)

    def clear(self) -> None:
        """Forget all that waits."""
        self._backlog = None
        self._streams.clear()
        self.is_empty = True

    def _stream(self, event: OutgoingEvent, topic: str, position: Position) -> Stream:
        source = _Source(event.subscription, topic, position.epoch, event.topic is not None)
        stream = self._streams.get(source)
        if stream is None:
            policy = self._rules.of(topic_room(topic)).slow
            stream = self._streams[source] = Stream(source, policy)
        return stream


def _skipped(gap: Gap) -> OutgoingEvent:
    source: Any = gap.stream.key
    ends = {
        "from": str(Position(source.epoch, gap.after)),
        "to": str(Position(source.epoch, gap.upto)),
    }
    topic = source.topic if source.is_pattern else None
    return OutgoingEvent(source.subscription, draw_publication(), None, {"skipped": ends}, topic)
