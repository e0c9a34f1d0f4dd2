# SPDX-License-Identifier: MIT
"""WAMP messages as JSON, strictly; binary is a string of U+0000 and base64."""

import json
import re
from base64 import b64decode, b64encode
from math import isinf
from typing import Any, Final

import cbor2

from wsecho.doors.wamp import nesting
from wsecho.doors.wamp.unfit import (
    NO_BINARY,
    NO_NUMBER,
    NO_TEXT,
    TOO_DEEP,
    MalformedError,
    Unfit,
)
from wsecho.router import CannotCarryError

_EVENT: Final = 36
_EVENT_LENGTH: Final = 6
_NUL: Final = "\0"
_NUL_ESCAPE: Final = "\\u0000"
# How json.dumps writes the beginning of a string that begins with U+0000. What stands before its
# quote tells it from a quote within a string.
_ESCAPED_NUL: Final = re.compile(r'[\[{,:]"\\u0000')
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")


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
            octets = text.encode("utf-8")
        except (TypeError, ValueError, RecursionError):
            raise CannotCarryError from None
        if nesting.in_text(text, obj, nesting.JSON_DEPTH):
            raise CannotCarryError
        return octets

    def unserialize(self, octets: bytes) -> object:
        """Read a message; `Unfit` where it holds what nobody can be given.

        Raises:
            MalformedError: it is no JSON, or nested too deep.
        """
        try:
            return _read_json(octets)
        except RecursionError:
            raise MalformedError(TOO_DEEP) from None
        except ValueError:
            raise MalformedError("not JSON") from None


def _text_as_binary(obj: list[Any]) -> list[Any]:
    """Give a room's text that begins with U+0000 the form that JSON can carry (wire.md)."""
    if obj[0] != _EVENT or len(obj) != _EVENT_LENGTH or "position" not in obj[-1] or not obj[4]:
        return obj
    text = obj[4][0]
    if type(text) is not str or not text.startswith(_NUL):
        return obj
    return [*obj[:4], [text.encode("utf-8")], {**obj[5], "text": True}]


def _read_json(octets: bytes) -> object:
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        return Unfit(_LENIENT.decode(octets.decode("utf-8", "replace")), NO_TEXT)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return Unfit(_LENIENT.decode(text), NO_NUMBER)
    # Only who may have sent binary, or half a pair, pays for the walk.
    if b"\\u" not in octets:
        return value
    if _SURROGATE.search(octets) is not None and not _can_be_written(value):
        return Unfit(value, NO_TEXT)
    try:
        return _read_binary(value) if b"\\u0000" in octets else value
    except ValueError:
        return Unfit(value, NO_BINARY)


def _read_binary(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_NUL):
        return b64decode(value[1:], validate=True)
    if isinstance(value, list):
        return [_read_binary(item) for item in value]
    if isinstance(value, dict):
        return {key: _read_binary(item) for key, item in value.items()}
    return value


def _can_be_written(value: object) -> bool:
    try:
        _ENCODER.encode(value).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _no_constant(name: str) -> None:
    raise json.JSONDecodeError("no constant of JSON's", name, 0)


def _finite(digits: str) -> float:
    number = float(digits)
    if isinf(number):
        raise ValueError("too large")
    return number


def _any_integer(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:  # more digits than Python reads
        return 0


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
_DECODER: Final = json.JSONDecoder(parse_float=_finite, parse_constant=_no_constant)
_LENIENT: Final = json.JSONDecoder(parse_int=_any_integer, parse_constant=_no_constant)


JSON: Final = Json()
