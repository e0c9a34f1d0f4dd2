# SPDX-License-Identifier: MIT
"""What may stand behind a step's name: each kind of value, its reader, and what it takes."""

import re
from collections.abc import Callable
from typing import Any, Final

from attrs import frozen

from wsecho.core.http.requests import TOKEN

MAX_CONTROL: Final = 125
"""Octets of a control frame's payload (RFC 6455 section 5.5)."""

MAX_REASON: Final = MAX_CONTROL - 2
MAX_HEADER: Final = 1 << 20
"""Octets of the largest header that a client is sent."""

MAX_STEP: Final = 64 << 20
"""Octets that one step sends, however large a message may be."""

_ENOUGH: Final = 64
_DURATION: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s)")
_SIZE: Final = re.compile(r"([0-9]{1,12})(|B|KiB|MiB|GiB)")
_SHIFTS: Final = {"": 0, "B": 0, "KiB": 10, "MiB": 20, "GiB": 30}
_COUNT: Final = re.compile(r"[0-9]{1,12}")
_PROBABILITY: Final = re.compile(r"0?\.[0-9]{1,9}|[01](?:\.0{1,9})?")
_VISIBLE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_PATH: Final = re.compile(r"/(?:[!#-;=?-\[\]_a-z~%][!#-;=?-\[\]_a-z~%]*)?")
_CODE: Final = re.compile(r"[0-9]{4}")
# RFC 6455 section 7.4.2, and what IANA has added to section 7.4.1; the others never travel.
_CODES: Final = frozenset({*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)})
# What says where the answer ends, or has a step of its own.
_TAKEN: Final = frozenset(
    {
        *("upgrade", "connection", "content-length", "transfer-encoding", "location"),
        *("sec-websocket-accept", "sec-websocket-protocol", "sec-websocket-extensions"),
    }
)


@frozen
class Bounds:
    """How much of anything a step may ask for.

    Attributes:
        message: octets of a message, and of what is held for a client.
        time: seconds of a connection.
    """

    message: int
    time: float

    @property
    def step(self) -> int:
        """Octets that one step may send: they take time to make, which others wait for."""
        return min(self.message, MAX_STEP)

    @property
    def sent(self) -> int:
        """Octets that one connection is sent."""
        return _ENOUGH * self.message


@frozen
class Value:
    """A kind of value.

    Attributes:
        takes: what it is, for people.
        read: reads one; raises ValueError.
        needed: whether the step's name cannot stand alone.
    """

    takes: str
    read: Callable[[str, Bounds], Any]
    needed: bool = True


def is_sendable(code: int) -> bool:
    """Tell whether a close code may stand in a Close frame (RFC 6455 section 7.4)."""
    return code in _CODES


def duration_value(least: float = 0.0, *, needed: bool = True) -> Value:
    """Make the value that is a time: `250ms`, `2s`; read as seconds."""

    def read(text: str, bounds: Bounds) -> float:
        match = _DURATION.fullmatch(text)
        if match is None:
            raise ValueError("that is no time")
        seconds = float(match[1]) / (1000 if match[2] == "ms" else 1)
        if not least <= seconds <= bounds.time:
            raise ValueError(f"that is not {least:g}s to {bounds.time:g}s")
        return seconds

    return Value("a time such as 250ms or 2s, at most --lab-time", read, needed)


def size_value(least: int = 0, most: int | None = None) -> Value:
    """Make the value that is a number of octets: `64KiB`, `1000`."""

    def read(text: str, bounds: Bounds) -> int:
        match = _SIZE.fullmatch(text)
        if match is None:
            raise ValueError("that is no size")
        octets, bound = int(match[1]) << _SHIFTS[match[2]], bounds.step if most is None else most
        if not least <= octets <= bound:
            raise ValueError(f"that is not {least} to {bound}")
        return octets

    bound = "--max-message-size (64MiB at most)" if most is None else str(most)
    return Value(f"a size such as 1000 or 64KiB, {least} to {bound}", read)


def count_value(least: int, most: int) -> Value:
    """Make the value that is a whole number."""

    def read(text: str, _: Bounds) -> int:
        if not _COUNT.fullmatch(text) or not least <= int(text) <= most:
            raise ValueError("that is none of them")
        return int(text)

    return Value(f"a whole number, {least} to {most}", read)


