# SPDX-License-Identifier: MIT
"""A connection's messages, compressed and inflated (RFC 7692 section 7.2).

A peer may end a DEFLATE stream within a message or with it (section 7.2.3.4); what follows is then
a new one, with an empty window. zlib puts what it finds behind an end aside, for ever, and holds
back of what it has inflated where it is told to stop: neither may be lost.
"""

import zlib
from typing import Any, ClassVar, Final

from attrs import define, field

from wsecho.core.websocket.deflate import (
    EXTENSION,
    MAX_WINDOW_BITS,
    MEM_LEVEL,
    TAIL,
    Agreement,
    compressed_frame,
)

MAX_STREAMS: Final = 8192
"""DEFLATE streams that one message may consist of. An empty one is two octets long, and costs as
much time as inflating a kilobyte does: so many of them take no longer than the longest message."""

_FLUSHES: Final = 1 << 16
_SLICE: Final = 1 << 12
"""Octets that are given at a time to a stream which may end in them: what is left is copied."""
# zlib reads what was written in a window of 256 bytes with its next larger one.
_SMALLEST_WINDOW: Final = 9


class InflationError(Exception):
    """A compressed message that is not taken; the text says why."""


class InflatedTooLargeError(InflationError):
    """The message is longer than it may be."""


class NotDeflatedError(InflationError):
    """What came is not DEFLATE's."""


def longest_deflated(most: int) -> int:
    """Tell how many octets a message of `most` octets may have on the wire.

    The limit is on what it inflates to. An octet takes at most nine bits in DEFLATE's fixed codes
    (RFC 1951 section 3.2.6), and less in stored blocks of any size that compressors choose
    (section 3.2.4: 5 octets for each, of up to 65,535). 64 KiB more are for flushes, each of which
    adds an empty block of 5 octets, and for streams that end.
    """
    return most + (most >> 3) + _FLUSHES


@define(eq=False)
class Codec:
    """Compresses what one connection sends, and inflates what it receives.

    Args:
        agreed: the parameters in force.
    """

    EXTENSION_NAME: ClassVar = EXTENSION
    """What Autobahn calls it where a frame breaks its rules."""

    _agreed: Agreement
    _deflater: Any = field(default=None, init=False)
    _inflater: Any = field(default=None, init=False)

    def frame(self, payload: bytes | memoryview, *, is_binary: bool) -> bytes:
        """Write a message as one compressed frame (RFC 7692 section 7.2.1)."""
        return compressed_frame(self.deflate(payload), is_binary=is_binary)

    def deflate(self, payload: bytes | memoryview) -> bytes:
        """Compress a message (RFC 7692 section 7.2.1)."""
        deflater = self._deflater
        if deflater is None:
            deflater = zlib.compressobj(wbits=-self._agreed.server_window, memLevel=MEM_LEVEL)
            if not self._agreed.server_no_context_takeover:
                self._deflater = deflater
        deflated: bytes = deflater.compress(payload) + deflater.flush(zlib.Z_SYNC_FLUSH)
        return deflated[: -len(TAIL)]

    def inflate(self, deflated: bytes | bytearray | memoryview, most: int) -> bytes:
        """Inflate a whole message (RFC 7692 section 7.2.2).

        Args:
            deflated: the payloads of its frames.
            most: octets of the longest message that is taken.

        Raises:
            InflatedTooLargeError: it is longer. Not much more than `most` octets were inflated.
            NotDeflatedError: it is not DEFLATE's, or of more than `MAX_STREAMS` streams.
        """
        if not deflated:
            # It lacks the octet that an empty message has (section 7.2.3.6), and without it the
            # tail would be taken for a part of the next message.
            return b""
        inflater = self._inflater or self._begin()
        # Nothing goes on where this message was not taken.
        self._inflater = None
        try:
            # One octet more than may come: zlib then has no reason to hold any back.
            inflated: bytes = inflater.decompress(deflated, most + 1)
            if inflater.unused_data:
                inflated, inflater = self._inflate_behind(inflater.unused_data, inflated, most)
            if not inflater.eof and len(inflated) <= most:
                inflated += inflater.decompress(TAIL, most + 1 - len(inflated))
        except zlib.error as error:
            raise NotDeflatedError(str(error)) from error
        if len(inflated) > most:
            raise InflatedTooLargeError(f"more than {most} octets")
        if not (inflater.eof or self._agreed.client_no_context_takeover):
            self._inflater = inflater
        return inflated

    def _inflate_behind(self, deflated: bytes, inflated: bytes, most: int) -> tuple[bytes, Any]:
        """Inflate what is behind a stream that ended; return all of the message, and the last."""
        whole, begin = bytearray(inflated), 0
        for _ in range(1, MAX_STREAMS):
            inflater = self._begin()
            while begin < len(deflated) and not inflater.eof and len(whole) <= most:
                piece = deflated[begin : begin + _SLICE]
                whole += inflater.decompress(piece, most + 1 - len(whole))
                begin += len(piece) - len(inflater.unused_data)
            if begin == len(deflated) or len(whole) > most:
                return bytes(whole), inflater
        raise NotDeflatedError(f"it is of more than {MAX_STREAMS} streams")

    def _begin(self) -> Any:
        window = self._agreed.client_window or MAX_WINDOW_BITS
        return zlib.decompressobj(wbits=-max(window, _SMALLEST_WINDOW))
