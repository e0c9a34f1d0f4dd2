# SPDX-License-Identifier: MIT
"""What writes frames on the lane, and sends back what it reads: one set of tests for both."""

import errno
import os
import socket
from array import array
from types import ModuleType
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.frames import ANY, GOOD, MASKS, ODD_UTF8, Frame, whole
from tests.unit.lane.implementations import (
    COMPILED,
    SHARED,
    STACK,
    give,
    if_compiled,
    of_each,
    pair,
    take,
)
from wsecho.lane import octets

BROKEN_TEXT: Final = Frame(0x81, "ab\u20accd".encode()[:4], b"wxyz", 0).write()


def answer(payload: bytes, first: int = 0x81) -> bytes:
    """A message as a server sends it."""
    return Frame(first, payload, None, 0).write()


def errors_of(call: Any, *arguments: Any) -> Any:
    """What a call returns, or the error that it raises."""
    try:
        return call(*arguments)
    except OSError as error:
        return type(error), error.errno


@of_each
@pytest.mark.parametrize("size", [STACK, SHARED])
def test_messages_are_sent_back(implementation: ModuleType, size: int) -> None:
    """As they came, in their order; what follows them is given back as it came."""
    payloads = [b"", b"a", b"x" * 125, b"y" * 126, "\u20ac".encode() * 100, b"z" * 5000]
    stream = b"".join(whole(payload) + whole(payload, 0x82) for payload in payloads)
    rest = whole(b"late")[:-1]
    with pair() as (peer, server):
        assert implementation.echo(server.fileno(), size, 5000) is None
        give(peer, stream + rest)
        echoed = implementation.echo(server.fileno(), size, 5000)
        total = 2 * sum(map(len, payloads))
        assert echoed == (12, total, rest, b"", len(stream + rest))
        assert take(peer) == b"".join(answer(text) + answer(text, 0x82) for text in payloads)
        peer.shutdown(socket.SHUT_WR)
        assert implementation.echo(server.fileno(), size, 5000) == (0, 0, b"", b"", 0)


@of_each
@pytest.mark.parametrize("size", [STACK, SHARED])
def test_from_a_text_that_is_none_on_all_is_as_it_came(
    implementation: ModuleType, size: int
) -> None:
    """Still masked: somebody else reads it from there."""
    good, late = whole(b"good" * 30), whole(b"late")
    with pair() as (peer, server):
        for broken in (BROKEN_TEXT, *(whole(b"x" * 70 + bad, 0x81) for bad in ODD_UTF8)):
            give(peer, good + good + broken + late)
            echoed = implementation.echo(server.fileno(), size, 200)
            length = len(good + good + broken + late)
            assert echoed == (2, 240, broken + late, b"", length)
            assert take(peer) == answer(b"good" * 30) * 2


@of_each
def test_a_frame_that_is_cut_anywhere_is_not_echoed(implementation: ModuleType) -> None:
    """What there is of it is given back."""
    first, frame = whole(b"first"), whole(b"x" * 150)
    with pair() as (peer, server):
        for cut in range(len(frame)):
            give(peer, first + frame[:cut])
            echoed = implementation.echo(server.fileno(), STACK, 200)
            assert echoed == (1, 5, frame[:cut], b"", len(first) + cut)
            assert take(peer) == answer(b"first")


@of_each
@pytest.mark.parametrize("size", [STACK, SHARED])
def test_what_the_socket_does_not_take_is_given_back(implementation: ModuleType, size: int) -> None:
    """First a part of it, then all."""
    stream, expected = whole(b"m" * 1000) * 16, answer(b"m" * 1000) * 16
    with pair(room=4608) as (peer, server):
        give(peer, stream)
        messages, payloads, rest, unsent, _ = implementation.echo(server.fileno(), size, 1000)
        assert (messages, payloads, rest) == (16, 16_000, b"")
        assert 0 < len(unsent) < len(expected)
        with pytest.raises(BlockingIOError):
            server.send(b"x" * 10_000)
        give(peer, stream[:2016])
        assert implementation.echo(server.fileno(), size, 1000)[:4] == (
            *(2, 2000, b""),
            expected[:2008],
        )
        assert take(peer) + unsent == expected


