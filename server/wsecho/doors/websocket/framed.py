# SPDX-License-Identifier: MIT
"""The door `wsecho.v1`: a room with positions, acknowledgements and presence, as JSON frames.

Each WebSocket text message is one frame of `core.vocabulary`; wire.md has them all.
"""

from functools import partial
from typing import ClassVar

from wsecho.core.promise import settle
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.retries import Receipt
from wsecho.core.rooms.vocabulary import (
    PONG,
    SUBPROTOCOL,
    FrameError,
    PingFrame,
    PublishFrame,
    TokenFrame,
    publish_id,
    read_frame,
    write_closing,
    write_error,
    write_published,
    write_token,
)
from wsecho.core.websocket.frames import Opcode, encode_frame
from wsecho.core.wire.errors import BadRequest, OverRate, WireError
from wsecho.core.wire.positions import Position
from wsecho.doors.gate import Gate
from wsecho.doors.websocket.door import Connection
from wsecho.doors.websocket.room_door import RoomDoor
from wsecho.fanout.reader_spec import ReaderSpec
from wsecho.fanout.vocabulary_reader import VocabularyReader, shared_json


class FramedMember(VocabularyReader, RoomDoor):
    """One connection that speaks `wsecho.v1` in one room.

    Args:
        spec: its place in the room.
        gate: reads the fresh tokens that it sends.
    """

    name: ClassVar = "v1"
    door: ClassVar = "v1"
    subprotocol: ClassVar = SUBPROTOCOL

    def __init__(self, spec: ReaderSpec, gate: Gate) -> None:
        super().__init__(spec)
        self._gate = gate

    @property
    def form(self) -> str:
        """Its kind: this door's, compressed so or not."""
        return f"v1{self._connection.packing.name}"

    def opened(self, connection: Connection) -> None:
        """Say `joined`, then what was asked for."""
        self._connection = connection
        self.say(self._framed(self.first_frame(self._joined, self._begin)))
        self.pump()

    def take(self, payload: bytes, *, is_binary: bool) -> None:
        """Do what a frame asks for; one that cannot be done is answered with `error`."""
        try:
            frame = read_frame(b"" if is_binary else payload)
        except FrameError as fault:
            self._answer(write_error(fault.error, fault.id))
            return
        if isinstance(frame, PublishFrame):
            self._publish(frame)
        elif isinstance(frame, TokenFrame):
            self._refresh(frame)
        elif isinstance(frame, PingFrame):
            self._answer(PONG)

    def over_rate(self, error: OverRate, payload: bytes, *, is_binary: bool) -> None:
        """Tell that a message was dropped for coming too fast."""
        self._answer(write_error(error, publish_id(b"" if is_binary else payload)))

    def closing(self, retry: float) -> None:
        """Tell that the server is about to stop."""
        self._answer(write_closing(retry))

    def _publish(self, frame: PublishFrame) -> None:
        try:
            self.check_publisher(len(frame.payload))
            said = self._rooms.publish(
                self.room,
                frame.payload,
                is_binary=frame.is_binary,
                sender=self,
                keyed=self.caller.keyed(frame.key),
                author=self.author,
            )
        except WireError as error:
            self._answer(write_error(error, frame.id))
            return
        settle(
            said,
            partial(self._acknowledge, frame),
            lambda error: self._answer(write_error(error, frame.id)),
        )

    def _acknowledge(self, frame: PublishFrame, receipt: Receipt) -> None:
        if frame.id is not None:
            self._answer(write_published(frame.id, receipt.position))

    def _refresh(self, frame: TokenFrame) -> None:
        try:
            fresh = self._gate.refresh(self.caller, frame.token)
            fresh.grants.check("join", self.room)
            if fresh.expires is None:
                raise BadRequest("this server asks for no tokens")
        except WireError as error:
            self._answer(write_error(error))
            return
        self.caller, self._author = fresh, None
        self._rooms.present_as(fresh)
        self._connection.expire_at(fresh.expires)
        self._answer(write_token(fresh.expires))

    def _answer(self, frame: bytes) -> None:
        # It may have gone while the bus was asked.
        if self._is_here:
            self.say(self._framed(frame))

    def _framed(self, frame: bytes) -> bytes:
        return encode_frame(Opcode.TEXT, frame)

    # -- what the reader asks

    def encode(self, message: Message) -> bytes:
        """Write a message; the carriers share its JSON."""
        return self._connection.packing.frame(shared_json(message), is_binary=False)

    def carry(self, frame: bytes, kind: str, position: Position | None = None) -> bytes:
        """Write a text message, which says it all."""
        return self._framed(frame)