def choice_value(*known: str) -> Value:
    """Make the value that is one of some words."""

    def read(text: str, _: Bounds) -> str:
        if text not in known:
            raise ValueError("that is none of them")
        return text

    return Value(" or ".join(known), read)


def _read_text(text: str, bounds: Bounds) -> bytes:
    octets = text.encode()
    if len(octets) > bounds.message:
        raise ValueError("that is over --max-message-size")
    return octets


def _read_control(text: str, _: Bounds) -> bytes:
    octets = text.encode()
    if len(octets) > MAX_CONTROL:
        raise ValueError(f"that has {len(octets)} octets")
    return octets


def _read_hex(text: str, bounds: Bounds) -> bytes:
    try:
        octets = bytes.fromhex(text)
    except ValueError:
        octets = b""
    if not octets or " " in text:
        raise ValueError("that is none")
    if len(octets) > bounds.message:
        raise ValueError("that is over --max-message-size")
    return octets


def _read_visible(text: str, _: Bounds) -> str:
    if not _VISIBLE.fullmatch(text):
        raise ValueError("that has other characters, or spaces around it, or is empty")
    return text


def _read_protocol(text: str, _: Bounds) -> str:
    if not TOKEN.fullmatch(text):
        raise ValueError("that is no token")
    return text


def _read_header(text: str, bounds: Bounds) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    value = value.strip(" ")
    if not colon or not TOKEN.fullmatch(name):
        raise ValueError("there is no name before a colon")
    if name.lower() in _TAKEN:
        raise ValueError(f"{name} is written by the answer itself")
    return name, _read_visible(value, bounds) if value else ""


def _read_path(text: str, _: Bounds) -> str:
    if not _PATH.fullmatch(text) or text.startswith("//"):
        raise ValueError("that is none")
    return text


def _read_status(text: str, _: Bounds) -> int:
    code = int(text) if re.fullmatch(r"[0-9]{3}", text) else 0
    if code not in {200, 204} and not 400 <= code <= 599:  # noqa: PLR2004  # RFC 9110's classes
        raise ValueError("that is none of them")
    return code


def _read_probability(text: str, _: Bounds) -> float:
    if not _PROBABILITY.fullmatch(text):
        raise ValueError("that is none")
    return float(text)


def _read_stream(text: str, bounds: Bounds) -> tuple[int, float]:
    number, _, pause = text.partition("x")
    return count_value(1, 10_000).read(number, bounds), duration_value().read(pause, bounds)


def _read_retry(text: str, _: Bounds) -> int:
    match = re.fullmatch(r"([0-9]{1,5})s?", text)
    if match is None:
        raise ValueError("that is none")
    return int(match[1])


def _read_close(text: str, _: Bounds) -> bytes:
    code, colon, reason = text.partition(":")
    if not _CODE.fullmatch(code) or not is_sendable(int(code)):
        raise ValueError("that is no code that may be sent")
    if colon and not reason:
        raise ValueError("there is no reason behind the colon")
    octets = reason.encode()
    if len(octets) > MAX_REASON:
        raise ValueError(f"its reason has {len(octets)} octets, and may have {MAX_REASON}")
    return int(code).to_bytes(2) + octets


TEXT: Final = Value("a text, up to --max-message-size", _read_text)
CONTROL: Final = Value(f"a text of at most {MAX_CONTROL} octets", _read_control)
HEX: Final = Value("octets in hexadecimal, such as 00ff", _read_hex)
VISIBLE: Final = Value("visible ASCII and spaces", _read_visible)
PROTOCOL: Final = Value("none, two, or a name (a token of RFC 9110)", _read_protocol)
EXTENSION: Final = Value("none, or visible ASCII and spaces", _read_visible)
HEADER: Final = Value("NAME:VALUE, in visible ASCII and spaces", _read_header)
PATH: Final = Value("a path that begins with one /, percent-encoded", _read_path)
STATUS: Final = Value("200, 204, or 400 to 599", _read_status)
RETRY: Final = Value("whole seconds, such as 2 or 2s", _read_retry)
PROBABILITY: Final = Value("a probability from 0 to 1, such as 0.1", _read_probability)
STREAM: Final = Value("NxT: a number from 1 to 10000, and a time, such as 10x100ms", _read_stream)
CLOSE: Final = Value(
    "nothing, CODE or CODE:REASON: 1000 to 1003, 1007 to 1014 or 3000 to 4999, and a reason of at "
    f"most {MAX_REASON} octets",
    _read_close,
    needed=False,
)
