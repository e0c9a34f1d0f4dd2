# SPDX-License-Identifier: MIT
"""The forms of WAMP over messages: which subprotocols there are, batched or not."""

from collections.abc import Callable
from typing import Any, Final, Protocol

from wsecho.core.websocket.frames import Opcode, encode_frame
from wsecho.doors.wamp.asjson import JSON
from wsecho.doors.wamp.objects import CBOR, MESSAGE_PACK, ObjectSerializer
from wsecho.doors.wamp.unfit import MalformedError
from wsecho.router import CannotCarryError
from wsecho.router.wire.outgoing import OutgoingMessage

_RECORD: Final = b"\x1e"
# Autobahn|Python writes "\30", which Python reads as octal.
_AUTOBAHN_RECORD: Final = b"\x18"
_PREFIX_LENGTH: Final = 4


class Framing:
    """How messages of one form go out in WebSocket frames; the same for all peers who have it.

    Args:
        objects: the form of each single message.
        join: puts written messages into one.
    """

    __slots__ = ("_objects", "_opcode", "join")

    def __init__(self, objects: ObjectSerializer, join: Callable[[list[bytes]], bytes]) -> None:
        self.join = join
        self._objects = objects
        self._opcode = Opcode.BINARY if objects.BINARY else Opcode.TEXT

    def frame(self, message: OutgoingMessage) -> bytes:
        """Put a message into a frame, or take that which another peer already got.

        Raises:
            CannotCarryError: the form has no place for something in it.
        """
        # An event's many receivers share its frame as they share its octets, and pay for one
        # look-up each.
        made = message.made
        frame = made.get(self)
        if frame is None:
            made[self] = b""  # stays where the next line raises: it is tried once, too
            octets = self.join([message.serialize(self._objects)])
            frame = made[self] = encode_frame(self._opcode, octets)
        elif not frame:
            raise CannotCarryError
        return frame


class Form(Protocol):
    """How the messages of one peer are written and read."""

    @property
    def objects(self) -> ObjectSerializer:
        """The form of each single message."""

    @property
    def is_batched(self) -> bool:
        """Whether several messages may travel as one."""

    @property
    def framing(self) -> Framing:
        """How they go out in WebSocket frames; it may change with what the peer is seen to use."""

    def write(self, message: OutgoingMessage) -> bytes:
        """Write a message by itself.

        Raises:
            CannotCarryError: the form has no place for something in it.
        """

    def join(self, written: list[bytes]) -> bytes:
        """Put written messages into one; a form that is not batched takes one at a time."""

    def read(self, octets: bytes) -> list[object]:
        """Read the messages that came as one.

        Raises:
            MalformedError: they are none.
        """


def _alone(written: list[bytes]) -> bytes:
    [octets] = written
    return octets


def _ended_by_record(written: list[bytes]) -> bytes:
    return b"".join(octets + _RECORD for octets in written)


def _ended_as_autobahn_does(written: list[bytes]) -> bytes:
    return b"".join(octets + _AUTOBAHN_RECORD for octets in written)


def _behind_length(written: list[bytes]) -> bytes:
    return b"".join(len(octets).to_bytes(_PREFIX_LENGTH) + octets for octets in written)


_SINGLE_JSON: Final = Framing(JSON, _alone)
_SINGLE_MESSAGE_PACK: Final = Framing(MESSAGE_PACK, _alone)
_SINGLE_CBOR: Final = Framing(CBOR, _alone)
_BATCHED_JSON: Final = Framing(JSON, _ended_by_record)
_BATCHED_JSON_OF_AUTOBAHN: Final = Framing(JSON, _ended_as_autobahn_does)
_BATCHED_MESSAGE_PACK: Final = Framing(MESSAGE_PACK, _behind_length)


class Single:
    """One message each (`wamp.2.json`, `wamp.2.msgpack`, `wamp.2.cbor`)."""

    is_batched = False

    def __init__(self, objects: ObjectSerializer, framing: Framing) -> None:
        self.objects = objects
        self.framing = framing

    def write(self, message: OutgoingMessage) -> bytes:
        """Write a message; what others of this form already had written is taken as it is."""
        return message.serialize(self.objects)

    def join(self, written: list[bytes]) -> bytes:
        """Put written messages into one."""
        return self.framing.join(written)

    def read(self, octets: bytes) -> list[object]:
        """Read one message."""
        return [self.objects.unserialize(octets)]


class BatchedJson(Single):
    """JSON messages, each ended by a separator (`wamp.2.json.batched`).

    The specification's separator is 0x1e, Autobahn|Python's 0x18: what the peer uses is answered.
    """

    is_batched = True

    def __init__(self) -> None:
        super().__init__(JSON, _BATCHED_JSON)

    def read(self, octets: bytes) -> list[object]:
        """Read all messages; neither separator can stand within JSON."""
        if octets.endswith(_AUTOBAHN_RECORD):
            self.framing = _BATCHED_JSON_OF_AUTOBAHN
        chunks = octets.replace(_AUTOBAHN_RECORD, _RECORD).removesuffix(_RECORD).split(_RECORD)
        return [self.objects.unserialize(chunk) for chunk in chunks]


class BatchedMessagePack(Single):
    """MessagePack messages, each behind its length (`wamp.2.msgpack.batched`)."""

    is_batched = True

    def __init__(self) -> None:
        super().__init__(MESSAGE_PACK, _BATCHED_MESSAGE_PACK)

    def read(self, octets: bytes) -> list[object]:
        """Read all messages.

        Raises:
            MalformedError: a length leads past the end, or something is no MessagePack.
        """
        messages = []
        start = 0
        while start < len(octets):
            begin = start + _PREFIX_LENGTH
            end = begin + int.from_bytes(octets[start:begin])
            if end > len(octets):
                raise MalformedError("a length that leads past the end")
            messages.append(self.objects.unserialize(octets[begin:end]))
            start = end
        return messages


_FORMS: Final[dict[str, Any]] = {
    "wamp.2.json": lambda: Single(JSON, _SINGLE_JSON),
    "wamp.2.msgpack": lambda: Single(MESSAGE_PACK, _SINGLE_MESSAGE_PACK),
    "wamp.2.cbor": lambda: Single(CBOR, _SINGLE_CBOR),
    "wamp.2.json.batched": BatchedJson,
    "wamp.2.msgpack.batched": BatchedMessagePack,
}

SUBPROTOCOLS: Final = tuple(_FORMS)
"""Every form's name, as a WebSocket subprotocol and in `/lp/open`."""

RAWSOCKET_FORMS: Final[dict[int, ObjectSerializer]] = {1: JSON, 2: MESSAGE_PACK, 3: CBOR}
"""The serializers of RawSocket's handshake."""


def make_form(name: str) -> Form:
    """Make the form with a subprotocol's name, for one peer.

    Raises:
        KeyError: there is none of that name.
    """
    form: Form = _FORMS[name]()
    return form
