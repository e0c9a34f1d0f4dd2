# SPDX-License-Identifier: MIT
"""Between a WAMP message's list and its octets: MessagePack, CBOR; `asjson` has the third.

Each is a serializer as `OutgoingMessage.serialize` wants one; that keeps what it made, so an event
is serialized once for all who speak the same.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Literal, Protocol

import cbor2
import msgpack
from attrs import frozen

from wsecho.doors.wamp import nesting
from wsecho.doors.wamp.unfit import (
    NO_KEY,
    NO_TEXT,
    TOO_DEEP,
    KeyTypeError,
    MalformedError,
    Unfit,
    check_keys,
)
from wsecho.router import CannotCarryError


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
        """Read a message; `Unfit` where it holds what nobody can be given.

        Raises:
            MalformedError: it is none; the text says what is wrong.
        """


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
        if nesting.in_octets(packed, obj, nesting.MESSAGE_PACK_DEPTH):
            raise CannotCarryError
        return packed

    def unserialize(self, octets: bytes) -> object:
        """Read a message; `Unfit` where it holds what nobody can be given.

        Raises:
            MalformedError: it is no MessagePack, has keys that are no strings, or is nested too
                deep.
        """
        try:
            return self._read(octets)
        except UnicodeDecodeError:
            return Unfit(self._read(octets, unicode_errors="replace"), NO_TEXT)

    def _read(self, octets: bytes, **options: Any) -> object:
        try:
            # Relayed, a key that is no string would end the sessions of others: Autobahn's reader
            # is as strict, and so is WAMP ("Serializations"). The library's own check comes before
            # such keys, which may be chosen to collide, are looked up in anything.
            value: object = msgpack.unpackb(
                octets,
                strict_map_key=True,
                object_hook=check_keys,
                ext_hook=_read_extension,
                **options,
            )
        except UnicodeDecodeError:
            raise
        except msgpack.StackError:
            raise MalformedError(TOO_DEEP) from None
        except (
            *(KeyTypeError, ValueError, TypeError, RecursionError),
            msgpack.UnpackException,
        ) as error:
            raise MalformedError(_what_is_wrong(error, "not MessagePack")) from None
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
            octets = cbor2.dumps(obj)
        except (cbor2.CBOREncodeError, TypeError, ValueError, OverflowError, RecursionError):
            raise CannotCarryError from None
        if nesting.in_octets(octets, obj, nesting.CBOR_DEPTH):
            raise CannotCarryError
        return octets

    def unserialize(self, octets: bytes) -> object:
        """Read a message; `Unfit` where it holds what nobody can be given.

        Raises:
            MalformedError: it is no CBOR, has keys that are no strings, or is nested too deep.
        """
        try:
            return self._read(octets, "strict")
        except cbor2.CBORDecodeError as error:
            if isinstance(error.__cause__, UnicodeDecodeError):
                with suppress(cbor2.CBORDecodeError):
                    return Unfit(self._read(octets, "replace"), NO_TEXT)
            raise MalformedError(_what_is_wrong(error, "not CBOR")) from None

    def _read(self, octets: bytes, str_errors: Literal["strict", "replace"]) -> object:
        # References are refused, and the values of tags left as they are.
        value: object = cbor2.loads(
            octets,
            semantic_decoders=TAGS,
            object_hook=_check_keys_of_map,
            str_errors=str_errors,
            strict_hashable_types=True,
        )
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


def _what_is_wrong(error: BaseException, otherwise: str) -> str:
    """Name what a library met; both have no class of its own for keys, or for depth."""
    text = str(error)
    if isinstance(error, KeyTypeError) or isinstance(error.__cause__, KeyTypeError):
        return NO_KEY
    if "map key" in text:
        return NO_KEY
    return TOO_DEEP if "nesting depth" in text else otherwise


def _check_keys_of_map(found: Mapping[Any, Any], _is_immutable: bool) -> object:  # noqa: FBT001
    return check_keys(found)


def _refuse_reference(*_: object) -> object:
    raise ValueError("a reference")


def _leave(number: int) -> Callable[[object, bool], cbor2.CBORTag]:
    return lambda value, _: cbor2.CBORTag(number, value)


# The tags of strings and of values to refer to, and those that do.
_REFERENCES: Final = (25, 28, 29, 256)
_SELF_DESCRIBED: Final = 55799
# Those that the library has a class for, but integers. They are relayed as they
# came: of a date without a time zone it makes what it cannot write again, of others it calls
# constructors with whatever a client sends.
_OPAQUE: Final = (*(0, 1, 4, 5, 30, 35, 36, 37, 52, 54, 100, 258, 260, 261, 1004, 43000),)
TAGS: Final[dict[int, Callable[[Any, bool], object]]] = {
    **dict.fromkeys(_REFERENCES, _refuse_reference),
    **{number: _leave(number) for number in _OPAQUE},
    _SELF_DESCRIBED: lambda value, _: value,
}


MESSAGE_PACK: Final = MessagePack()
CBOR: Final = Cbor()
