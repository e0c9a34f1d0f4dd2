# SPDX-License-Identifier: MIT
"""What reads frames on the lane: one set of tests for Python and for C."""

import errno
import os
import shutil
from types import ModuleType
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.frames import ODD_UTF8, STREAMS, Frame, masked_with, whole
from tests.unit.lane.implementations import (
    COMPILED,
    NAMES,
    SHARED,
    STACK,
    give,
    if_compiled,
    of_each,
    pair,
    take,
)
from wsecho.lane import octets

NO_LIMIT: Final = 1 << 40


def test_it_is_compiled_where_a_compiler_is() -> None:
    """Else half of these tests would be left out in silence."""
    assert COMPILED or not any(shutil.which(name) for name in ("cc", "gcc", "clang"))


@if_compiled
def test_both_have_the_same_functions() -> None:
    """And nothing beside them."""
    [compiled] = COMPILED
    assert {name for name in dir(compiled) if not name.startswith("__")} == set(NAMES)
    assert all(callable(getattr(octets, name)) for name in NAMES)


@of_each
@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_lengths_of_all_forms_are_read(implementation: ModuleType, size: int) -> None:
    """Text and binary, one behind the other."""
    payload = os.urandom(size)
    stream = whole(b"x" * size) + whole(payload, 0x82)
    assert implementation.read_messages(stream, size) == (
        [(b"x" * size, False), (payload, True)],
        len(stream),
    )
    if size:
        assert implementation.read_messages(stream, size - 1) == ([], 0)


@of_each
@pytest.mark.parametrize("size", [0, 5, 125, 126, 300, 65_535, 65_536])
def test_a_frame_that_is_cut_anywhere_is_left(implementation: ModuleType, size: int) -> None:
    """The message before it is read."""
    before, frame = whole(b"hi"), whole(b"x" * size, 0x82)
    for cut in range(min(len(frame), 400)):
        read = implementation.read_messages(before + frame[:cut], NO_LIMIT)
        assert read == ([(b"hi", False)], len(before))
    short = implementation.read_messages(before + frame[:-1], NO_LIMIT)
    assert short == ([(b"hi", False)], len(before))


@of_each
@pytest.mark.parametrize("bad", ODD_UTF8, ids=bytes.hex)
@pytest.mark.parametrize("place", [0, 1, 63, 64, 65, 128, 200])
def test_texts_that_are_none_are_left(implementation: ModuleType, bad: bytes, place: int) -> None:
    """Wherever it is that they break; as binary they are fine."""
    payload = b"x" * place + bad + b"y" * (200 - place)
    assert implementation.read_messages(whole(payload), 300) == ([], 0)
    assert implementation.read_messages(whole(payload, 0x82), 300)[0] == [(payload, True)]


@of_each
def test_the_longest_lengths_there_are_do_no_harm(implementation: ModuleType) -> None:
    """Nor does the sum of head and payload run over."""
    for length in (0, 65_535, 65_536, (1 << 63) - 1, 1 << 63, (1 << 64) - 14, (1 << 64) - 1):
        head = b"\x82\xff" + length.to_bytes(8) + b"abcd"
        for data in (head, head + b"x" * 100):
            assert implementation.read_messages(data, (1 << 63) - 1) == ([], 0)


@if_compiled
@given(STREAMS | st.binary(max_size=200), st.integers(0, 400), st.integers(0, 400))
@example(whole(b"a") * 300, 5, 0)
@example(b"", 0, 0)
def test_both_read_the_same(stream: bytes, most: int, cut: int) -> None:
    """Whatever comes."""
    [compiled] = COMPILED
    for data in (stream, stream[:cut]):
        assert compiled.read_messages(data, most) == octets.read_messages(data, most)


@of_each
def test_what_came_is_received(implementation: ModuleType) -> None:
    """Whole messages, what follows them, and how much it was."""
    stream = whole(b"a") + whole(b"b", 0x82) + Frame(0x89, b"ping", b"abcd", 0).write()
    with pair() as (peer, server):
        assert implementation.receive(server.fileno(), STACK, 100) is None
        give(peer, stream)
        received = implementation.receive(server.fileno(), STACK, 100)
        assert received == ([(b"a", False), (b"b", True)], stream[14:], len(stream))
        peer.close()
        assert implementation.receive(server.fileno(), STACK, 100) == ([], b"", 0)


