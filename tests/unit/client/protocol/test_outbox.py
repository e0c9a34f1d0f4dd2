# SPDX-License-Identifier: MIT
"""Messages that are to be said."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.client.errors import (
    BadRequest,
    BadType,
    Forbidden,
    OverLimit,
    TooLarge,
    Unavailable,
    Unknown,
)
from wsecho.client.protocol.backoff import Backoff
from wsecho.client.protocol.outbox import (
    MAX_IN_FLIGHT,
    MAX_SECONDS,
    MAX_WAITING,
    MAX_WAITING_OCTETS,
    Entry,
    Outbox,
)
from wsecho.client.protocol.refusals import Refusal, passing, refused_by_frame

NOW = 100.0


def outbox(*said: object) -> Outbox:
    """One that has something to say."""
    box = Outbox("key-", Backoff(lambda: 1.0))
    for data in said:
        box.add(data, NOW, None)
    return box


def sent(box: Outbox, now: float = NOW) -> list[Entry]:
    """All that can be said now."""
    found = []
    while (entry := box.next(now)) is not None:
        found.append(entry)
    return found


def words(entries: list[Entry]) -> list[object]:
    """What is said."""
    return [entry.data for entry in entries]


def test_it_is_said_in_order_under_keys_of_its_own() -> None:
    """Each another."""
    entries = sent(outbox("a", b"b", bytearray(b"c"), memoryview(b"d")))
    assert words(entries) == ["a", b"b", b"c", b"d"]
    assert len({entry.key for entry in entries}) == 4
    assert [json.loads(entry.frame)["id"] for entry in entries] == [1, 2, 3, 4]


@pytest.mark.parametrize("data", [None, 1, ["x"], {"data": "x"}, object()], ids=range(5))
def test_what_is_neither_text_nor_bytes_is_refused(data: object) -> None:
    """At once, by the argument's name; nothing stays behind."""
    box = outbox()
    with pytest.raises(BadType, match="data"):
        box.add(data, NOW, None)
    assert len(box) == 0


def test_half_a_surrogate_pair_is_refused() -> None:
    """It is no text."""
    with pytest.raises(BadRequest, match="data"):
        outbox("\udc00")


def test_what_is_larger_than_the_server_takes_is_refused() -> None:
    """As a frame: the largest that fits is taken, one octet more is not."""
    box = outbox("x")
    [entry] = sent(box)
    box.max_frame = len(entry.frame) + 9
    box.add("x" * 10, NOW, None)
    with pytest.raises(TooLarge):
        box.add("x" * 11, NOW, None)
    with pytest.raises(TooLarge):
        box.add("\x01" * 10, NOW, None)
    # Another server may take less.
    box.max_frame = 10
    assert box.too_large(entry) is not None


def test_what_waits_is_bounded() -> None:
    """By number and by octets; one message of any size may wait alone."""
    box = outbox(*("x" for _ in range(MAX_WAITING)))
    with pytest.raises(OverLimit):
        box.add("x", NOW, None)
    box = outbox("x" * (MAX_WAITING_OCTETS + 1))
    with pytest.raises(OverLimit):
        box.add("x", NOW, None)
    [entry] = sent(box)
    box.published(entry.number)
    box.add("x", NOW, None)


def test_so_many_are_on_their_way_at_most() -> None:
    """The others wait until one is acknowledged."""
    box = outbox(*range_of(MAX_IN_FLIGHT + 2))
    entries = sent(box)
    assert len(entries) == MAX_IN_FLIGHT
    assert box.published(entries[3].number) is entries[3]
    assert words(sent(box)) == [str(MAX_IN_FLIGHT)]
    assert box.published(entries[3].number) is None
    odd: object
    for odd in (None, "1", 1.5, ["x"], {"x": 1}):
        assert box.published(odd) is None


def range_of(count: int) -> list[str]:
    """Numbers as text."""
    return [str(number) for number in range(count)]


def test_after_a_break_it_is_said_again_in_order_under_the_same_keys() -> None:
    """Whatever was not acknowledged."""
    box = outbox("a", "b", "c")
    first = sent(box)
    box.published(2)
    box.cut()
    again = sent(box)
    assert words(again) == ["a", "c"]
    assert [entry.key for entry in again] == [first[0].key, first[2].key]


def test_a_refusal_that_passes_is_waited_for_by_all() -> None:
    """And then one goes at a time, until the server takes them again."""
    box = outbox("a", "b", "c")
    entries = sent(box)
    assert box.refused(2, passing("later", 2.0), NOW) is None
    assert box.refused(1, passing("later"), NOW) is None
    box.published(3)
    assert sent(box) == []
    deadline = box.deadline(is_sending=True)
    assert deadline == NOW + 2.25
    assert sent(box, deadline) == entries[:1]
    box.published(1)
    assert sent(box, deadline) == entries[1:2]


