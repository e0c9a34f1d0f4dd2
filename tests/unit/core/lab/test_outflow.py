# SPDX-License-Identifier: MIT
"""What waits to be sent: in order, each octet as soon as it may go, and no sooner."""

from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.lab.outflow import PIECE, HalfEnd, OctetPace, OutEntry, Outflow, pattern


def drained(out: Outflow, now: float = 0.0, until: float = 1e6) -> list[tuple[float, bytes]]:
    """All that is given out, and when."""
    given_out = []
    while now <= until:
        while data := out.take(now):
            given_out.append((round(now, 6), data))
        if (moment := out.next_time) is None:
            break
        now = max(now, moment)
    return given_out


def test_what_is_due_goes_at_once_and_in_one_piece() -> None:
    """So that an answer and a frame are one segment."""
    out = Outflow()
    out.push(OutEntry(b"a"))
    out.push(OutEntry(b"b"))
    assert out.take(0.0) == b"ab"
    assert out.next_time is None


def test_order_is_kept_though_the_later_is_due_sooner() -> None:
    """Nothing overtakes."""
    out = Outflow()
    out.push(OutEntry(b"a", due=5.0))
    out.push(OutEntry(b"b", due=1.0))
    assert drained(out) == [(5.0, b"ab")]


def test_segments_are_given_out_one_by_one() -> None:
    """With a pause between them, also between frames."""
    out = Outflow()
    pace = OctetPace(segment=2, pause=1.0)
    out.push(OutEntry(b"abc", pace=pace))
    out.push(OutEntry(b"de", pace=pace))
    assert drained(out) == [(0.0, b"ab"), (1.0, b"c"), (2.0, b"de")]


def test_a_rate_is_kept() -> None:
    """Over all frames, and not by waiting for a second's worth."""
    out = Outflow()
    for _ in range(3):
        out.push(OutEntry(b"x" * 100, pace=OctetPace(rate=100)))
    given_out = drained(out)
    assert sum(len(data) for _, data in given_out) == 300
    assert max(len(data) for _, data in given_out) == 5
    assert given_out[-1][0] == 2.95


@given(
    st.lists(
        st.builds(
            OutEntry,
            st.binary(max_size=9),
            st.integers(0, 20),
            st.floats(0, 3),
            st.builds(
                OctetPace, st.integers(0, 4), st.sampled_from([0.0, 0.1]), st.integers(0, 30)
            ),
        ).filter(len),
        max_size=6,
    )
)
def test_no_octet_is_lost_or_doubled(entries: list[OutEntry]) -> None:
    """Whatever the paces."""
    out = Outflow()
    whole = b"".join(entry.octets + pattern(0, entry.filling) for entry in entries)
    for entry in entries:
        out.push(entry)
    assert b"".join(data for _, data in drained(out)) == whole
    assert out.held == 0


def test_a_long_filling_takes_no_memory() -> None:
    """It is made as it goes, in pieces."""
    out = Outflow()
    out.push(OutEntry(b"head", filling=10**9))
    assert out.held == 4
    first = out.take(0.0)
    assert len(first) == PIECE
    assert first.startswith(b"head0123456789abcdef0123")
    assert out.take(0.0)[:16] == pattern(PIECE - 4, PIECE + 12)


@given(st.integers(0, 9000), st.integers(0, 9000))
def test_a_pattern_is_the_same_wherever_it_is_cut(begin: int, length: int) -> None:
    """Of the sixteen hexadecimal digits."""
    whole = b"0123456789abcdef" * 1200
    assert pattern(begin, begin + length) == whole[begin : begin + length]


def test_an_end_comes_behind_all() -> None:
    """And nothing behind it."""
    out = Outflow()
    out.push(OutEntry(b"a", due=1.0))
    out.push(OutEntry(b"", end=HalfEnd.FIN))
    out.push(OutEntry(b"b"))
    assert out.take(0.0) == b""
    assert (out.end, out.take(1.0), out.end) == (None, b"a", None)
    assert (out.take(1.0), out.end, out.next_time) == (b"", HalfEnd.FIN, None)
    assert out.take(9.0) == b""


def test_a_mark_is_told_once_its_octets_have_gone() -> None:
    """With the last of them."""
    out = Outflow()
    out.push(OutEntry(b"abc", pace=OctetPace(2, 1.0), mark="m"))
    out.take(0.0)
    assert out.take_gone() == []
    out.take(1.0)
    assert out.take_gone() == ["m"]
    assert out.take_gone() == []


def test_what_is_forgotten_may_have_cut_a_frame() -> None:
    """Which is told, for nothing whole can follow then."""
    out = Outflow()
    out.push(OutEntry(b"abc", pace=OctetPace(2, 1.0)))
    assert not Outflow().clear()
    out.take(0.0)
    assert out.clear()
    assert (len(out), out.held, out.next_time) == (0, 0, None)
    out.push(OutEntry(b"abc"))
    assert not out.clear()
