# SPDX-License-Identifier: MIT
"""What a room remembers, against a list of all that was said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.rooms.authors import Author
from wsecho.core.rooms.history import MESSAGE_COST, History, Message, Start
from wsecho.core.wire.positions import Position


def said(history: History, payload: bytes = b"x", time: float = 0.0) -> Message:
    """Say something."""
    message = Message(history.next_position(), payload, is_binary=False, time=time, publication=1)
    history.append(message)
    return message


def offsets(history: History) -> list[int]:
    """Which are kept."""
    return [message.position.offset for message in history]


@given(st.lists(st.binary(max_size=9), max_size=20), st.integers(0, 6), st.integers(0, 25))
def test_the_latest_are_kept_without_a_gap(payloads: list[bytes], limit: int, place: int) -> None:
    """As many as the limit says; what is resumed after is followed by all the rest."""
    history = History("e", limit, 60.0)
    messages = [said(history, payload) for payload in payloads]
    kept = messages[max(len(messages) - limit, 0) :] if limit else []
    assert list(history) == kept
    assert len(history) == len(kept)
    assert history.size == sum(len(message.payload) + MESSAGE_COST for message in kept)
    assert history.position == Position("e", len(messages))
    assert history.oldest == len(messages) - len(kept)
    can_resume = history.oldest <= place <= history.head
    assert history.can_resume(Position("e", place)) == can_resume
    if can_resume:
        assert list(history.after(place)) == messages[place:]


@given(st.lists(st.binary(max_size=900), max_size=20), st.integers(0, 6), st.integers(1, 5_000))
def test_the_latest_are_kept_as_far_as_their_bytes_go(
    payloads: list[bytes], limit: int, octets: int
) -> None:
    """Whether the bound was there all along, or comes later; and wider ones bring nothing back."""
    history, bounded = History("e", limit, 60.0, octets), History("e", 100, 60.0)
    for payload in payloads:
        said(history, payload)
        said(bounded, payload)
    bounded.bound(limit, 60.0, octets)
    kept: list[bytes] = []
    size = 0
    for payload in reversed(payloads[max(len(payloads) - limit, 0) :] if limit else []):
        size += len(payload) + MESSAGE_COST
        if size > octets:
            break
        kept.insert(0, payload)
    for each in (history, bounded):
        assert [message.payload for message in each] == kept
        assert each.size == sum(len(payload) + MESSAGE_COST for payload in kept)
        assert each.position == Position("e", len(payloads))
        each.bound(100, 60.0, 0)
        assert len(each) == len(kept)


def test_a_silent_room_has_nothing() -> None:
    """And stands at 0."""
    history = History("e", 10, 60.0)
    assert (len(history), list(history), history.oldest, history.size) == (0, [], 0, 0)
    assert history.next_position() == Position("e", 1)
    with pytest.raises(IndexError):
        history.forget_oldest()


def test_what_is_too_old_is_dropped() -> None:
    """By the clock that was given with it, which nobody sets."""
    history = History("e", 10, 60.0)
    said(history, time=0)
    said(history, time=30)
    history.append(Message(history.next_position(), b"", False, 1e9, 1), taken=31.0)
    history.expire(59.9)
    assert offsets(history) == [1, 2, 3]
    history.expire(60)
    assert offsets(history) == [2, 3]
    history.expire(91)
    assert offsets(history) == []
    assert (history.size, history.oldest) == (0, 3)


TIMES = st.lists(st.floats(-1e9, 1e9), max_size=20)


@given(TIMES, st.integers(0, 6), st.integers(0, 20))
def test_what_is_shown_never_goes_back(times: list[float], limit: int, renewed: int) -> None:
    """Whoever sets the clock, whatever is kept, and where the room begins anew."""
    history = History("e", limit, 60.0)
    shown: list[float] = []
    for place, time in enumerate(times):
        if place == renewed:
            history.reset("f", 9)
        shown.append(said(history, time=time).time)
        history.expire(time)
    assert shown == sorted(shown)
    assert shown == [max([0.0, *times[: place + 1]]) for place in range(len(times))]


def test_the_age_goes_by_another_clock_than_is_shown() -> None:
    """What is said after the clock was set back is kept no longer for it."""
    history = History("e", 10, 60.0)
    for time, taken in ((1e9, 1.0), (5.0, 2.0)):
        message = Message(history.next_position(), b"", False, time, 1)
        history.append(message, taken)
        assert message.time == 1e9
    history.expire(61.5)
    assert offsets(history) == [2]


def test_who_said_it_is_counted_too() -> None:
    """A name may be longer than what is said."""
    history = History("e", 10, 60.0)
    author = Author("id", "x" * 200)
    history.append(Message(history.next_position(), b"abc", False, 0.0, 1, author))
    assert history.size == 3 + MESSAGE_COST + author.cost
    history.forget_oldest()
    assert history.size == 0


def test_a_room_that_stands_elsewhere_remembers_nothing() -> None:
    """Nobody resumes after what another epoch said."""
    history = History("e", 10, 60.0)
    said(history)
    history.reset("f", 5)
    assert (offsets(history), history.size, history.position) == ([], 0, Position("f", 5))
    assert not history.can_resume(Position("e", 1))
    assert said(history).position == Position("f", 6)


@pytest.mark.parametrize(
    ("after", "last", "start"),
    [
        (None, None, Start(Position("e", 5))),
        (None, 0, Start(Position("e", 5))),
        (None, 2, Start(Position("e", 3))),
        (None, 9, Start(Position("e", 2))),
        (Position("e", 2), 1, Start(Position("e", 2), recovered=True)),
        (Position("e", 5), None, Start(Position("e", 5), recovered=True)),
        (Position("e", 1), None, Start(Position("e", 5), recovered=False)),
        (Position("e", 1), 2, Start(Position("e", 3), recovered=False)),
        (Position("e", 6), 9, Start(Position("e", 2), recovered=False)),
        (Position("f", 4), 1, Start(Position("e", 4), recovered=False)),
    ],
)
def test_where_a_reader_begins(after: Position | None, last: int | None, start: Start) -> None:
    """At its place if it can be had, else so many messages back, else with what comes."""
    history = History("e", 3, 60.0)
    for _ in range(5):
        said(history)
    assert history.start(after, last) == start
