# SPDX-License-Identifier: MIT
"""Messages as compressors of all kinds write them (RFC 7692 section 7.2.3), for hypothesis."""

import zlib
from itertools import pairwise
from random import Random
from typing import Any, Final

from attrs import define, field, frozen
from hypothesis import strategies as st

TAIL: Final = b"\0\0\xff\xff"
LATE: Final = 258
"""Octets that zlib may hold back: the longest match (RFC 1951 section 3.2.5)."""


@frozen
class Style:
    """How a compressor is told to work.

    Attributes:
        level: zlib's, 0 for stored blocks alone.
        memory: zlib's `memLevel`; the less, the shorter are its blocks.
        strategy: zlib's, such as `Z_FIXED`.
    """

    level: int = -1
    memory: int = 8
    strategy: int = zlib.Z_DEFAULT_STRATEGY


@frozen
class Written:
    """A message, and how it is to be written.

    Attributes:
        payload: of any kind.
        cuts: where the compressor is flushed, and how.
        end: how it ends: by `Z_SYNC_FLUSH` or `Z_FULL_FLUSH`, or by `Z_FINISH` and the octet that
            belongs behind it, or without that.
        style: of each stream that begins in it.
    """

    payload: bytes
    cuts: tuple[tuple[int, int], ...] = ()
    end: int = zlib.Z_SYNC_FLUSH
    is_bare: bool = False
    style: Style = Style()


@define
class Compressor:
    """A peer's.

    Args:
        window: its size (base-2 logarithm).
        takeover: whether it keeps its window.
    """

    window: int = 15
    takeover: bool = True
    _codec: Any = field(default=None, init=False)

    def write(self, message: Written) -> bytes:
        """Write a message's payload on the wire."""
        if not self.takeover:
            self._codec = None
        cuts = [(at % (len(message.payload) + 1), how) for at, how in message.cuts]
        ends = [*sorted(cuts), (len(message.payload), message.end)]
        octets = b""
        for (begin, _), (end, how) in pairwise([(0, 0), *ends]):
            octets += self._write(message.payload[begin:end], how, message.style)
        if message.end == zlib.Z_FINISH:
            return octets if message.is_bare else octets + b"\0"
        assert octets.endswith(TAIL)
        return octets.removesuffix(TAIL)

    def _write(self, piece: bytes, how: int, style: Style) -> bytes:
        if self._codec is None:
            self._codec = zlib.compressobj(
                style.level, zlib.DEFLATED, -self.window, style.memory, style.strategy
            )
        octets: bytes = self._codec.compress(piece)
        if how != zlib.Z_NO_FLUSH:
            octets += self._codec.flush(how)
        if how == zlib.Z_FINISH:
            self._codec = None
        return octets


def zlibs_answer(codec: Any, deflated: bytes, window: int = 15) -> tuple[bytes, Any]:
    """Return what zlib makes of a message, and what goes on with the next.

    Raises:
        zlib.error: it is none.
    """
    answer, rest = b"", deflated + TAIL
    while True:
        codec = codec or zlib.decompressobj(-window)
        answer += codec.decompress(rest)
        if not codec.eof:
            return answer, codec
        rest, codec = codec.unused_data, None
        # Where nothing but the tail is left, the message is over.
        if len(rest) <= len(TAIL):
            return answer, None


STYLES: Final = st.just(Style()) | st.builds(
    Style,
    st.integers(0, 9),
    st.integers(1, 9),
    st.sampled_from([zlib.Z_DEFAULT_STRATEGY, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED]),
)
HOW: Final = st.sampled_from(
    [zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH, zlib.Z_PARTIAL_FLUSH, zlib.Z_BLOCK, zlib.Z_FINISH]
)
ENDS: Final = st.sampled_from([zlib.Z_SYNC_FLUSH, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH])


@st.composite
def payloads(draw: st.DrawFn, most: int) -> bytes:
    """Anything in ASCII or not, of a length around a limit or well below it."""
    length = draw(
        st.integers(0, 80)
        | st.integers(most - 2, most + 2)
        | st.integers(max(most - LATE - 2, 0), most + LATE + 2)
    )
    kind = draw(st.sampled_from(["octet", "words", "random", "mixed"]))
    if kind == "octet":
        return bytes([draw(st.integers(0, 127))]) * length
    random = Random(draw(st.integers(0, 1000)))
    if kind == "random":
        return random.randbytes(length)
    period = random.randbytes(draw(st.integers(1, 300)))
    if kind == "words":
        period = period.hex().encode()
    return (period * (length // len(period) + 1))[:length]


@st.composite
def written(draw: st.DrawFn, most: int) -> Written:
    """A message of any kind, flushed anywhere, written in any style."""
    payload = draw(payloads(most))
    cuts = draw(st.lists(st.tuples(st.integers(0, most), HOW), max_size=5))
    end = draw(ENDS | st.just(zlib.Z_FINISH))
    return Written(payload, tuple(cuts), end, draw(st.booleans()), draw(STYLES))
