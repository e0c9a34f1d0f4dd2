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

from attrs import define, field

from wsecho.core.errors import TOO_SLOW
from wsecho.core.frames import encode_message
from wsecho.core.history import Message
from wsecho.doors.door import Connection
from wsecho.doors.rooms import Rooms

SUBPROTOCOL = "wsecho.raw"


@define(eq=False)
class RawMember:
    """One connection that is a member of one room.

    Args:
        rooms: all rooms.
        room: the room's name.
        wants_own: whether it gets back what it sent.
        subprotocol: `wsecho.raw` where the client offered it.
    """

    _rooms: Rooms
    room: str
    wants_own: bool
    subprotocol: str | None
    _connection: Connection = field(init=False)

    name = "raw"
    waits_for_reader = False

    def opened(self, connection: Connection) -> None:
        """Join the room."""
        self._connection = connection
        self._rooms.join(self.room, self)

    def received(self, payload: bytes, *, is_binary: bool) -> None:
        """Say it in the room."""
        self._rooms.publish(self.room, payload, is_binary=is_binary, sender=self)

    def deliver(self, message: Message) -> None:
        """Send a message of the room; a member that reads too slowly is closed instead."""
        frame = message.forms.get(SUBPROTOCOL)
        if frame is None:
            frame = encode_message(message.payload, is_binary=message.is_binary)
            message.forms[SUBPROTOCOL] = frame
        if not self._connection.send_frame(frame):
            self.closed()
            self._connection.close(TOO_SLOW)

    def closed(self) -> None:
        """Leave the room."""
        self._rooms.leave(self.room, self)
