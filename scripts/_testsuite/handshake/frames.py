# SPDX-License-Identifier: MIT
"""The least of RFC 6455 section 5 that tells whether a message comes back."""

import os
import struct
import zlib
from collections.abc import Iterator

PROBE = b"Is this a WebSocket?"
"""The message that every opened connection is asked to echo."""
_TEXT, _CLOSE, _DATA = 1, 8, {0, 1, 2}
_SHORT, _LENGTH_16, _LENGTH_64 = 125, 126, 127
_TAIL = b"\0\0\xff\xff"


def masked(payload: bytes, opcode: int = _TEXT) -> bytes:
    """Write a client's frame of at most 125 octets."""
    key = os.urandom(4)
    hidden = bytes(octet ^ key[at % 4] for at, octet in enumerate(payload))
    return bytes((0x80 | opcode, 0x80 | len(payload))) + key + hidden


def close() -> bytes:
    """Write a client's Close with code 1000."""
    return masked(struct.pack("!H", 1000), _CLOSE)


def echoes(octets: bytes) -> bool:
    """Tell whether the probe came back, as a whole message, compressed or not."""
    message, is_compressed = b"", False
    for first, payload in _frames(octets):
        opcode = first & 0x0F
        if opcode not in _DATA:
            continue
        if opcode:
            message, is_compressed = b"", bool(first & 0x40)
        message += payload
        if first & 0x80 and _inflated(message, is_compressed=is_compressed) == PROBE:
            return True
    return False


def _frames(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Give the first octet and the payload of each whole frame; a masked one ends them."""
    while len(octets) >= struct.calcsize("!BB"):
        first, length = octets[:2]
        at = 2
        if length in {_LENGTH_16, _LENGTH_64}:
            form = "!H" if length == _LENGTH_16 else "!Q"
            at += struct.calcsize(form)
            if len(octets) < at:
                return
            [length] = struct.unpack(form, octets[2:at])
        elif length > _SHORT:
            return
        if len(octets) < at + length:
            return
        yield first, octets[at : at + length]
        octets = octets[at + length :]


def _inflated(payload: bytes, *, is_compressed: bool) -> bytes:
    if not is_compressed:
        return payload
    try:
        return zlib.decompressobj(-15).decompress(payload + _TAIL, len(PROBE) + 1)
    except zlib.error:
        return b""