@of_each
def test_who_takes_nothing_any_more_is_gone(implementation: ModuleType) -> None:
    """An error as any other; no signal ends the process."""
    with pair() as (peer, server):
        give(peer, whole(b"answer me"))
        peer.shutdown(socket.SHUT_RD)
        with pytest.raises(BrokenPipeError):
            implementation.send_message(server.fileno(), b"x", False)
        with pytest.raises(BrokenPipeError):
            implementation.echo(server.fileno(), STACK, 100)


LARGE = st.builds(
    lambda size, octet, mask: Frame(0x82, octet * size, mask, 0),
    st.sampled_from([126, 4000, 16_370, 16_384, 65_536, 70_000]),
    st.binary(min_size=1, max_size=1),
    MASKS,
)
ECHOED = st.lists(GOOD | GOOD | LARGE | ANY, max_size=8).map(
    lambda frames: b"".join(frame.write() for frame in frames)
)
SIZES = st.sampled_from([1, 50, 2000, STACK, STACK + 1, SHARED])


@if_compiled
@given(ECHOED, SIZES, st.sampled_from([0, 1, 20_000]), st.integers(0, 70_000))
@example(whole(b"a") * 10 + whole(b"\xff") + whole(b"b"), STACK, 0, 300)
@example(whole(b"a" * 3000, 0x82) * 20, SHARED, 1, 70_000)
def test_both_echo_the_same(stream: bytes, size: int, room: int, most: int) -> None:
    """Read after read, to a peer that takes much, little, or nothing more after a while."""
    [compiled] = COMPILED
    with pair(room) as (first, one), pair(room) as (second, other):
        for peer in (first, second):
            give(peer, stream)
        for _ in range(8):
            here = errors_of(compiled.echo, one.fileno(), size, most)
            assert here == errors_of(octets.echo, other.fileno(), size, most)
        assert take(first) == take(second)


@of_each
@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 100_000])
def test_a_message_is_one_frame(implementation: ModuleType, size: int) -> None:
    """From octets, and from a view of them."""
    payload = os.urandom(size)
    with pair(room=1 << 20) as (peer, server):
        send = implementation.send_message
        assert send(server.fileno(), payload, True) == 0
        assert send(server.fileno(), memoryview(payload)[: size // 2], False) == 0
        assert take(peer) == answer(payload, 0x82) + answer(payload[: size // 2])


@of_each
def test_what_is_left_of_a_message_is_told(implementation: ModuleType) -> None:
    """A part of it, then all of the next: the head, too."""
    payload = os.urandom(100_000)
    with pair(room=8192) as (peer, server):
        left = implementation.send_message(server.fileno(), payload, True)
        frame = answer(payload, 0x82)
        assert 0 < left < len(frame)
        with pytest.raises(BlockingIOError):
            server.send(b"x" * 10_000)
        assert implementation.send_message(server.fileno(), b"abc", False) == 5
        assert take(peer) == frame[: len(frame) - left]


@if_compiled
@given(st.lists(st.integers(0, 80_000), max_size=6), st.sampled_from([0, 1, 10_000, 100_000]))
def test_both_send_the_same(sizes: list[int], room: int) -> None:
    """Until the peer takes no more."""
    [compiled] = COMPILED
    with pair(room) as (first, one), pair(room) as (second, other):
        for number, size in enumerate(sizes):
            payload, is_binary = bytes([number]) * size, bool(size % 2)
            here = compiled.send_message(one.fileno(), payload, is_binary)
            assert here == octets.send_message(other.fileno(), payload, is_binary)
        assert take(first) == take(second)


@of_each
def test_many_are_sent_the_same(implementation: ModuleType) -> None:
    """Who did not take all of it is told apart from who is gone."""
    frame = answer(b"x" * 12_000)
    with pair() as (peer, whole_one), pair(4608) as (slow, part), pair(4608) as (full, none):
        none.send(b"y" * 20_000)
        with pair() as (gone, broken):
            gone.close()
            sockets = [whole_one, part, none, broken, whole_one]
            descriptors = array("i", [*(one.fileno() for one in sockets), -1])
            late = implementation.send_to_all(descriptors, frame)
        assert take(peer) == frame * 2
        sent = take(slow)
        assert frame.startswith(sent)
        assert late == [(1, len(sent)), (2, 0), (3, -errno.EPIPE), (5, -errno.EBADF)]
        assert 0 < len(sent) < len(frame)
        assert frame not in take(full)
        assert implementation.send_to_all(array("i"), frame) == []
