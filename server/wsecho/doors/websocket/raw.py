# SPDX-License-Identifier: MIT
"""The raw door into a room: every message to every member, verbatim, both opcodes.

=========================  ===========================================================
a client sends             each member gets
=========================  ===========================================================
a text or binary message   the same message, one frame, in one order for all members
``?history=N``             first the last N messages
``?after=P``               first each message behind P; 4410 where they cannot be had
``?self=0``                all but what this very connection sent
nothing, and reads not     by ``--slow``: close 1013, or messages are left out
anything, without Redis    close 1013
=========================  ===========================================================

The handshake's answer carries ``Wsecho-Position: P``: the k-th frame is message P's offset + k.
"""

from functools import partial
from typing import ClassVar, Final

from wsecho.core.limits.slowness import SlowPolicy
from wsecho.core.promise import settle
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.presence import Change
from wsecho.core.rooms.retries import Receipt
from wsecho.core.websocket.deflate import Packing
from wsecho.core.wire.errors import (
    OUR_FAULT,
    AppUnavailable,
    BadRequest,
    BusTimeout,
    BusUnavailable,
    Forbidden,
    OverLimit,
    OverRate,
    WireError,
    cannot_resume,
    not_said_now,
    refusal_reason,
)
from wsecho.core.wire.positions import Position
from wsecho.doors.websocket.door import Connection
from wsecho.doors.websocket.room_door import RoomDoor
from wsecho.fanout.asking import AskedRooms
from wsecho.fanout.reader_spec import ReaderSpec

SUBPROTOCOL: Final = "wsecho.raw"
POSITION_HEADER: Final = "Wsecho-Position"


class RawMember(RoomDoor):
    """One connection that is a member of one room.

    Args:
        spec: its place in the room.
        subprotocol: `wsecho.raw` where the client offered it.

    Raises:
        BadRequest: it wants to resume where frames cannot be counted.
    """

    name: ClassVar = "raw"
    door: ClassVar = "raw"
    _packing = Packing()

    def __init__(self, spec: ReaderSpec, subprotocol: str | None) -> None:
        super().__init__(spec)
        self.subprotocol = subprotocol
        # What the handshake promised holds, whatever the room's rule is later.
        self._policy = spec.rooms.rules.of(spec.room).slow
        self._counts = spec.query.wants_own and self._policy == "close"
        if spec.query.after is not None and not self._counts:
            raise BadRequest(
                "after needs a reader that gets every message: not with self=0, nor in a room "
                "whose slow readers are not closed (--slow); there, use wsecho.v1"
            )

    @property
    def policy(self) -> SlowPolicy:
        """As when it came: frames are counted, or they are not."""
        return self._policy

    def greet(self) -> dict[str, str]:
        """Join the room, and return the headers of the handshake's answer.

        Raises:
            OverLimit: the room is full, or there are too many rooms.
        """
        super().greet()
        if not self._counts or self._begin.recovered is False:
            return {}
        return {POSITION_HEADER: str(self._begin.position)}

    @property
    def form(self) -> str:
        """Its kind: this door's, compressed so or not."""
        return f"raw{self._packing.name}"

    def opened(self, connection: Connection) -> None:
        """Send the past that was asked for."""
        self._connection = connection
        self._packing = connection.packing
        if self._begin.recovered is False:
            self.leave()
            assert self._history is not None  # noqa: S101  # it has begun
            connection.close(cannot_resume(self._history.position))
        else:
            self.pump()

    def take(self, payload: bytes, *, is_binary: bool) -> None:
        """Say it in the room; whoever may only listen is closed with 4403."""
        try:
            self.check_publisher(len(payload))
            said = self._rooms.publish(
                self.room, payload, is_binary=is_binary, sender=self, author=self.author
            )
        except OverRate:
            return
        except WireError as error:
            self._not_said(error)
            return
        # It is the receipt already where there is but one process.
        if not isinstance(said, Receipt):
            settle(said, _ignore, self._not_said)

    def received_all(self, messages: list[tuple[bytes, bool]]) -> None:
        """Say all of it, and then take it to the members."""
        self._rooms.fanout.together(partial(super().received_all, messages))

    def renew(self, position: Position) -> None:
        """Close it with 4410: the frames are counted from another beginning now."""
        if self._is_here:
            self._end(position)

    def skip(self, epoch: str, after: int, upto: int) -> None:
        """Close it with 4410: the frames cannot be counted any more."""
        if self._counts and self._is_here:
            self._end(Position(epoch, upto))

    def _end(self, position: Position) -> None:
        self.leave()
        self._connection.close(cannot_resume(position))

    def _not_said(self, error: WireError) -> None:
        self.leave()
        if isinstance(error, BusUnavailable | BusTimeout | AppUnavailable):
            self._connection.close(not_said_now(error))
        elif isinstance(error, Forbidden | OverLimit):
            self._connection.close(refusal_reason(error))
        else:
            self._connection.close(OUR_FAULT)

    # -- what the reader asks

    def encode(self, message: Message) -> bytes:
        """Write a message as one frame."""
        return self._packing.frame(message.payload, is_binary=message.is_binary)

    def encode_gap(self, epoch: str, after: int, upto: int) -> None:
        """Say nothing: every frame here is a message."""

    def encode_renewal(self, position: Position) -> bytes:
        """Say nothing: `renew` closes it."""
        return b""

    def encode_change(self, change: Change) -> None:
        """Say nothing: every frame here is a message."""

    def history_lost(self, upto: int) -> bool:
        """Close it with 4410: the frames could not be counted any more."""
        assert self._history is not None  # noqa: S101  # it was replaying
        position = self._history.position
        if not self._counts:
            return True
        self._end(position)
        return False


class AskedRawMember(RawMember):
    """One whose messages an application is asked about: nothing is said behind one that is not."""

    _rooms: AskedRooms

    def take(self, payload: bytes, *, is_binary: bool) -> None:
        """Say it in the room, unless one before it was refused: it had come already."""
        if self._is_here:
            super().take(payload, is_binary=is_binary)

    def _not_said(self, error: WireError) -> None:
        self._rooms.forget_waiting()
        super()._not_said(error)


def _ignore(_receipt: Receipt) -> None:
    """A raw publisher is told nothing."""
