# SPDX-License-Identifier: MIT
"""A WebSocket in a room: what its doors, `raw` and `wsecho.v1`, have in common."""

from typing import ClassVar

from wsecho.core.limits.backpressure import FlowControlled
from wsecho.core.limits.rates import Meter
from wsecho.core.promise import Later
from wsecho.core.rooms.authors import Author
from wsecho.core.rooms.rules import RoomRule
from wsecho.core.wire.errors import OVER_RATE, TOO_SLOW
from wsecho.doors.websocket.door import Connection, PlainDoor
from wsecho.fanout.reader import Reader
from wsecho.lane.transport import LaneTransport


class RoomDoor(Reader, PlainDoor, FlowControlled[tuple[bytes, bool]]):
    """One WebSocket that is a member of one room.

    Args:
        spec: its place in the room.
    """

    keeps_window = False
    waits_for_reader: ClassVar = False
    _connection: Connection
    """Set by `opened`; nothing is sent before."""
    # No attribute of each object until it says something: most never do.
    _author: Author | None = None
    _meter: Meter | None = None
    _metered_by: RoomRule | None = None

    @property
    def author(self) -> Author:
        """Who says what it says: the member that others see, by the name in its token."""
        author = self._author
        if author is None:
            author = self._author = Author(self._joined.card.id, self.caller.name)
        return author

    def check_publisher(self, octets: int) -> None:
        """Let it say so much in the room.

        Raises:
            Forbidden: it is not granted.
            OverRate: it comes too fast; by `--over-rate close` it is closed.
        """
        grants = self.caller.grants
        rule = self._joined.room.rule
        if rule.is_open:
            grants.check("publish", self.room)
            return
        rule.check_publisher(grants, self.room)
        if rule.is_paced:
            self._count(rule, octets)

    def _count(self, rule: RoomRule, octets: int) -> None:
        meter = self._meter
        if meter is None or self._metered_by is not rule:
            meter, self._metered_by = Meter(rule.rates), rule
            self._meter = meter
        if wait := meter.count(octets, self._rooms.seconds()):
            if rule.over_rate == "close":
                self.leave()
                self._connection.close(OVER_RATE)
            raise self._rooms.pace.refusal(self.room, meter, wait)

    def take(self, payload: bytes, *, is_binary: bool) -> None:
        """Do what a message is for."""
        raise NotImplementedError

    def received(self, payload: bytes, *, is_binary: bool) -> None:
        """Take a message, once less is on its way than too much."""
        self.admit((payload, is_binary))

    def prepare(self) -> Later[None]:
        """Make the room current here.

        Raises:
            OverLimit: there are too many rooms.
            BusUnavailable: it cannot be had now.
        """
        return self.attach()

    def greet(self) -> dict[str, str]:
        """Join the room, while a refusal can still be an HTTP status.

        Raises:
            OverLimit: the room is full, or there are too many rooms.
        """
        self._joined, self._begin = self.start()
        self._rooms.belong_to(self)
        return {}

    def serve(self, message: tuple[bytes, bool]) -> None:
        """Take a message, and see whether so much is on its way that the next has to wait."""
        payload, is_binary = message
        self.take(payload, is_binary=is_binary)
        self._rooms.check_flow(self.room, self)

    def serve_unserved(self) -> None:
        """Have what waited go round together."""
        self._rooms.fanout.together(super().serve_unserved)

    def pause_reading(self) -> None:
        """Read no more."""
        self._connection.pause()

    def resume_reading(self) -> None:
        """Read again."""
        self._connection.resume()

    def drained(self) -> None:
        """Send more of what waits."""
        self.pump()

    def closed(self) -> None:
        """Leave the room; what had come before is said."""
        self.flush()
        self.depart()
        self.leave()

    def offer(self, data: bytes) -> bool:
        """Give a frame to the connection, if it takes any now."""
        return self._connection.offer(data)

    def was_sent(self, messages: int, octets: int) -> None:
        """Count what was sent to it together with others."""
        self._connection.was_sent(messages, octets)

    def free_transport(self) -> LaneTransport | None:
        """Return what its connection is sent by, if that takes all at once now."""
        return self._connection.free_transport()

    def too_slow(self) -> None:
        """Close it with 1013."""
        self.leave()
        self._connection.close(TOO_SLOW)
