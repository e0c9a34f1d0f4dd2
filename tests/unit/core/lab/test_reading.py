# SPDX-License-Identifier: MIT
"""A client's frames, however they are cut, right or wrong."""

from hypothesis import given
from hypothesis import strategies as st

from tests.support.frames import ANY, Frame, whole
from wsecho.core.lab.reading import LenientReader, ReceivedFrame
from wsecho.lane.octets import apply_mask


def read(data: bytes, step: int = 0, most: int = 1000) -> list[ReceivedFrame]:
    """Read octets, so many at a time."""
    reader = LenientReader(most, apply_mask)
    pieces = [data] if not step else [data[n : n + step] for n in range(0, len(data), step)]
    return [frame for piece in pieces for frame in reader.feed(piece)]


def test_a_frame_is_read() -> None:
    """With all that stands in it."""
    (frame,) = read(whole(b"Hello"))
    head = frame.head
    assert (head.fin, head.rsv, head.opcode, head.length) == (True, 0, 1, 5)
    assert (head.key, head.is_shortest, head.is_control) == (b"abcd", True, False)
    assert frame.payload == b"Hello"


@given(st.lists(ANY, max_size=5), st.integers(1, 9))
def test_frames_are_the_same_however_they_come(frames: list[Frame], step: int) -> None:
    """At once, or some octets at a time; none is refused."""
    data = b"".join(frame.write() for frame in frames)
    found = read(data)
    assert read(data, step) == found
    assert [frame.payload for frame in found] == [frame.payload for frame in frames]
    assert [frame.head.key for frame in found] == [frame.mask for frame in frames]
    first = [f.head.fin << 7 | f.head.rsv << 4 | f.head.opcode for f in found]
    assert first == [frame.first for frame in frames]


def test_a_length_that_fits_a_shorter_form_is_told() -> None:
    """It is read all the same."""
    data = b"".join(
        Frame(0x81, b"x" * n, None, size).write() for n, size in ((5, 2), (5, 8), (126, 8))
    )
    assert [frame.head.is_shortest for frame in read(data)] == [False, False, False]
    data = b"".join(Frame(0x81, b"x" * n, None, 0).write() for n in (125, 126))
    assert [frame.head.is_shortest for frame in read(data)] == [True, True]


def test_a_frame_that_is_too_long_is_the_last() -> None:
    """It is told at its head, and nothing is kept of what follows."""
    reader = LenientReader(10, apply_mask)
    (frame,) = reader.feed(whole(b"x" * 11))
    assert (frame.payload, frame.head.length) == (None, 11)
    assert list(reader.feed(whole(b"y"))) == []
    assert reader.held == 0


def test_what_is_not_whole_is_held() -> None:
    """And no more than that."""
    reader = LenientReader(100, apply_mask)
    assert list(reader.feed(whole(b"Hello")[:-1])) == []
    assert reader.held == 10
    assert len(list(reader.feed(b"o" + whole(b"x")[:3]))) == 1
    assert reader.held == 3