@of_each
@pytest.mark.parametrize("size", [0, 1, 7, STACK - 1, STACK, STACK + 1, SHARED - 1, SHARED])
def test_no_more_is_received_than_asked_for(implementation: ModuleType, size: int) -> None:
    """The rest comes with the next call; nothing is lost in between."""
    stream = whole(b"x" * 1000) * 400
    with pair() as (peer, server):
        give(peer, stream)
        messages, rest, came = implementation.receive(server.fileno(), size, 2000)
        assert came == size
        assert b"".join(whole(payload) for payload, _ in messages) + rest == stream[:size]
        assert server.recv(len(stream)) == stream[size:]


@of_each
def test_far_more_may_be_asked_for_than_there_is(implementation: ModuleType) -> None:
    """It is as much as can be had at once, at most."""
    stream = whole(b"x" * 1000) * 300
    with pair() as (peer, server):
        give(peer, stream)
        got, rest = b"", b""
        while len(got) < len(stream):
            messages, rest, _ = implementation.receive(server.fileno(), 1 << 30, 2000)
            got += b"".join(whole(payload) for payload, _ in messages)
            if rest:
                got += rest + server.recv(1008 - len(rest))
        assert got == stream


@of_each
@pytest.mark.parametrize("name", ["receive", "echo"])
def test_broken_connections_raise(implementation: ModuleType, name: str) -> None:
    """A reset, and what is no descriptor, each by its own class."""
    read = getattr(implementation, name)
    with pair() as (peer, server):
        server.send(b"never read")
        peer.close()
        with pytest.raises(ConnectionResetError):
            read(server.fileno(), STACK, 100)
    with pytest.raises(OSError, match="descriptor") as raised:
        read(-1, SHARED, 100)
    assert raised.value.errno == errno.EBADF


@if_compiled
@given(STREAMS, st.lists(st.integers(0, 2000), max_size=4), st.sampled_from([1, 100, STACK, 20000]))
def test_both_receive_the_same(stream: bytes, cuts: list[int], size: int) -> None:
    """In pieces, too."""
    ends = sorted(cut % (len(stream) + 1) for cut in cuts)
    with pair() as (first, one), pair() as (second, other):
        for begin, end in zip([0, *ends], [*ends, len(stream)], strict=True):
            give(first, stream[begin:end])
            give(second, stream[begin:end])
            [compiled] = COMPILED
            here = compiled.receive(one.fileno(), size, 200)
            assert here == octets.receive(other.fileno(), size, 200)


@of_each
@pytest.mark.parametrize("size", [-1, -STACK, -(1 << 40)])
@pytest.mark.parametrize("name", ["receive", "echo"])
def test_less_than_nothing_cannot_be_received(
    implementation: ModuleType, name: str, size: int
) -> None:
    """The system's own error, and what came is there yet."""
    with pair() as (peer, server):
        give(peer, b"x" * (STACK * 2))
        with pytest.raises(OSError, match="Invalid argument"):
            getattr(implementation, name)(server.fileno(), size, 100)
        assert len(take(server)) == STACK * 2


@of_each
@pytest.mark.parametrize("key", [b"", b"abc", b"abcde"])
def test_a_key_has_four_octets(implementation: ModuleType, key: bytes) -> None:
    """Of a message and of a text."""
    buffer = bytearray(b"some octets")
    with pytest.raises(ValueError, match=r"octets|mask"):
        implementation.unmask_in_place(memoryview(buffer), key)
    with pytest.raises(ValueError, match=r"octets|mask"):
        implementation.unmask_text(memoryview(buffer), key, 0)


@of_each
@pytest.mark.parametrize("plain", [-1, 12, 1 << 40])
def test_no_more_is_plain_than_there_is(implementation: ModuleType, plain: int) -> None:
    """Nor less than nothing."""
    buffer = bytearray(b"some octets")
    with pytest.raises(ValueError, match=r"octets|mask"):
        implementation.unmask_text(memoryview(buffer), b"abcd", plain)
    assert buffer == b"some octets"


PIECES: Final = st.text(max_size=20).map(str.encode) | st.sampled_from(ODD_UTF8)
HOT: Final = 1 << 18
"""Octets that are received at a time, in C."""


