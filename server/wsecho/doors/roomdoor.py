# SPDX-License-Identifier: MIT
"""A WebSocket in a room: what its doors, `raw` and `wsecho.v1`, have in common."""

from typing import ClassVar

from twisted.internet.defer import Deferred

from wsecho.core.errors import TOO_SLOW
from wsecho.doors.door import Connection, PlainDoor
from wsecho.doors.reader import Reader
from wsecho.lane.transport import LaneTransport


class RoomDoor(Reader, PlainDoor):
    """One WebSocket that is a member of one room.

    Args:
        seat: its place in the room.
    """

    keeps_window = False
    waits_for_reader: ClassVar = False
    _connection: Connection
    """Set by `opened`; nothing is sent before."""
    _is_held = False

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

    def hold_back(self) -> None:
        """Read no more from a publisher until less of what was said before is on its way.

        Many could else say more than goes round, and all of it would have to be kept.
        """
        deliveries = self._rooms.deliveries
        if deliveries.is_behind(self.room) and not self._is_held:
            self._is_held = True
            self._connection.pause()
            deliveries.when_relieved(self.room, self._speak_again)

    def _speak_again(self) -> None:
        self._is_held = False
        self._connection.resume()

    def drained(self) -> None:
        """Send more of what waits."""
        self.pump()

    def closed(self) -> None:
        """Leave the room."""
        self.leave()

    def offer(self, data: bytes) -> bool:
        """Give a frame to the connection, if it takes any now."""
        return self._connection.offer(data)

    def was_sent(self, messages: int, octets: int) -> None:
        """Count what was sent to it together with others."""
        self._connection.was_sent(messages, octets)

    def free_tap(self) -> LaneTransport | None:
        """Return what its connection is sent by, if that takes all at once now."""
        return self._connection.free_tap()

    def too_slow(self) -> None:
        """Close it with 1013."""
        self.leave()
        self._connection.close(TOO_SLOW)
