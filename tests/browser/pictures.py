# SPDX-License-Identifier: MIT
"""Pictures, made from nothing."""

import struct
import zlib


def png(width: int, height: int, rows: int | None = None) -> bytes:
    """A PNG whose pixels go from green to yellow; with fewer rows than it says where `rows` is."""
    pixels = b"".join(
        b"\0"
        + b"".join(bytes((40 + x * 180 // width, 107 + y * 90 // height, 90)) for x in range(width))
        for y in range(height if rows is None else rows)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(pixels)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
