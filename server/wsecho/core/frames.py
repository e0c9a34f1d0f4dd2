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
