# SPDX-License-Identifier: MIT
"""Between a WAMP message's list and its octets: JSON, MessagePack, CBOR.

Each is an object serializer as Autobahn's `Message.serialize` wants one; it keeps what it made
in the message, so an event is serialized once for all who speak the same.
"""

import json
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import Any, Final, Protocol

import cbor2
import msgpack
from attrs import frozen

from wsecho.router import CannotCarryError

_EVENT: Final = 36
_EVENT_LENGTH: Final = 6
_NUL: Final = "\0"
_NUL_ESCAPE: Final = "\\u0000"
# How json.dumps writes the beginning of a string that begins with U+0000. What stands before its
# quote tells it from a quote within a string.
_ESCAPED_NUL: Final = re.compile(r'[\[{,:]"\\u0000')


class MalformedError(Exception):
    """Octets that are no message in their form."""


class ObjectSerializer(Protocol):
    """One form of a message."""

    NAME: str
    """The end of the subprotocol's name."""
    BINARY: bool
    """Whether it is sent in binary WebSocket messages."""

    def serialize(self, obj: list[Any]) -> bytes:
        """Write a message.

        Raises:
            CannotCarryError: something in it has no place in this form.
        """

    def unserialize(self, octets: bytes) -> object:
        """Read a message.

        Raises:
            MalformedError: it is none.
        """


class Json:
    """JSON; binary is a string of U+0000 and base64 ("Binary conversion of JSON Strings")."""

    NAME = "json"
    BINARY = False

    def serialize(self, obj: list[Any]) -> bytes:
        """Write a message.

        Raises:
            CannotCarryError: it holds NaN, an infinity, a text that would be read as binary, …
        """
        before = _ENCODER.binaries
        try:
            text = _ENCODER.encode(_text_as_binary(obj))
            if _NUL_ESCAPE in text and len(_ESCAPED_NUL.findall(text)) > _ENCODER.binaries - before:
                raise CannotCarryError
            return text.encode("utf-8")
        except (TypeError, ValueError, RecursionError):
            raise CannotCarryError from None

    def unserialize(self, octets: bytes) -> object:
        """Read a message.

        Raises:
            MalformedError: it is no JSON.
        """
        try:
            value = _DECODER.decode(octets.decode("utf-8"))
            # Only who may have sent binary pays for the walk.
            return _read_binary(value) if b"\\u0000" in octets else value
        except (ValueError, RecursionError):
            raise MalformedError("not JSON") from None


class MessagePack:
    """MessagePack."""

    NAME = "msgpack"
    BINARY = True

    def serialize(self, obj: list[Any]) -> bytes:
        """Write a message.

        Raises:
            CannotCarryError: it holds an integer of more than 64 bits, a type of CBOR's, …
        """
        try:
            packed: bytes = msgpack.packb(obj, default=_pack_extension)
        except (TypeError, ValueError, OverflowError, RecursionError):
            raise CannotCarryError from None
        return packed

    def unserialize(self, octets: bytes) -> object:
        """Read a message.

        Raises:
            MalformedError: it is no MessagePack.
        """
        try:
            # Relayed, a key that is no string would end the sessions of others: Autobahn's reader
            # is as strict, and so is WAMP ("Serializations").
            value: object = msgpack.unpackb(octets, strict_map_key=True, ext_hook=_read_extension)
        except (ValueError, TypeError, RecursionError, msgpack.UnpackException):
            raise MalformedError("not MessagePack") from None
        return value


class Cbor:
    """CBOR (RFC 8949), without references between values.

    A few octets of shared values unfold into gigabytes once they are written for somebody else.
    """

    NAME = "cbor"
    BINARY = True

    def serialize(self, obj: list[Any]) -> bytes:
        """Write a message.

        Raises:
            CannotCarryError: it holds a type that CBOR has not.
        """
        try:
            return cbor2.dumps(obj)
        except (cbor2.CBOREncodeError, TypeError, ValueError, OverflowError, RecursionError):
            raise CannotCarryError from None

    def unserialize(self, octets: bytes) -> object:
        """Read a message.

        Raises:
            MalformedError: it is no CBOR.
        """
        try:
            value: object = cbor2.loads(
                octets, semantic_decoders=_NO_REFERENCES, strict_hashable_types=True
            )
        except Exception:  # noqa: BLE001  # tags make it call constructors that raise what they like
            raise MalformedError("not CBOR") from None
        return value


@frozen
class Extension:
    """A value of a MessagePack type that only MessagePack has; msgpack's own is a tuple too."""

    code: int
    data: bytes


# How msgpackr, and so wampy, writes JavaScript's `undefined`; CBOR has a value of its own for it.
_UNDEFINED: Final = Extension(0, b"\0")


def _read_extension(code: int, data: bytes) -> object:
    value = Extension(code, data)
    return cbor2.undefined if value == _UNDEFINED else value


def _pack_extension(value: object) -> msgpack.ExtType:
    if value is cbor2.undefined:
        value = _UNDEFINED
    if not isinstance(value, Extension):
        raise TypeError
    return msgpack.ExtType(value.code, value.data)


def _refuse_reference(*_: object) -> object:
    raise ValueError("a reference")


# The tags of strings and of values to refer to, and those that do.
_NO_REFERENCES: Final = dict.fromkeys((25, 28, 29, 256), _refuse_reference)


def _text_as_binary(obj: list[Any]) -> list[Any]:
    """Give a room's text that begins with U+0000 the form that JSON can carry (wire.md)."""
    if obj[0] != _EVENT or len(obj) != _EVENT_LENGTH or "position" not in obj[-1] or not obj[4]:
        return obj
    text = obj[4][0]
    if type(text) is not str or not text.startswith(_NUL):
        return obj
    return [*obj[:4], [text.encode("utf-8")], {**obj[5], "text": True}]


def _read_binary(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_NUL):
        try:
            return b64decode(value[1:], validate=True)
        except Base64Error:
            raise ValueError("not base64") from None
    if isinstance(value, list):
        return [_read_binary(item) for item in value]
    if isinstance(value, dict):
        return {key: _read_binary(item) for key, item in value.items()}
    return value


def _no_constant(name: str) -> None:
    raise ValueError(name)


class _Encoder(json.JSONEncoder):
    """Writes what JSON has no form for, and counts in `binaries` what was binary."""

    binaries = 0

    def default(self, o: object) -> str | None:
        """Write CBOR's `undefined` as null, and octets as WAMP's JSON does ("Serializers").

        Raises:
            TypeError: neither is it.
        """
        if o is cbor2.undefined:
            return None
        if not isinstance(o, bytes):
            raise TypeError
        self.binaries += 1
        return _NUL + b64encode(o).decode("ascii")


# `json.dumps` and `json.loads` would make one of each for every message, at half its cost.
_ENCODER: Final = _Encoder(allow_nan=False, ensure_ascii=False, separators=(",", ":"))
_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant)


JSON: Final = Json()
MESSAGE_PACK: Final = MessagePack()
CBOR: Final = Cbor()
