# SPDX-License-Identifier: MIT
"""What a room remembers, against a list of all that was said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
