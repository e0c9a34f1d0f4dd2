# SPDX-License-Identifier: MIT
"""WebSocket frames as a server writes them, and as it mostly gets them (RFC 6455 section 5.2)."""

from collections.abc import Callable
from enum import IntEnum
from struct import pack
from typing import Final


class Opcode(IntEnum):
    """The frame types that carry or control messages (RFC 6455 section 11.8)."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


_FIN: Final = 0x80
_LENGTH_7: Final = 125
_LENGTH_16: Final = 0xFFFF


def encode_frame(opcode: Opcode, payload: bytes) -> bytes:
    """Encode one whole, unmasked, uncompressed message as a single frame.

    The length takes the shortest form, as section 5.2 demands. A server's frames are
    never masked (section 5.1), so the same bytes serve every receiver.
    """
    first = _FIN | opcode
    length = len(payload)
    if length <= _LENGTH_7:
        return bytes((first, length)) + payload
    if length <= _LENGTH_16:
        return pack("!BBH", first, 126, length) + payload
    return pack("!BBQ", first, 127, length) + payload


def encode_message(payload: bytes, *, is_binary: bool) -> bytes:
    """Encode a data message as a single frame."""
    return encode_frame(Opcode.BINARY if is_binary else Opcode.TEXT, payload)


Unmask = Callable[[bytes, bytes], bytes]
"""Masks or unmasks a payload with a key of four octets (RFC 6455 section 5.3)."""

_WHOLE_TEXT: Final = _FIN | Opcode.TEXT
_WHOLE_BINARY: Final = _FIN | Opcode.BINARY
_MASKED: Final = 0x80
# How many octets the longer lengths have, and what fits a shorter form.
_EXTENDED: Final = {126: (2, _LENGTH_7), 127: (8, _LENGTH_16)}
_SHORTEST_MASKED: Final = 6


def read_messages(data: bytes, most: int, unmask: Unmask) -> tuple[list[tuple[bytes, bool]], int]:
    """Read the messages that stand whole at the beginning of what a client sent.

    Whole is a masked data frame that is complete, final and neither compressed nor longer than
    it may be, with valid UTF-8 where it is text. Whatever is anything else is where reading
    ends: a full implementation of the protocol goes on there, be it to fail the connection.

    Args:
        data: octets from a frame's beginning on, outside of a fragmented message.
        most: octets of the longest payload that is read.
        unmask: how to unmask.

    Returns:
        each message's payload and whether it is binary, and how many octets they took.
    """
    messages: list[tuple[bytes, bool]] = []
    start, end = 0, len(data)
    while end - start >= _SHORTEST_MASKED:
        first = data[start]
        length = data[start + 1] - _MASKED
        if first not in {_WHOLE_TEXT, _WHOLE_BINARY} or length < 0:
            break
        begin = start + _SHORTEST_MASKED
        if length > _LENGTH_7:
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
        if first == _WHOLE_TEXT and not _is_text(payload):
            break
        messages.append((payload, first == _WHOLE_BINARY))
        start = stop
    return messages, start


def _is_text(payload: bytes) -> bool:
    if payload.isascii():
        return True
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
