# SPDX-License-Identifier: MIT
"""What zlib makes of a message is what we make of it, or the message is refused."""

import tracemalloc
import zlib
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.deflated import LATE, TAIL, Compressor, Style, Written, written, zlibs_answer
from wsecho.core.websocket.compression import (
    MAX_STREAMS,
    Codec,
    InflatedTooLargeError,
    NotDeflatedError,
    longest_deflated,
)
from wsecho.core.websocket.deflate import Agreement

MAX_SIZE = 2000
HELLO = bytes.fromhex("f348cdc9c90700")
# From any octet to one of these: they have codes of nine bits.
NINE_BITS = bytes(144 + octet % 112 for octet in range(256))
FINISHED = zlib.Z_FINISH
# Behind its last octet there is more to be read.
FULL = Written(Random(1).randbytes(MAX_SIZE), cuts=((MAX_SIZE, zlib.Z_SYNC_FLUSH),) * 9)


def codec(*, takeover: bool = True, server: bool = True, window: int | None = None) -> Codec:
    """One whose messages refer to those before, unless said otherwise."""
    return Codec(Agreement(not server, not takeover, window or 15, window))


@given(
    st.lists(written(MAX_SIZE), max_size=5),
    st.booleans(),
    st.none() | st.integers(9, 15),
)
@example([Written(b"x" * (MAX_SIZE + extra)) for extra in (0, -1, 1)], True, None)
@example([FULL, Written(b"b" * 50), FULL, Written(b"b" * 50)], True, None)
@example([Written(b"a" * 50, end=FINISHED), Written(b"b")], True, None)
@example([Written(b"a" * 50, end=FINISHED, is_bare=True), Written(b"b")], True, 9)
def test_a_message_is_zlibs_whole_answer(
    messages: list[Written], takeover: bool, window: int | None
) -> None:
    """However it is flushed, up to the limit and not an octet beyond."""
    ours = codec(takeover=takeover, window=window)
    peer = Compressor(window or 15, takeover)
    for message in messages:
        deflated = peer.write(message)
        assert len(deflated) <= longest_deflated(len(message.payload))
        if len(message.payload) > MAX_SIZE:
            with pytest.raises(InflatedTooLargeError, match="2000"):
                ours.inflate(deflated, MAX_SIZE)
            return
        assert ours.inflate(deflated, MAX_SIZE) == message.payload


