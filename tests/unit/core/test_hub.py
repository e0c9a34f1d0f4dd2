# SPDX-License-Identifier: MIT
"""The bounds on all rooms together: their number, their members, their bytes."""

from itertools import count

import pytest

from tests.unit.core.test_rooms import FakeMember, say
from wsecho.core.errors import OverLimit
from wsecho.core.history import MESSAGE_COST, Message
from wsecho.core.hub import Hub, Rules
from wsecho.core.positions import Position


def make(**rules: int) -> Hub[FakeMember]:
    """A hub with narrow bounds."""
    words = (f"w{number}" for number in count())
    return Hub(Rules(**rules), lambda: next(words))


def test_the_longest_unused_room_without_members_makes_place() -> None:
    """Those without messages first."""
    hub = make(max_rooms=3)
    hub.publish("spoken", say(), None, 0)
    hub.read("silent", 1)
    hub.join("full", FakeMember(), 2)
    hub.read("new", 3)
    assert sorted(hub.names()) == ["full", "new", "spoken"]
    hub.read("newer", 4)
    assert sorted(hub.names()) == ["full", "newer", "spoken"]
    hub.join("newer", FakeMember(), 5)
    hub.join("newest", FakeMember(), 6)
    assert sorted(hub.names()) == ["full", "newer", "newest"]


def test_where_all_rooms_have_members_there_is_no_further_one() -> None:
    """And those that are there go on."""
    hub = make(max_rooms=1)
    member = FakeMember()
    hub.join("full", member, 0)
    with pytest.raises(OverLimit):
        hub.publish("other", say(), None, 1)
    assert hub.publish("full", say(), None, 2).audience == [member]
    hub.leave("full", member, 3)
    hub.publish("other", say(), None, 4)
    assert hub.names() == ["other"]


def test_a_full_room_takes_no_further_member() -> None:
    """Until one leaves."""
    hub = make(max_members=1)
    member = FakeMember()
    hub.join("a", member, 0)
    with pytest.raises(OverLimit, match="'a'"):
        hub.join("a", FakeMember(), 1)
    hub.leave("a", member, 2)
    hub.join("a", FakeMember(), 3)


def test_past_the_bound_on_bytes_the_longest_unused_rooms_messages_go_first() -> None:
    """Oldest first; positions stay as they are."""
    cost = MESSAGE_COST + 1
    hub = make(history_bytes=3 * cost)
    for now, room in enumerate(["a", "a", "b", "b", "a"]):
        hub.publish(room, say(), None, now)
        assert hub.size <= 3 * cost
    assert [len(hub.read(room, 9)) for room in "ab"] == [2, 1]
    assert hub.read("a", 9).oldest == 1
    assert hub.position("b", 9).offset == 2


def test_a_single_message_may_be_larger_than_the_bound() -> None:
    """It goes round, and is not remembered."""
    hub = make(history_bytes=10)
    member = FakeMember()
    hub.join("a", member, 0)
    assert hub.publish("a", say(), None, 0).audience == [member]
    assert (len(hub.read("a", 0)), hub.size) == (0, 0)


def test_what_was_said_elsewhere_has_its_age() -> None:
    """By whatever clock its time was taken."""
    hub = make(history_ttl=600)
    hub.reset("a", "e", 0, 0)
    for offset, age in ((1, 500.0), (2, 0.0)):
        message = Message(Position("e", offset), b"x", is_binary=False, time=1e9, publication=1)
        hub.take("a", message, None, 10, age)
    assert [len(hub.read("a", now)) for now in (109, 110, 609, 610)] == [2, 1, 1, 0]


def test_what_expires_or_goes_is_not_counted_any_more() -> None:
    """Else the bound would shrink over time."""
    hub = make(history_ttl=10)
    for room in "ab":
        hub.publish(room, say(), None, 0)
    hub.sweep(10)
    assert (hub.size, hub.names()) == (0, [])


def test_a_room_that_is_mirrored_stands_where_it_is_told() -> None:
    """Its messages bring their places along; a reset forgets them, and bytes are counted."""
    hub = make()
    hub.reset("a", "e", 4, 0.0)
    assert hub.position("a", 0.0) == Position("e", 4)
    message = Message(Position("e", 5), b"x", is_binary=False, time=0.0, publication=1)
    delivery = hub.take("a", message, None, 0.0)
    assert (delivery.message, delivery.receipt.position) == (message, message.position)
    assert [said.position.offset for said in hub.read("a", 0.0)] == [5]
    assert hub.size == message.cost
    hub.reset("a", "f", 9, 0.0)
    assert (hub.size, hub.position("a", 0.0)) == (0, Position("f", 9))
    assert hub.forget("a")
    assert "a" not in hub
    assert hub.forget("a")
