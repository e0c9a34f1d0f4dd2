# SPDX-License-Identifier: MIT
"""The forms of WAMP over messages: which subprotocols there are, batched or not."""

from typing import Any, Final, Protocol

from autobahn.wamp.message import Message

from wsecho.doors.wamp.objects import CBOR, JSON, MESSAGE_PACK, MalformedError, ObjectSerializer

_RECORD: Final = b"\x1e"
# Autobahn|Python writes "\30", which Python reads as octal.
_AUTOBAHN_RECORD: Final = b"\x18"
_PREFIX_LENGTH: Final = 4


class Form(Protocol):
    """How the messages of one peer are written and read."""

    @property
    def objects(self) -> ObjectSerializer:
        """The form of each single message."""

    @property
    def is_batched(self) -> bool:
        """Whether several messages may travel as one."""

    def write(self, message: Message) -> bytes:
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


class Single:
    """One message each (`wamp.2.json`, `wamp.2.msgpack`, `wamp.2.cbor`)."""

    is_batched = False

    def __init__(self, objects: ObjectSerializer) -> None:
        self.objects = objects

    def write(self, message: Message) -> bytes:
        """Write a message; what others of this form already had written is taken as it is."""
        octets: bytes = message.serialize(self.objects)
        return octets

    def join(self, written: list[bytes]) -> bytes:
        """Return the one message."""
        [octets] = written
        return octets

    def read(self, octets: bytes) -> list[object]:
        """Read one message."""
        return [self.objects.unserialize(octets)]


class BatchedJson(Single):
    """JSON messages, each ended by a separator (`wamp.2.json.batched`).

    The specification's separator is 0x1e, Autobahn|Python's 0x18: what the peer uses is answered.
    """

    is_batched = True

    def __init__(self) -> None:
        super().__init__(JSON)
        self._separator = _RECORD

    def join(self, written: list[bytes]) -> bytes:
        """Put an end behind each message."""
        return b"".join(octets + self._separator for octets in written)

    def read(self, octets: bytes) -> list[object]:
        """Read all messages; neither separator can stand within JSON."""
        if octets.endswith(_AUTOBAHN_RECORD):
            self._separator = _AUTOBAHN_RECORD
        chunks = octets.replace(_AUTOBAHN_RECORD, _RECORD).removesuffix(_RECORD).split(_RECORD)
        return [self.objects.unserialize(chunk) for chunk in chunks]


class BatchedMessagePack(Single):
    """MessagePack messages, each behind its length (`wamp.2.msgpack.batched`)."""

    is_batched = True

    def __init__(self) -> None:
        super().__init__(MESSAGE_PACK)

    def join(self, written: list[bytes]) -> bytes:
        """Put its length before each message."""
        return b"".join(len(octets).to_bytes(_PREFIX_LENGTH) + octets for octets in written)

    def read(self, octets: bytes) -> list[object]:
        """Read all messages."""
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
    "wamp.2.json": lambda: Single(JSON),
    "wamp.2.msgpack": lambda: Single(MESSAGE_PACK),
    "wamp.2.cbor": lambda: Single(CBOR),
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