@given(st.lists(st.binary(max_size=60) | written(60), max_size=4), st.data())
@example([b"\x03", b"\xff"], None)
def test_of_octets_that_nobody_meant_it_is_zlibs_answer_too(
    messages: list[bytes | Written], data: st.DataObject | None
) -> None:
    """Or none: nothing is made up, nothing is left out."""
    ours, peer, theirs = codec(), Compressor(), None
    for message in messages:
        octets = message if isinstance(message, bytes) else bytearray(peer.write(message))
        if isinstance(octets, bytearray) and octets and data is not None:
            octets[data.draw(st.integers(0, len(octets) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        if not octets:
            continue
        try:
            answer, theirs = zlibs_answer(theirs, bytes(octets))
        except zlib.error:
            with pytest.raises(NotDeflatedError, match="Error -3"):
                ours.inflate(octets, 1 << 20)
            return
        assert ours.inflate(octets, 1 << 20) == answer


@pytest.mark.parametrize("behind", [b"\0", b""])
@pytest.mark.parametrize("takeover", [True, False])
def test_a_stream_that_ends_is_followed_by_a_new_one(takeover: bool, behind: bytes) -> None:
    """RFC 7692 section 7.2.3.4's own example, again and again, and what comes behind it."""
    ours, peer = codec(takeover=takeover), Compressor(takeover=takeover)
    for _ in range(3):
        assert ours.inflate(HELLO + behind, 100) == b"Hello"
    assert ours.inflate(HELLO * 3 + b"\0", 100) == b"Hello" * 3
    for _ in range(2):
        assert ours.inflate(peer.write(Written(b"and on")), 100) == b"and on"


def test_a_message_of_no_octets_at_all_leaves_no_trace() -> None:
    """It should have one (RFC 7692 section 7.2.3.6); what comes behind it is as it was meant."""
    ours, peer = codec(), Compressor()
    for _ in range(2):
        assert ours.inflate(b"", 10) == b""
        assert ours.inflate(peer.write(Written(b"a text")), 10) == b"a text"
    assert ours.inflate(b"\0", 10) == b""


def test_what_is_held_back_counts() -> None:
    """Wherever within zlib's longest match the limit stands."""
    deflated = Compressor().write(Written(b"\1" * 3000))
    for most in range(3000 - LATE - 2, 3000):
        with pytest.raises(InflatedTooLargeError):
            codec().inflate(deflated, most)
    assert len(codec().inflate(deflated, 3000)) == 3000


def test_nothing_piles_up_behind_an_end() -> None:
    """Each message takes memory while it is inflated, and none afterwards."""
    stored = Compressor().write(Written(bytes(1 << 16), style=Style(level=0)))
    ours = codec()
    tracemalloc.start()
    try:
        for _ in range(20):
            ours.inflate(HELLO + stored, 1 << 20)
        assert tracemalloc.get_traced_memory()[0] < 1 << 16
    finally:
        tracemalloc.stop()


def test_who_said_it_would_forget_its_window_is_held_to_it() -> None:
    """RFC 7692 section 7.1.1.2; nothing is kept for it."""
    ours, peer = codec(takeover=False), Compressor()
    text = Written(b"the same words over again")
    assert ours.inflate(peer.write(text), MAX_SIZE) == text.payload
    with pytest.raises(NotDeflatedError, match="too far back"):
        ours.inflate(peer.write(text), MAX_SIZE)


def test_a_window_of_256_octets_is_one() -> None:
    """Also where the peer writes it with zlib, whose smallest is larger."""
    payload = Random(2).randbytes(200) * 4
    deflated = Compressor(9).write(Written(payload))
    assert len(deflated) < 400
    assert codec(window=8).inflate(deflated, MAX_SIZE) == payload


@pytest.mark.parametrize("begin", [b"", HELLO])
def test_little_more_is_inflated_than_may_be(begin: bytes) -> None:
    """Also where there is room for none."""
    bomb = begin + Compressor().write(Written(bytes(1 << 22)))
    tracemalloc.start()
    try:
        with pytest.raises(InflatedTooLargeError):
            codec().inflate(bomb, 5)
        assert tracemalloc.get_traced_memory()[1] < 1 << 18
    finally:
        tracemalloc.stop()


def test_only_so_many_streams_are_a_message() -> None:
    """Each costs time, however short it is."""
    empty = b"\x03\0"
    assert codec().inflate(empty * MAX_STREAMS, 10) == b""
    with pytest.raises(NotDeflatedError, match=f"more than {MAX_STREAMS} streams"):
        codec().inflate(empty * (MAX_STREAMS + 1), 10)
    # Too large in the last of them is too large.
    ours = codec()
    assert ours.inflate(empty * 5 + HELLO, 5) == b"Hello"
    with pytest.raises(InflatedTooLargeError):
        ours.inflate(empty * 5 + HELLO + HELLO, 9)


@given(st.integers(0, 5000), st.integers(1, 9), st.sampled_from([zlib.Z_FIXED, 0]))
@example(1 << 20, 1, zlib.Z_FIXED)
@example(1 << 20, 8, 0)
def test_no_compressor_needs_more_than_the_bound(length: int, memory: int, strategy: int) -> None:
    """The worst that zlib can be told to do, with the octets that have the longest codes."""
    style = Style(9 if strategy else 0, memory, strategy)
    # It repeats nothing.
    payload = Random(length).randbytes(length).translate(NINE_BITS)
    deflated = Compressor().write(Written(payload, style=style))
    assert len(deflated) <= longest_deflated(length)


def test_a_compressor_that_knows_the_fixed_codes_alone_needs_an_eighth_more() -> None:
    """Nine bits for each octet from 144 on (RFC 1951 section 3.2.6)."""
    length = 600_000
    # The block's head, each 255, its end, and an empty stored block's head; the lowest bit first.
    bits = "010" + "1" * 9 * length + "0" * 7 + "000"
    deflated = int(bits[::-1], 2).to_bytes(-(-len(bits) // 8), "little")
    assert length + (length >> 3) <= len(deflated) <= longest_deflated(length)
    assert codec().inflate(deflated, length) == b"\xff" * length


@given(st.lists(st.binary(max_size=300), max_size=5), st.booleans(), st.integers(9, 15))
def test_what_is_sent_is_inflated_by_zlib(
    messages: list[bytes], takeover: bool, window: int
) -> None:
    """Also messages of no octets, one after the other."""
    ours, theirs = codec(server=takeover, window=window), zlib.decompressobj(-window)
    for payload in messages:
        frame = ours.frame(payload, is_binary=True)
        assert frame[0] == 0xC2
        if not takeover:
            theirs = zlib.decompressobj(-window)
        deflated = frame[2:] if frame[1] < 126 else frame[4:]
        assert theirs.decompress(deflated + TAIL) == payload
