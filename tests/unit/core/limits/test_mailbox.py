# SPDX-License-Identifier: MIT
"""What a peer without a connection fetches and brings, whatever is lost on the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.limits.mailbox import Inbox, Outbox
from wsecho.core.wire.errors import Conflict

MESSAGES = st.lists(st.binary(min_size=1, max_size=5), max_size=10)


def fill(*messages: bytes) -> Outbox:
    """An outbox with messages."""
    outbox = Outbox(1000)
    for message in messages:
        assert outbox.push(message)
    return outbox


def test_one_or_all_are_taken() -> None:
    """In order."""
    outbox = fill(b"a", b"b", b"c")
    assert [item.data for item in outbox.take(one=True)] == [b"a"]
    assert [item.data for item in outbox.take(one=False)] == [b"b", b"c"]
    assert outbox.take(one=False) == []


def test_the_bound_is_checked_before_a_message_is_added() -> None:
    """One of any size passes an empty outbox."""
    outbox = Outbox(10)
    assert outbox.push(b"x" * 100)
    assert not outbox.push(b"x")


@given(MESSAGES, st.lists(st.booleans(), max_size=40), st.booleans())
def test_lost_answers_lose_nothing_and_double_nothing(
    messages: list[bytes], lost: list[bool], one: bool
) -> None:
    """A peer that asks for a batch until it has it gets each message once, in order."""
    outbox = fill(*messages)
    received: list[bytes] = []
    number = 1
    for is_lost in [*lost, *[False] * len(messages)]:
        answer = [item.data for item in outbox.batch(number, one=one)]
        if answer and not is_lost:
            received += answer
            number += 1
    assert received == messages


@pytest.mark.parametrize("number", [0, 3, 9])
def test_a_batch_out_of_turn_is_a_conflict(number: int) -> None:
    """What was confirmed is gone; what comes later cannot be asked for yet."""
    outbox = fill(b"a", b"b")
    outbox.batch(1, one=True)
    with pytest.raises(Conflict):
        outbox.batch(number, one=True)


@given(MESSAGES, st.data())
def test_a_stream_goes_on_where_its_peer_stands(messages: list[bytes], data: st.DataObject) -> None:
    """Every event has its number; a stream resumes behind any that it sent."""
    outbox = fill(*messages)
    first = outbox.stream()
    assert [item.number for item in first] == list(range(1, len(messages) + 1))
    reached = data.draw(st.integers(0, len(messages)))
    outbox.push(b"later")
    outbox.rewind(reached)
    assert [item.data for item in outbox.stream()] == [*messages[reached:], b"later"]


def test_a_stream_cannot_go_on_behind_what_is_not_kept() -> None:
    """Or behind what was never sent: it is told, not guessed."""
    outbox = Outbox(10)
    for _ in range(5):
        outbox.push(b"x" * 8)
        outbox.stream()
    for number in (0, 2, 6):
        with pytest.raises(Conflict):
            outbox.rewind(number)
    outbox.rewind(4)
    assert [item.number for item in outbox.stream()] == [5]


def test_a_stream_whose_peer_knows_no_event_gets_all_that_was_not_confirmed() -> None:
    """The first stream may have been lost before a single event arrived."""
    outbox = fill(b"a", b"b", b"c")
    outbox.take(one=True)
    outbox.stream()
    outbox.rewind(None)
    assert [item.data for item in outbox.stream()] == [b"b", b"c"]
    outbox.rewind(2)
    outbox.rewind(None)
    assert [item.data for item in outbox.stream()] == [b"c"]


def test_a_stream_whose_peer_knows_no_event_is_told_what_cannot_be_had() -> None:
    """It is not given half of it in silence."""
    outbox = Outbox(10)
    for _ in range(3):
        outbox.push(b"x" * 8)
        outbox.stream()
    with pytest.raises(Conflict):
        outbox.rewind(None)


@given(st.lists(st.integers(1, 6), max_size=30))
def test_posts_keep_their_order(numbers: list[int]) -> None:
    """A repetition does nothing, a gap is a conflict, the next one counts."""
    inbox, last = Inbox(), 0
    for number in numbers:
        if number > last + 1:
            with pytest.raises(Conflict):
                inbox.is_new(number)
        else:
            assert inbox.is_new(number) is (number == last + 1)
            last = max(last, number)
