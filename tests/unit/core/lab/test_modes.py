# SPDX-License-Identifier: MIT
"""What the modes make of a message."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.lab.bench import chain_of
from wsecho.core.lab.modes import Modes, in_fragments
from wsecho.core.lab.outflow import OctetPace
from wsecho.core.lab.reading import read_frame_head


def modes_of(text: str, chance: float = 0.5) -> Modes:
    """Those of a chain, with chance that is always the same unless there is a seed."""
    modes = Modes(lambda: chance, lambda seed: Random(seed).random)
    for step in chain_of(text).script:
        modes.apply(step)
    return modes


def test_a_mode_holds_from_where_it_stands() -> None:
    """Each sets its own."""
    modes = modes_of("latency=1s/rate=5/split=2/no-pong/ping-every=2s/compress=off")
    assert (modes.latency, modes.no_pong, modes.ping_every, modes.compress) == (
        1.0,
        True,
        2.0,
        False,
    )
    assert modes.pace.segment == 2
    assert modes.pace.rate == 5
    assert modes_of("json").pace == OctetPace()


def test_a_frame_is_late_by_chance() -> None:
    """By the latency, and up to the jitter more."""
    assert modes_of("latency=1s/jitter=2s").delay == 2.0
    assert modes_of("latency=1s").delay == 1.0


def test_a_message_is_lost_or_doubled_by_chance() -> None:
    """Below the probability."""
    message = (b"a", False)
    assert list(modes_of("loss=0.6").order(message, 0.0)) == []
    assert list(modes_of("loss=0.5").order(message, 0.0)) == [message]
    assert list(modes_of("duplicate=0.6").order(message, 0.0)) == [message, message]


def test_pairs_change_places() -> None:
    """A lone one waits for a second."""
    modes = modes_of("reorder")
    a, b, c = ((one, False) for one in (b"a", b"b", b"c"))
    assert list(modes.order(a, 5.0)) == []
    assert modes.lonely_at == 6.0
    assert list(modes.order(b, 5.5)) == [b, a]
    assert modes.lonely_at is None
    assert list(modes.order(c, 7.0)) == []
    assert list(modes.release()) == [c]
    assert list(modes.release()) == []


def read(octets: bytes) -> list[tuple[int, bytes]]:
    """First octets and payloads of unmasked frames."""
    found, begin = [], 0
    while begin < len(octets):
        first, head = octets[begin], read_frame_head(octets, begin)
        assert head is not None
        begin = head[1] + head[0].length
        found.append((first, octets[head[1] : begin]))
    return found


@given(st.binary(max_size=300), st.integers(0, 200))
def test_fragments_make_the_message(payload: bytes, size: int) -> None:
    """The first says what it is, the last that it is the last; all but that are of the size."""
    frames = read(b"".join(in_fragments(2, payload, size)))
    assert b"".join(piece for _, piece in frames) == payload
    firsts = [first for first, _ in frames]
    if len(firsts) == 1:
        assert firsts == [0x82]
    else:
        assert firsts == [0x02, *([0x00] * (len(firsts) - 2)), 0x80]
        assert {len(piece) for _, piece in frames[:-1]} == {size}


@given(st.integers(0, 300), st.integers(0, 200))
def test_a_filled_message_is_the_same_as_one_in_memory(size: int, fragment: int) -> None:
    """Octet by octet."""
    modes = modes_of(f"fragment={fragment}") if fragment else modes_of("json")
    made = b"".join(entry.take(10**6) for entry in modes.filled(size, is_binary=True))
    payload = (b"0123456789abcdef" * 20)[:size]
    assert made == b"".join(modes.frames((payload, True), None))
