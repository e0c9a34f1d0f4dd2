# SPDX-License-Identifier: MIT
"""WebSocket frames as a server writes them (RFC 6455 section 5.2)."""

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


FIN: Final = 0x80
RSV1: Final = 0x40
"""Marks a compressed message (RFC 7692 section 6)."""

MAX_7: Final = 125
MAX_16: Final = 0xFFFF
"""The longest payloads whose length takes no, and two, octets of its own."""


def encode_head(first: int, length: int) -> bytes:
    """Encode what stands before an unmasked payload.

    The length takes the shortest form, as section 5.2 demands.

    Args:
        first: the frame's first octet: its flags and its opcode.
        length: octets of the payload.
    """
    if length <= MAX_7:
        return bytes((first, length))
    if length <= MAX_16:
        return pack("!BBH", first, 126, length)
    return pack("!BBQ", first, 127, length)


# Most frames are small ones of these two kinds; their heads need not be made each time.
_TEXT_HEADS: Final = tuple(encode_head(FIN | Opcode.TEXT, n) for n in range(MAX_7 + 1))
_BINARY_HEADS: Final = tuple(encode_head(FIN | Opcode.BINARY, n) for n in range(MAX_7 + 1))


def encode_frame(opcode: Opcode, payload: bytes) -> bytes:
    """Encode one whole, unmasked, uncompressed message as a single frame.

    A server's frames are never masked (section 5.1), so the same bytes serve every receiver.
    """
    return encode_head(FIN | opcode, len(payload)) + payload


def message_head(length: int, *, is_binary: bool) -> bytes:
    """Encode what stands before a data message that is a single frame."""
    if length <= MAX_7:
        return (_BINARY_HEADS if is_binary else _TEXT_HEADS)[length]
    return encode_head(FIN | (Opcode.BINARY if is_binary else Opcode.TEXT), length)


def encode_message(payload: bytes | memoryview, *, is_binary: bool) -> bytes:
    """Encode a data message as a single frame."""
    return message_head(len(payload), is_binary=is_binary) + payload


def encode_messages(messages: list[tuple[bytes, bool]]) -> bytes:
    """Encode data messages, each a payload and whether it is binary, behind one another."""
    pieces: list[bytes] = []
    for payload, is_binary in messages:
        length = len(payload)
        if length <= MAX_7:
            pieces.append((_BINARY_HEADS if is_binary else _TEXT_HEADS)[length])
        else:
            pieces.append(message_head(length, is_binary=is_binary))
        pieces.append(payload)
    return b"".join(pieces)
