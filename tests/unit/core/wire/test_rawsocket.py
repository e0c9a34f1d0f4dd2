# SPDX-License-Identifier: MIT
"""RawSocket's handshake and frames."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.wire.rawsocket import (
    FrameReader,
    FrameType,
    RawSocketError,
    RawSocketHello,
    RawSocketRefusal,
    read_hello,
    write_frame,
    write_hello,
    write_refusal,
)

FRAMES = st.lists(st.tuples(st.sampled_from(FrameType), st.binary(max_size=50)), max_size=5)


@pytest.mark.parametrize(
    ("octets", "hello"),
    [
        (b"\x7f\x01\0\0", RawSocketHello(1, 512)),
        (b"\x7f\xf2\0\0", RawSocketHello(2, 1 << 24)),
        (b"\x7f\xf1\0\1", RawSocketRefusal.RESERVED),
    ],
)
def test_a_handshake_is_read(octets: bytes, hello: RawSocketHello | RawSocketRefusal) -> None:
    """Length exponents count from 2**9."""
    assert read_hello(octets) == hello


@pytest.mark.parametrize(
    ("length", "octet"), [(100, 0x01), (512, 0x01), (1023, 0x01), (1 << 24, 0xF1), (1 << 30, 0xF1)]
)
def test_our_own_limit_is_told_as_a_power_of_two(length: int, octet: int) -> None:
    """Within the 16 that the handshake can say."""
    assert write_hello(1, length) == bytes((0x7F, octet, 0, 0))


def test_a_refusal_says_why() -> None:
    """Error 1 is an unsupported serializer."""
    assert write_refusal(RawSocketRefusal.SERIALIZER) == b"\x7f\x10\0\0"


@given(FRAMES, st.data())
def test_frames_are_read_however_they_are_cut(
    frames: list[tuple[FrameType, bytes]], data: st.DataObject
) -> None:
    """One octet at a time, all at once, or anything between."""
    octets = b"".join(write_frame(kind, payload) for kind, payload in frames)
    reader, start = FrameReader(1000), 0
    read: list[tuple[FrameType, bytes]] = []
    while start < len(octets):
        end = start + data.draw(st.integers(1, len(octets)))
        read += reader.receive_data(octets[start:end])
        start = end
    assert read == frames


def test_the_frames_before_a_broken_one_are_read() -> None:
    """Whether they came with it or before it."""
    frames = FrameReader(1000).receive_data(write_frame(FrameType.PING, b"x") + b"\3\0\0\0")
    assert next(frames) == (FrameType.PING, b"x")
    with pytest.raises(RawSocketError):
        next(frames)


@pytest.mark.parametrize("octets", [b"\3\0\0\0", b"\x80\0\0\0", b"\0\0\x03\xe9"])
def test_what_is_no_frame_is_an_error(octets: bytes) -> None:
    """An unknown type, a reserved bit, a length over the limit."""
    with pytest.raises(RawSocketError):
        list(FrameReader(1000).receive_data(octets))
