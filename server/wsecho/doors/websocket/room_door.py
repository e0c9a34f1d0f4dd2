# SPDX-License-Identifier: MIT
"""A WebSocket in a room: what its doors, `raw` and `wsecho.v1`, have in common."""

from collections import deque
from typing import ClassVar

from twisted.internet.defer import Deferred

from wsecho.core.limits.rates import FEW
from wsecho.core.wire.errors import TOO_SLOW
from wsecho.doors.websocket.door import Connection, PlainDoor
from wsecho.fanout.reader import Reader
from wsecho.lane.transport import LaneTransport


class RoomDoor(Reader, PlainDoor):
    """One WebSocket that is a member of one room.

    Args:
        spec: its place in the room.
    """

    keeps_window = False
    waits_for_reader: ClassVar = False
    _connection: Connection
    """Set by `opened`; nothing is sent before."""
    _is_held = False
    # Messages since so much was on its way to Redis that no more should be said.
    _beyond = 0
    # Made for those that need it, for there are many that do not.
    _unsaid: deque[tuple[bytes, bool]] | None = None

    def take(self, payload: bytes, *, is_binary: bool) -> None:
        """Do what a message is for."""
        raise NotImplementedError

    def received(self, payload: bytes, *, is_binary: bool) -> None:
        """Take a message, once less is on its way than too much."""
        if self._is_held:
            if self._unsaid is None:
                self._unsaid = deque()
            self._unsaid.append((payload, is_binary))
        else:
            self.take(payload, is_binary=is_binary)
            self._pause_reading()

    def prepare(self) -> Deferred[None] | None:
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
        return {}

    def _pause_reading(self) -> None:
        """Read no more from a publisher until less of what was said before is on its way.

        Many could else say more than goes round, and all of it would have to be kept; or more than
        Redis takes, and others would wait for it.
        """
        if self._is_too_much():
            self._is_held = True
            self._connection.pause()
            self._rooms.when_relieved(self.room, self._speak_again)

    def _is_too_much(self) -> bool:
        if self._rooms.bus.is_behind:
            # Who says little does not wait for those who say much.
            self._beyond += 1
            return self._beyond > FEW
        self._beyond = 0
        return self._rooms.fanout.is_behind(self.room)

    def _speak_again(self) -> None:
        self._is_held, self._beyond = False, 0
        self._rooms.fanout.together(self._say_rest)
        if not self._is_held:
            self._connection.resume()

    def _say_rest(self) -> None:
        while self._unsaid and not self._is_held:
            payload, is_binary = self._unsaid.popleft()
            self.received(payload, is_binary=is_binary)

    def drained(self) -> None:
        """Send more of what waits."""
        self.pump()

    def closed(self) -> None:
        """Leave the room; what had come before is said."""
        while self._unsaid:
            payload, is_binary = self._unsaid.popleft()
            self.take(payload, is_binary=is_binary)
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