@if_compiled
@given(
    st.lists(PIECES, min_size=1, max_size=4).map(b"".join),
    st.sampled_from([0, 1, 60, STACK - 1, HOT - 2, HOT + 1]),
    st.integers(0, 4),
    st.integers(0, 40),
    st.booleans(),
)
@example(b"a", HOT - 1, 0, 0, True)
@example("\u20ac".encode(), HOT - 1, 0, 0, True)
@example(b"\xe2\x82", HOT + 5, 3, 0, True)
def test_both_receive_and_unmask_alike(
    ending: bytes, before: int, plain: int, room: int, is_text: bool
) -> None:
    """The same octets, in the same place, and as much of a text."""
    payload = b"x" * before + (ending or b"y")
    plain = min(plain, len(payload) - 1)
    came = payload[:plain] + masked_with(payload[plain:], b"\x81\x7f\xff\x00")
    answers: list[Any] = []
    for implementation in (octets, *COMPILED):
        buffer = bytearray(came[:plain] + b"\xee" * (len(came) - plain + room))
        with pair() as (peer, server):
            give(peer, came[plain:])
            answers.append(
                implementation.receive_masked(
                    server.fileno(), memoryview(buffer), b"\x81\x7f\xff\x00", plain, is_text
                )
            )
        answers.append(bytes(buffer))
    if answers[0][1] < 0:
        # Where a text turns out to be none, what is still there may be left there.
        assert [answer[1] for answer in answers[::2]] == [-1] * (len(answers) // 2)
        return
    assert answers[:2] == answers[2:]
    assert answers[0][0] == len(payload) - plain
    assert answers[1] == payload + b"\xee" * room


@of_each
def test_no_more_is_received_than_there_is_room(implementation: ModuleType) -> None:
    """Nor where nothing is there; at the end it is nothing."""
    buffer = memoryview(bytearray(b"some octets"))
    with pair() as (peer, server):
        number = server.fileno()
        assert implementation.receive_masked(number, buffer, b"abcd", 5, False) is None
        give(peer, b"123456789")
        assert implementation.receive_masked(number, buffer, bytes(4), 5, False) == (6, 11)
        assert bytes(buffer) == b"some 123456"
        assert implementation.receive_masked(number, buffer[:9], bytes(4), 0, True) == (3, 3)
        peer.close()
        assert implementation.receive_masked(number, buffer, b"abcd", 0, True)[0] == 0
    with pytest.raises(OSError, match="descriptor"):
        implementation.receive_masked(-1, buffer, b"abcd", 0, False)


@of_each
@pytest.mark.parametrize(
    ("key", "plain"), [(b"abc", 0), (b"abcde", 0), (b"abcd", -1), (b"abcd", 5)]
)
def test_nothing_is_received_with_no_key_or_no_place(
    implementation: ModuleType, key: bytes, plain: int
) -> None:
    """It stays in the socket."""
    with pair() as (peer, server):
        give(peer, b"octets")
        with pytest.raises(ValueError, match="octets"):
            implementation.receive_masked(
                server.fileno(), memoryview(bytearray(4)), key, plain, False
            )
        assert server.recv(10) == b"octets"


@of_each
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("arguments", [(), ("x",), (None, None), (None, None, None), (1, 2, 3, 4)])
def test_arguments_of_another_kind_raise(
    implementation: ModuleType, name: str, arguments: tuple[Any, ...]
) -> None:
    """And nothing worse."""
    with pytest.raises(TypeError):
        getattr(implementation, name)(*arguments)


@if_compiled
@pytest.mark.parametrize("most", [-1, 1 << 63, 1 << 64])
def test_c_takes_no_length_that_is_none(most: int) -> None:
    """Rather than another one."""
    [compiled] = COMPILED
    for call in (
        lambda: compiled.read_messages(whole(b"a"), most),
        lambda: compiled.receive(0, 10, most),
        lambda: compiled.echo(0, 10, most),
    ):
        with pytest.raises((OverflowError, ValueError)):
            call()


@if_compiled
def test_c_writes_to_nothing_that_is_not_to_be_written_to() -> None:
    """Octets cannot change."""
    [compiled] = COMPILED
    for call in (compiled.unmask_in_place, lambda *these: compiled.unmask_text(*these, 0)):
        with pytest.raises((BufferError, TypeError)):
            call(b"octets", b"abcd")
        with pytest.raises((BufferError, TypeError)):
            call(memoryview(bytearray(8))[::2], b"abcd")
