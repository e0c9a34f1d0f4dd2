# SPDX-License-Identifier: MIT
"""What waits for a slow reader: bounded, in order, and what is left out is told."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.limits.backlog import Backlog, Gap, Stream, TooSlowError, Waiting
from wsecho.core.limits.sendqueue import ENTRY_COST

COST = 10 + ENTRY_COST
CLOSE, SKIP, LATEST = Stream("c", "close"), Stream("s", "skip"), Stream("l", "latest")


def message(stream: Stream, offset: int) -> Waiting[str]:
    """A message of ten bytes."""
    return Waiting(f"{stream.key}{offset}", 10, stream, offset)


def own(name: str) -> Waiting[str]:
    """Something of the door's own."""
    return Waiting(name, 10)


def drain(backlog: Backlog[str]) -> list[Any]:
    """All that waits, in order: what it is, or the gap's stream and ends."""
    found: list[Any] = []
    while backlog:
        popped = backlog.pop()
        if isinstance(popped, Gap):
            found.append((popped.stream.key, popped.after, popped.upto))
        else:
            found.append(popped.what)
    assert backlog.size == 0
    return found


def test_first_in_first_out() -> None:
    """Within the bound nothing is left out."""
    backlog: Backlog[str] = Backlog(3 * COST)
    for entry in (message(SKIP, 1), own("x"), message(SKIP, 2)):
        assert backlog.push(entry) == 0
    assert drain(backlog) == ["s1", "x", "s2"]


def test_past_the_bound_a_reader_that_must_have_all_is_given_up() -> None:
    """And so is one that only waits for things of the door's own."""
    backlog: Backlog[str] = Backlog(2 * COST)
    backlog.push(message(CLOSE, 1))
    backlog.push(own("x"))
    for entry in (message(CLOSE, 2), own("y"), message(SKIP, 1)):
        with pytest.raises(TooSlowError):
            backlog.push(entry)
    assert drain(backlog) == ["c1", "x"]


def test_one_entry_of_any_size_passes_an_empty_backlog() -> None:
    """Else the largest message could never be sent to anyone."""
    backlog: Backlog[str] = Backlog(1)
    backlog.push(message(CLOSE, 1))
    assert drain(backlog) == ["c1"]


def test_skip_leaves_out_the_oldest_and_says_which() -> None:
    """What is the door's own keeps its place."""
    backlog: Backlog[str] = Backlog(3 * COST)
    for entry in (message(SKIP, 1), own("x"), message(SKIP, 2), message(SKIP, 3)):
        backlog.push(entry)
    assert backlog.push(message(SKIP, 4)) == 1
    assert drain(backlog) == ["x", ("s", 0, 2), "s3", "s4"]


def test_room_is_made_of_what_may_be_left_out_alone() -> None:
    """However much stands before it that may not: that keeps its order, and counts as before."""
    backlog: Backlog[str] = Backlog(4 * COST)
    for entry in (own("x"), message(CLOSE, 1), message(SKIP, 1), own("y")):
        backlog.push(entry)
    assert backlog.push(own("z")) == 1
    assert backlog.size == 4 * COST
    with pytest.raises(TooSlowError):
        backlog.push(own("!"))
    assert backlog.size == 4 * COST
    assert drain(backlog) == ["x", "c1", "y", "z", ("s", 0, 1)]


def test_latest_keeps_only_the_newest() -> None:
    """However much room there is."""
    backlog: Backlog[str] = Backlog(100 * COST)
    backlog.push(own("x"))
    left_out = [backlog.push(message(LATEST, offset)) for offset in range(5, 9)]
    assert left_out == [0, 1, 1, 1]
    assert drain(backlog) == ["x", ("l", 4, 7), "l8"]


def test_streams_are_told_apart() -> None:
    """A gap stands before what follows it in its own room."""
    backlog: Backlog[str] = Backlog(2 * COST)
    other = Stream("o", "skip")
    for entry in (message(SKIP, 1), message(other, 7), message(SKIP, 2), message(other, 8)):
        backlog.push(entry)
    assert drain(backlog) == [("s", 0, 1), "s2", ("o", 6, 7), "o8"]


def test_a_gap_that_nothing_follows_is_told_all_the_same() -> None:
    """The room's last messages made place for something else."""
    backlog: Backlog[str] = Backlog(COST)
    backlog.push(message(SKIP, 1))
    backlog.push(own("x"))
    assert drain(backlog) == ["x", ("s", 0, 1)]


def test_what_could_not_be_sent_goes_back_in_front() -> None:
    """A message and a gap alike."""
    backlog: Backlog[str] = Backlog(COST)
    backlog.push(message(SKIP, 1))
    backlog.push(message(SKIP, 2))
    for _ in range(2):
        backlog.put_back(backlog.pop())
    assert drain(backlog) == [("s", 0, 1), "s2"]


def offsets(popped: Waiting[str] | Gap) -> list[int]:
    """The messages that this is, or stands for."""
    if isinstance(popped, Gap):
        return list(range(popped.after + 1, popped.upto + 1))
    return [] if popped.stream is None else [popped.offset]


@given(
    st.integers(1, 6).map(lambda entries: entries * COST),
    st.lists(st.sampled_from(["skip", "own", "pop"]), max_size=60),
)
def test_nothing_is_lost_in_silence(bound: int, steps: list[str]) -> None:
    """Each message comes once and in order, or lies in exactly one gap; the bound holds."""
    backlog: Backlog[str] = Backlog(bound)
    seen: list[int] = []
    pushed = 0
    for step in steps:
        if step == "pop" and backlog:
            seen += offsets(backlog.pop())
        elif step != "pop":
            entry = own("x") if step == "own" else message(SKIP, pushed + 1)
            try:
                backlog.push(entry)
            except TooSlowError:
                break
            pushed += step == "skip"
        assert backlog.size <= max(bound, COST)
    while backlog:
        seen += offsets(backlog.pop())
    assert seen == list(range(1, pushed + 1))
