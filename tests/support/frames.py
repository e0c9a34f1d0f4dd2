# SPDX-License-Identifier: MIT
"""Frames as clients write them, well or badly, and streams of them for hypothesis."""

import zlib
from itertools import pairwise
from typing import Any, Final

from attrs import define, field
from hypothesis import strategies as st

MAX_SIZE: Final = 300
"""Octets of the longest message that the tests' servers take, where they say nothing else."""


@define
class Frame:
    """One frame as a client may send it, well or badly."""

    first: int
    payload: bytes
    mask: bytes | None
    size: int

    def write(self) -> bytes:
        """Write it; `size` octets of length, where the shortest form takes fewer too."""
        length = len(self.payload)
        size = max(self.size, 0 if length < 126 else 2 if length < 65_536 else 8)
        marker = {0: length, 2: 126, 8: 127}[size]
        head = bytes((self.first, marker | (0 if self.mask is None else 0x80)))
        head += length.to_bytes(size) if size else b""
        if self.mask is None:
            return head + self.payload
        return head + self.mask + masked_with(self.payload, self.mask)


def masked_with(payload: bytes, key: bytes) -> bytes:
    """Mask, or unmask, as RFC 6455 section 5.3 says it: each octet with that of the key in turn."""
    size = len(payload)
    keys = (key * (size // 4 + 1))[:size]
    # As one large number, for octet by octet took a tenth of all unit tests' time.
    return (int.from_bytes(payload) ^ int.from_bytes(keys)).to_bytes(size)


def whole(payload: bytes, first: int = 0x81) -> bytes:
    """A message, a text if nothing is said, as a client sends it."""
    return Frame(first, payload, b"abcd", 0).write()


MASKS: Final = st.binary(min_size=4, max_size=4)
TEXTS: Final = st.text(max_size=40).map(str.encode)
LENGTHS: Final = st.sampled_from([0, 125, 126, 127, MAX_SIZE, MAX_SIZE + 1])
PAYLOADS: Final = TEXTS | st.binary(max_size=20) | LENGTHS.map(lambda length: b"x" * length)
GOOD: Final = st.builds(Frame, st.sampled_from([0x81, 0x82]), TEXTS, MASKS, st.just(0))
ANY: Final = st.builds(
    Frame,
    st.sampled_from([0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8A, 0x88, 0xC1, 0x91, 0x83, 0x09])
    | st.integers(0, 255),
    PAYLOADS,
    MASKS | st.none(),
    st.sampled_from([0, 0, 0, 2, 8]),
)
STREAMS: Final = st.lists(GOOD | ANY, max_size=12).map(
    lambda frames: b"".join(frame.write() for frame in frames)
)

ODD_UTF8: Final = (
    *(b"\x80", b"\xbf", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\x80", b"\xe0\x9f\xbf"),
    *(b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf", b"\xed\xa0\x80", b"\xed\xbf\xbf"),
    *(b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfe", b"\xff"),
    *(b"\xc2A", b"\xe1\x80A", b"\xf1\x80\x80A", b"\xe1A", b"\xf1\x80A", b"\xc2\xc2\x80"),
)
"""What is no UTF-8 (RFC 3629 section 3): too long for what it says, surrogates, above U+10FFFF,
octets that begin nothing, and beginnings that do not go on."""


@define
class Deflater:
    """Compresses messages as RFC 7692 section 7.2.1 has it; `takeover` keeps the window."""

    takeover: bool = True
    _codec: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._codec = zlib.compressobj(wbits=-15)

    def deflate(self, payload: bytes) -> bytes:
        """Compress a message."""
        if not self.takeover:
            self._codec = zlib.compressobj(wbits=-15)
        deflated: bytes = self._codec.compress(payload) + self._codec.flush(zlib.Z_SYNC_FLUSH)
        return deflated.removesuffix(b"\0\0\xff\xff")


@define
class Message:
    """A message that may be compressed, and in fragments with a control frame between them."""

    first: int
    payload: bytes
    mask: bytes
    cuts: list[int]
    between: bytes
    is_compressed: bool

    def write(self, deflater: Deflater) -> bytes:
        """Write its frames."""
        payload = deflater.deflate(self.payload) if self.is_compressed else self.payload
        ends = [0, *sorted(cut % (len(payload) + 1) for cut in self.cuts), len(payload)]
        frames = []
        for number, (begin, end) in enumerate(pairwise(ends)):
            first = 0x80 if end == len(payload) and number == len(self.cuts) else 0
            if not number:
                first |= self.first | (0x40 if self.is_compressed else 0)
            frames.append(Frame(first, payload[begin:end], self.mask, 0).write())
        return self.between.join(frames)


@define
class Garbage:
    """What claims to be compressed, and is not."""

    payload: bytes
    first: int

    def write(self, _deflater: Deflater) -> bytes:
        """Write it."""
        return whole(self.payload, self.first)


CONTROL: Final = st.sampled_from([b"", whole(b"ping", 0x89), whole(b"", 0x8A)])
LARGE: Final = st.builds(
    lambda length, end: b"x" * (length - len(end)) + end,
    st.sampled_from(
        [MAX_SIZE, MAX_SIZE + 1, 16_380, 16_384, 20_000, 39_999, 40_000, 40_001, 70_000]
    ),
    st.sampled_from([b"", b"", "\U0001f600".encode(), b"\xf0\x9f\x98", b"\xff", b"\xe2\x82"]),
)
KINDS: Final = st.sampled_from([1, 1, 2])
MESSAGES: Final = st.builds(
    Message,
    KINDS,
    TEXTS | TEXTS | TEXTS | st.binary(max_size=20) | LARGE,
    MASKS,
    st.just([]) | st.lists(st.integers(0, 400), max_size=3),
    CONTROL,
    st.booleans(),
)
GARBAGE: Final = st.builds(Garbage, st.binary(max_size=30), st.sampled_from([0xC1, 0xC2]))


def write_all(parts: "list[Frame | Message | Garbage]", *, takeover: bool) -> bytes:
    """Write frames and messages behind one another; compressed ones share a window, or do not."""
    deflater = Deflater(takeover)
    return b"".join(
        part.write() if isinstance(part, Frame) else part.write(deflater) for part in parts
    )
