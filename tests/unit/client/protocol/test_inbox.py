# SPDX-License-Identifier: MIT
"""What came and was not handed out yet."""

from hypothesis import given
from hypothesis import strategies as st

from wsecho.client.errors import Gap
from wsecho.client.model import Message, Status
from wsecho.client.protocol.inbox import MAX_UNREAD, MAX_UNREAD_OCTETS, Inbox
from wsecho.core.wire.positions import Position


def at(offset: int, epoch: str = "a") -> Position:
    """A place."""
    return Position(epoch, offset)


@given(st.lists(st.sampled_from(["message", "own", "take"]), max_size=60))
def test_the_place_is_behind_what_was_handed_out_and_no_further(steps: list[str]) -> None:
    """One's own messages that are left out count as soon as nothing before them waits."""
    inbox, came, expected = Inbox(), 0, [0]
    inbox.position = at(0)
    waiting: list[tuple[str, int]] = []
    for step in steps:
        if step == "take":
            item = inbox.take()
            while waiting and waiting[0][0] == "own":
                expected.append(waiting.pop(0)[1])
            if waiting:
                expected.append(waiting.pop(0)[1])
                assert isinstance(item, Message)
            else:
                assert item is None
        else:
            came += 1
            if step == "message":
                inbox.put_message(Message("x", at(came)))
                waiting.append((step, came))
            else:
                inbox.passed(at(came))
                if waiting:
                    waiting.append((step, came))
                else:
                    expected.append(came)
        assert inbox.position == at(expected[-1])


def test_it_is_full_by_number_and_by_octets_until_half_was_read() -> None:
    """So that reading is not begun and stopped with each message."""
    inbox = Inbox()
    for offset in range(1, MAX_UNREAD):
        inbox.put_message(Message("x", at(offset)))
    assert not inbox.is_full
    inbox.put_message(Message("x", at(MAX_UNREAD)))
    assert inbox.is_full
    while len(inbox) > MAX_UNREAD // 2 + 1:
        inbox.take()
    assert inbox.is_full
    inbox.take()
    assert not inbox.is_full
    inbox.put_message(Message("x" * MAX_UNREAD_OCTETS, at(MAX_UNREAD + 1)))
    assert inbox.is_full
    while inbox.take() is not None:
        pass
    assert not inbox.is_full


def test_of_two_statuses_and_of_two_gaps_in_a_row_there_is_one() -> None:
    """The latest status, and a gap over both."""
    inbox = Inbox()
    for state in ("connecting", "offline", "open"):
        inbox.put(Status(state))
    inbox.put(Gap(at(3), at(0, "b"), "one"))
    inbox.put(Gap(at(0, "b"), at(2, "c"), "two"))
    assert (len(inbox), inbox.take()) == (2, Status("open"))
    gap = inbox.take()
    assert isinstance(gap, Gap)
    assert (gap.after, gap.position, inbox.position) == (at(3), at(2, "c"), at(2, "c"))
