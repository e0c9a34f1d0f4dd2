# SPDX-License-Identifier: MIT
"""The frames that a client mostly sends: whole messages (RFC 6455 section 5.2).

Whole is a masked data frame that is final, no longer than it may be, and with valid UTF-8 where
it is text that is not compressed. Whatever is anything else is where reading ends: a full
implementation of the protocol goes on there, be it to fail the connection.
"""

from collections.abc import Callable
from typing import Final

from attrs import frozen

from wsecho.core.websocket.frames import FIN, MAX_7, MAX_16, RSV1, Opcode

Octets = bytes | bytearray | memoryview

Unmask = Callable[[Octets, bytes | bytearray], bytes]
"""Masks or unmasks a payload with a key of four octets (RFC 6455 section 5.3)."""

_TEXT: Final = FIN | Opcode.TEXT
_BINARY: Final = FIN | Opcode.BINARY
_PLAIN: Final = frozenset({_TEXT, _BINARY})
_ANY: Final = _PLAIN | {_TEXT | RSV1, _BINARY | RSV1}
_MASKED: Final = 0x80
_SHORTEST: Final = 6
"""Octets of the shortest head: it has a key."""
# How many octets the longer lengths have, and what fits a shorter form.
_EXTENDED: Final = {126: (2, MAX_7), 127: (8, MAX_16)}


def parse_messages(
    data: bytes | bytearray, most: int, unmask: Unmask
) -> tuple[list[tuple[bytes, bool]], int]:
    """Read the messages that stand whole, and not compressed, at the beginning of what came.

    Args:
        data: octets from a frame's beginning on, outside of a fragmented message.
        most: octets of the longest payload that is read.
        unmask: how to unmask.

    Returns:
        each message's payload and whether it is binary, and how many octets they took.
    """
    messages: list[tuple[bytes, bool]] = []
    start, end = 0, len(data)
    # As `read_head`, which each of many small messages would pay for with a call.
    while end - start >= _SHORTEST:
        first = data[start]
        length = data[start + 1] - _MASKED
        if first not in _PLAIN or length < 0:
            break
        begin = start + _SHORTEST
        if length > MAX_7:
            size, shorter = _EXTENDED[length]
            begin += size
            length = int.from_bytes(data[start + 2 : start + 2 + size])
            # A length that would fit a shorter form is an error (section 5.2).
            if length <= shorter:
                break
        stop = begin + length
        if stop > end or length > most:
            break
        payload = unmask(data[begin:stop], data[begin - 4 : begin])
        if first == _TEXT and not payload.isascii() and not is_utf8(payload):
            break
        messages.append((payload, first == _BINARY))
        start = stop
    return messages, start


@frozen
class Head:
    """The head of a frame that is, or will be, a whole message.

    Attributes:
        octets: the head itself.
        length: octets of the payload.
        is_binary: whether the message is.
        is_compressed: whether it is.
    """

    octets: bytes
    length: int
    is_binary: bool
    is_compressed: bool

    @property
    def size(self) -> int:
        """How many octets the head itself has."""
        return len(self.octets)

    @property
    def key(self) -> bytes:
        """What unmasks the payload."""
        return self.octets[-4:]


def read_head(data: Octets, most: int, *, start: int = 0, most_deflated: int = 0) -> Head | None:
    """Read the head of a message that is one frame, whether or not all of it is there.

    Args:
        data: octets from a frame's beginning on, outside of a fragmented message.
        most: octets of the longest payload that is read.
        start: where in them it begins.
        most_deflated: octets of the longest that is compressed; 0 where none may be.

    Returns:
        the head; None where it is incomplete or of anything else.
    """
    available = len(data) - start
    if available < _SHORTEST:
        return None
    first = data[start]
    length = data[start + 1] - _MASKED
    if first not in (_ANY if most_deflated else _PLAIN) or length < 0:
        return None
    size = _SHORTEST
    if length > MAX_7:
        more, shorter = _EXTENDED[length]
        size += more
        length = int.from_bytes(data[start + 2 : start + 2 + more])
        if length <= shorter:
            return None
    if available < size or length > (most_deflated if first & RSV1 else most):
        return None
    octets = bytes(data[start : start + size])
    return Head(octets, length, first & ~RSV1 == _BINARY, bool(first & RSV1))


def is_utf8(payload: bytes) -> bool:
    """Tell whether a payload is valid UTF-8."""
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
