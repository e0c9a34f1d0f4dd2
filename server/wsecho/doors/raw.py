# SPDX-License-Identifier: MIT
"""The raw door into a room: every message to every member, verbatim, both opcodes.

========================  ===========================================================
a client sends            each member gets
========================  ===========================================================
a text or binary message  the same message, one frame, in one order for all members
``?self=0``               all but what this very connection sent
nothing, and reads not    close 1013 once its queue is over ``--send-queue``
========================  ===========================================================
"""

from collections.abc import Callable

from attrs import define, field

from wsecho.core.errors import TOO_SLOW
from wsecho.core.frames import encode_message
from wsecho.core.rooms import Hub
from wsecho.doors.door import Connection

SUBPROTOCOL = "wsecho.raw"


@define(eq=False)
class RawMember:
    """One connection that is a member of one room.

    Args:
        hub: all rooms.
        room: the room's name.
        wants_own: whether it gets back what it sent.
        subprotocol: `wsecho.raw` where the client offered it.
        seconds: the clock.
    """

    _hub: "Hub[RawMember]"
    room: str
    wants_own: bool
    subprotocol: str | None
    _seconds: Callable[[], float]
    _connection: Connection = field(init=False)

    name = "raw"
    waits_for_reader = False

    def opened(self, connection: Connection) -> None:
        """Join the room."""
        self._connection = connection
        self._hub.join(self.room, self, self._seconds())

    def received(self, payload: bytes, *, is_binary: bool) -> None:
        """Publish to the room: encoded once, the same bytes to each member."""
        frame = encode_message(payload, is_binary=is_binary)
        for member in self._hub.publish(self.room, self, self._seconds()):
            member.deliver(frame)

    def deliver(self, frame: bytes) -> None:
        """Send a message of the room; a member that reads too slowly is closed instead."""
        if not self._connection.send_frame(frame):
            self.closed()
            self._connection.close(TOO_SLOW)

    def closed(self) -> None:
        """Leave the room."""
        self._hub.leave(self.room, self, self._seconds())
