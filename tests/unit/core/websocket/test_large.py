# SPDX-License-Identifier: MIT
"""Messages that come in pieces, and the memory that they come into."""

from collections.abc import Iterator
from ctypes import addressof, c_char
from mmap import PAGESIZE
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.frames import MASKS, ODD_UTF8, Frame, masked_with
from tests.unit.lane.implementations import IMPLEMENTATIONS, give, of_each, pair
from wsecho.core.websocket.large import ASIDE, Buffers, LargeMessage
from wsecho.core.websocket.reading import read_head

KEY = b"\x81\x7f\xff\x00"
EACH = st.sampled_from(IMPLEMENTATIONS)
CUTS = st.lists(st.integers(0, 1000), max_size=6)


def begin(frame: bytes, implementation: ModuleType) -> LargeMessage:
    """The message that begins with a frame's head, none of its payload being here."""
    head = read_head(frame, 1 << 20, most_deflated=1 << 20)
    assert head is not None
    # As one that was used before, with something in it.
    place = memoryview(bytearray(b"\xee" * head.length))
    return LargeMessage(head, place, implementation.unmask_in_place, implementation.unmask_text)


def pieces(frame: bytes, cuts: list[int]) -> Iterator[bytes]:
    """A frame's payload as it comes, in pieces; some are empty."""
    head = read_head(frame, 1 << 20, most_deflated=1 << 20)
    assert head is not None
    payload = frame[head.size :]
    ends = sorted(cut % (len(payload) + 1) for cut in cuts)
    for start, end in zip([0, *ends], [*ends, len(payload)], strict=True):
        yield payload[start:end]


def receive(message: LargeMessage, data: bytes, implementation: ModuleType) -> bool:
    """Have a socket's octets put where they belong; whether it may still be a text."""
    if not data:
        return True
    with pair() as (peer, server):
        give(peer, data)
        place = message.place(len(data))
        octets, whole = implementation.receive_masked(server.fileno(), *place)
    assert octets == len(data)
    return message.received(octets, whole)


def fill(
    message: LargeMessage, frame: bytes, cuts: list[int], implementation: ModuleType
) -> tuple[bool, bytes]:
    """Fill in pieces until it is no text; whether it still is one, and what came until then."""
    came = b""
    for number, piece in enumerate(pieces(frame, cuts)):
        came += piece
        if number % 2:
            is_text = receive(message, piece, implementation)
        else:
            taken, is_text = message.fill(piece)
            assert taken == len(piece)
        if not is_text:
            return False, came
    return True, came


@given(EACH, st.text(min_size=1, max_size=300).map(str.encode) | st.binary(min_size=1), MASKS, CUTS)
@example(IMPLEMENTATIONS[-1], "\u20ac".encode() * 9000, KEY, [1, 500])
def test_pieces_make_the_whole(
    implementation: ModuleType, payload: bytes, mask: bytes, cuts: list[int]
) -> None:
    """Whatever they are; binary and compressed messages may be anything."""
    for first in (0x82, 0xC1, 0xC2):
        frame = Frame(first, payload, mask, 0).write()
        message = begin(frame, implementation)
        assert fill(message, frame, cuts, implementation)[0]
        assert message.is_whole
        assert (bytes(message.payload), message.missing) == (payload, 0)


@given(EACH, st.text(min_size=1, max_size=300).map(str.encode), MASKS, CUTS)
@example(IMPLEMENTATIONS[-1], "\u20ac\U0001f600".encode() * 5000, KEY, [1, 2, 5])
@example(IMPLEMENTATIONS[0], "\u20ac\U0001f600".encode() * 5000, KEY, [1, 2, 5])
def test_pieces_of_a_text_make_the_text(
    implementation: ModuleType, text: bytes, mask: bytes, cuts: list[int]
) -> None:
    """Their borders lie within code points."""
    frame = Frame(0x81, text, mask, 0).write()
    message = begin(frame, implementation)
    assert fill(message, frame, cuts, implementation) == (True, frame[-len(text) :])
    assert (message.is_whole, bytes(message.payload)) == (True, text)


@given(EACH, st.sampled_from(ODD_UTF8), st.integers(0, 200), st.integers(0, 200), CUTS)
@example(IMPLEMENTATIONS[-1], b"\xff", 200, 40_000, [])
@example(IMPLEMENTATIONS[-1], b"\xed\xa0\x80", 40_001, 40_000, [600])
def test_a_text_that_is_none_fails_at_once_and_is_as_it_came(
    implementation: ModuleType, bad: bytes, before: int, after: int, cuts: list[int]
) -> None:
    """With the piece that shows it, so that somebody else can say so."""
    text = b"x" * before + bad + b"y" * (after + 1)
    frame = Frame(0x81, text, KEY, 0).write()
    message = begin(frame, implementation)
    is_text, came = fill(message, frame, cuts, implementation)
    assert not is_text
    assert before < len(came) <= len(text)
    assert message.as_it_came() == came
    # The piece before did not show it: it could have become one.
    shown = masked_with(came, KEY)
    with pytest.raises(UnicodeDecodeError) as raised:
        shown.decode()
    assert raised.value.reason != "unexpected end of data"