def test_a_refusal_for_ever_is_told() -> None:
    """Of that message alone."""
    box = outbox("a", "b")
    a, b = sent(box)
    error = Forbidden("no")
    assert box.refused(1, Refusal(error, passes=False), NOW) == (a, error)
    assert box.refused(1, Refusal(error, passes=False), NOW) is None
    assert box.published(2) is b
    assert len(box) == 0


def test_what_takes_too_long_is_given_up_and_told_as_what_it_is() -> None:
    """Unknown where it may have arrived, else it has not."""
    box = outbox("a", "b")
    assert box.next(NOW) is not None
    box.add("later", NOW + 10, None)
    assert box.expired(NOW + MAX_SECONDS - 1) == []
    assert box.deadline(is_sending=False) == NOW + MAX_SECONDS
    kinds = [type(error) for _, error in box.expired(NOW + MAX_SECONDS)]
    assert kinds == [Unknown, Unavailable]
    assert words(sent(box)) == ["later"]
    assert MAX_SECONDS < 300


def refusal(code: str) -> Refusal:
    """What a server says."""
    return refused_by_frame(code, "why")


@pytest.mark.parametrize(
    ("refusals", "is_cut", "kind"),
    [
        (["over_limit"], False, OverLimit),
        (["over_rate", "bus_unavailable"], False, Unavailable),
        (["bus_timeout", "over_limit"], False, Unknown),
        (["internal"], False, Unknown),
        (["over_limit"], True, Unknown),
    ],
    ids=str,
)
def test_what_a_server_surely_did_not_take_is_not_unknown(
    refusals: list[str], is_cut: bool, kind: type[Exception]
) -> None:
    """Where each time that it was said was answered so; the last answer is told."""
    box, now = outbox("a"), NOW
    if is_cut:
        sent(box)
        box.cut()
    for code in refusals:
        [entry] = sent(box, now)
        assert box.refused(entry.number, refusal(code), now) is None
        now += 20.0
    [(_, error)] = box.expired(NOW + MAX_SECONDS)
    assert type(error) is kind
    assert (error.code == refusals[-1]) is (kind is not Unknown)


def test_what_nobody_waits_for_is_not_begun() -> None:
    """But what is on its way stays so, until it is answered or cut."""
    box = outbox("a", "b", "c")
    a = box.next(NOW)
    assert a is not None
    box.withdraw(a)
    box.withdraw(box._waiting[0])
    assert words(sent(box)) == ["c"]
    box.cut()
    assert words(sent(box)) == ["c"]
    box.published(3)
    assert (len(box), box._octets, box.deadline(is_sending=True)) == (0, 0, None)


def test_of_a_frame_that_is_too_large_the_largest_is_meant() -> None:
    """Where the server only closes (1009)."""
    box = outbox("a", "x" * 100, "b")
    assert box.largest_sent() is None
    sent(box)
    found = box.largest_sent()
    assert found is not None
    assert found.data == "x" * 100
    box.cut()
    assert words(sent(box)) == ["a", "b"]
    assert words(box.clear()) == ["a", "b"]


@given(st.lists(st.sampled_from(["add", "next", "ack", "refuse", "cut", "withdraw"]), max_size=60))
def test_nothing_gets_lost_in_it(steps: list[str]) -> None:
    """What was added and not settled is said again, in order; the count of octets adds up."""
    box, now, open_entries = outbox(), NOW, dict[int, Entry]()
    for step in steps:
        now += 100.0 / 60
        on_its_way: list[Any] = sorted(box._sent.values())
        if step == "add":
            entry = box.add("x", now, None)
            open_entries[entry.number] = entry
        elif step == "next":
            box.next(now)
        elif step == "ack" and on_its_way:
            assert box.published(on_its_way[0].number) is open_entries.pop(on_its_way[0].number)
        elif step == "refuse" and on_its_way:
            box.refused(on_its_way[-1].number, passing("later"), now)
        elif step == "cut":
            box.cut()
        elif step == "withdraw" and open_entries:
            number = max(open_entries)
            if not open_entries[number].is_withdrawn:
                box.withdraw(open_entries[number])
    box.cut()
    said = []
    while (found := box.next(now + 1_000)) is not None:
        said.append(found)
        box.published(found.number)
    assert said == [entry for entry in open_entries.values() if not entry.is_withdrawn]
    assert (len(box), box._octets) == (0, 0)
