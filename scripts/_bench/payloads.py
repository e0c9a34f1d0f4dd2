# SPDX-License-Identifier: MIT
"""The bytes that the generator sends."""

import json
import zlib

END = b"~"
"""Stands once in each text, at its end, so that an event can be counted in a stream of chunks."""

_DEFLATE_WINDOW_BITS = -9
_FLUSHED = b"\x00\x00\xff\xff"


def text(size: int) -> bytes:
    """Give ASCII text of `size` bytes, as JSON strings and events carry it unescaped."""
    letters = b"abcdefghijklmnopqrstuvwxyz0123456789"
    return (letters * (size // len(letters) + 1))[: size - 1] + END


def document() -> bytes:
    """Give a JSON text of 1 KiB such as services send: alike in its keys, not in its values."""
    items = [
        {"id": 1_000_003 * n % 99_991, "user": f"user-{n * 7919 % 1000}", "price": n * 31 % 97 / 4}
        for n in range(1, 23)
    ]
    return json.dumps(items, separators=(",", ":")).encode().ljust(1024)


def deflated(message: bytes) -> bytes:
    """Compress a message as RFC 7692, 7.2.1 has it; the smallest window suits any negotiation."""
    compressor = zlib.compressobj(wbits=_DEFLATE_WINDOW_BITS)
    return (compressor.compress(message) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(
        _FLUSHED
    )