@of_each
@pytest.mark.parametrize("text", ["\u00e9", "a\u20ac", "abc\U0001f600"])
def test_a_text_that_ends_within_a_code_point_is_none(
    implementation: ModuleType, text: str
) -> None:
    """It is known with the last octet, not before."""
    payload = text.encode()[:-1]
    frame = Frame(0x81, payload, KEY, 0).write()
    message = begin(frame, implementation)
    came = frame[-len(payload) :]
    for octet in came[:-1]:
        assert message.fill(bytes([octet])) == (1, True)
    assert message.fill(came[-1:]) == (1, False)
    assert message.as_it_came() == came


@of_each
def test_no_more_is_taken_than_is_of_the_message(implementation: ModuleType) -> None:
    """What follows is the next frame's."""
    frame = Frame(0x82, b"x" * 10, KEY, 0).write()
    message = begin(frame, implementation)
    assert message.fill(frame[6:9]) == (3, True)
    assert message.fill(frame[9:] + b"next") == (7, True)
    assert (message.is_whole, bytes(message.payload)) == (True, b"x" * 10)


# -- memory


def memory(buffers: Buffers, length: int) -> object:
    """What a message of that length would be received into now."""
    return buffers.take(length).obj


def test_memory_that_nobody_looks_at_is_used_again() -> None:
    """That of a message which somebody still sends is not."""
    buffers = Buffers()
    place = buffers.take(1000)
    first, view = place.obj, place[:10]
    place.release()
    second = memory(buffers, 1000)
    assert second is not first
    view.release()
    assert memory(buffers, 1000) is first
    with buffers.take(1000):
        assert memory(buffers, 1000) is second


def test_memory_is_large_enough_and_not_far_too_large() -> None:
    """A small message does not take what a large one needs."""
    buffers = Buffers()
    first = memory(buffers, 4000)
    assert memory(buffers, 1000) is first
    assert memory(buffers, 999) is not first
    assert len(buffers.take(4001)) == 4001
    assert memory(buffers, 4000) is first


@given(st.lists(st.tuples(st.integers(1, 60), st.booleans()), max_size=80))
def test_no_more_memory_is_kept_than_the_bound(wanted: list[tuple[int, bool]]) -> None:
    """Nor is one buffer given out twice, whatever is taken and let go."""
    buffers = Buffers(bound=100)
    held: list[memoryview] = []
    for length, is_let_go in wanted:
        place = buffers.take(length)
        assert len(place) == length
        assert all(place.obj is not other.obj for other in held)
        held.append(place)
        if is_let_go:
            held.pop(0).release()
        kept = buffers._kept
        assert sum(len(buffer) - ASIDE for buffer in kept) == buffers._size <= 100
        assert len(kept) <= 32


def test_memory_that_is_in_use_counts() -> None:
    """Who has sent a large message and begun another holds what the first one took."""
    buffers = Buffers(bound=100)
    held = [buffers.take(40) for _ in range(5)]
    kept = [view.obj for view in held[:2]]
    for view in held:
        view.release()
    again = [buffers.take(40) for _ in range(5)]
    used_again = [any(view.obj is one for one in kept) for view in again]
    assert used_again == [True, True, False, False, False]


@pytest.mark.parametrize("length", [1 << 16, (1 << 16) + 1, 1 << 24])
def test_memory_of_any_size_is_used_again(length: int) -> None:
    """However it is come by; where it begins is no page's beginning."""
    buffers = Buffers()
    with buffers.take(length) as view:
        view[-1] = 1
        assert memory(buffers, length) is not view.obj
        assert address(view) % PAGESIZE
    again = Buffers()
    assert memory(again, length) is memory(again, length)


def address(view: memoryview) -> int:
    """Where a view begins."""
    return addressof(c_char.from_buffer(view))


def test_a_long_message_that_does_not_come_costs_little() -> None:
    """It takes a dozen octets to say that one will be long."""

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGESIZE

    before, length = resident(), 1 << 24
    buffers = Buffers()
    held = [buffers.take(length) for _ in range(16)]
    for view in held:
        view[:10] = b"begins so "
    assert resident() - before < length


def test_memory_beyond_the_bound_is_not_kept() -> None:
    """It is of the one message."""
    buffers = Buffers(bound=100)
    small, large = memory(buffers, 60), memory(buffers, 101)
    assert memory(buffers, 101) is not large
    assert memory(buffers, 60) is small
