# SPDX-License-Identifier: MIT
"""`Range` against a plain reading of RFC 9110 section 14: which octets, one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.http.ranges import MAX_RANGES, Span, read_ranges

numbers = st.integers(0, 40)
specs = st.one_of(
    st.tuples(numbers, numbers).map(lambda pair: (min(pair), max(pair))),
    st.tuples(numbers, st.none()),
    st.tuples(st.none(), numbers),
)


def written(spec: tuple[int | None, int | None]) -> str:
    """A spec as a client writes it."""
    first, last = spec
    return f"{'' if first is None else first}-{'' if last is None else last}"


def meant(spec: tuple[int | None, int | None], length: int) -> set[int]:
    """The octets that a spec names of those that there are."""
    first, last = spec
    if first is None:
        assert last is not None
        return set(range(max(0, length - last), length))
    return set(range(first, length if last is None else min(length, last + 1)))


@pytest.mark.parametrize(
    ("value", "spans"),
    [
        ("bytes=0-499", [(0, 500)]),
        ("bytes=500-999", [(500, 1000)]),
        ("bytes=-500", [(500, 1000)]),
        ("bytes=500-", [(500, 1000)]),
        ("bytes=0-0,-1", [(0, 1), (999, 1000)]),
        ("bytes= 0-0 ,\t4-5", [(0, 1), (4, 6)]),
        ("bytes=,,0-0, ,", [(0, 1)]),
        ("Bytes=0-0", [(0, 1)]),
        ("bytes=-2000", [(0, 1000)]),
        ("bytes=0-2000", [(0, 1000)]),
        ("bytes=999-" + "9" * 5000, [(999, 1000)]),
        ("bytes=-" + "9" * 5000, [(0, 1000)]),
        ("bytes=0000-0001", [(0, 2)]),
        ("bytes=4-5,0-1", [(4, 6), (0, 2)]),
        ("bytes=0-10,5-20", [(0, 21)]),
        ("bytes=5-20,0-10", [(0, 21)]),
        ("bytes=0-1,2-3", [(0, 4)]),
        ("bytes=8-9,0-3,2-5", [(8, 10), (0, 6)]),
        ("bytes=2000-,0-1", [(0, 2)]),
        ("bytes=-0,0-1", [(0, 2)]),
        (",".join(["bytes=0-"] + ["0-"] * 4999), [(0, 1000)]),
    ],
)
def test_what_is_wanted(value: str, spans: list[tuple[int, int]]) -> None:
    """Of 1,000 octets."""
    assert read_ranges(value, 1000) == tuple(Span(*pair) for pair in spans)


@pytest.mark.parametrize(
    "value",
    ["bytes=1000-", "bytes=1000-1001,2000-", "bytes=-0", "bytes=" + "9" * 5000 + "-"],
)
def test_what_is_not_there(value: str) -> None:
    """Nothing of it can be sent."""
    assert read_ranges(value, 1000) == ()


@pytest.mark.parametrize(
    "value",
    [
        *("", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=--1", "bytes=1-0", "bytes=0-1,x"),
        *("bytes=0-1;2-3", "bytes=a-b", "bytes=0-1 2-3", "bytes 0-1", "bytes=0 -1", "bytes=+0-1"),
        *(
            "bytes=0-1, bytes=2-3",
            "lines=0-1",
            "bytes=\xff-1",
            "bytes=0-\xb2",
            "bytes=\u0660-\u0662",
        ),
        *("bytes=\u0660-\u0662", "bytes=5-1,0-1", "bytes=0_0-1_0", "\x00", "bytes =0-1"),
    ],
)
def test_what_counts_for_nothing(value: str) -> None:
    """Another unit, or no ranges at all."""
    assert read_ranges(value, 1000) is None


def test_no_more_than_a_few_parts() -> None:
    """The whole costs less."""
    few = ",".join(f"{10 * n}-{10 * n}" for n in range(MAX_RANGES))
    assert len(read_ranges(f"bytes={few}", 1000) or ()) == MAX_RANGES
    assert read_ranges(f"bytes={few},999-", 1000) is None


def test_of_nothing_the_last_octets_are_nothing() -> None:
    """Which is sent whole; from a position on, there is nothing to be sent."""
    assert read_ranges("bytes=-5", 0) is None
    assert read_ranges("bytes=-0", 0) == ()
    assert read_ranges("bytes=0-", 0) == ()


@given(st.lists(specs, min_size=1, max_size=MAX_RANGES), st.integers(1, 30))
def test_every_octet_that_is_meant_comes_once(
    wanted: list[tuple[int | None, int | None]], length: int
) -> None:
    """And no other does, however the ranges overlap."""
    spans = read_ranges("bytes=" + ", ".join(map(written, wanted)), length)
    assert spans is not None
    sent = [octet for span in spans for octet in range(span.start, span.stop)]
    assert len(sent) == len(set(sent))
    assert set(sent) == set[int]().union(*(meant(spec, length) for spec in wanted))


@given(st.text(st.characters(max_codepoint=255), max_size=30), st.integers(0, 30))
def test_whatever_is_sent_is_no_fault(text: str, length: int) -> None:
    """The answer never promises more than there is."""
    spans = read_ranges(f"bytes={text}", length) or ()
    assert sum(map(len, spans)) <= length
