# SPDX-License-Identifier: MIT
"""The bounds on all rooms together: their number, their members, their bytes."""

from itertools import count

import pytest

from tests.unit.core.rooms.test_room import FakeMember, say
from wsecho.core.rooms.history import MESSAGE_COST, Message
from wsecho.core.rooms.hub import Hub, Rules
from wsecho.core.rooms.rules import RoomTable
from wsecho.core.wire.errors import OverLimit
from wsecho.core.wire.positions import Position


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


@pytest.mark.parametrize("kind", ["silent", "vacant"])
def test_a_room_that_is_used_again_is_no_longer_the_longest_unused(kind: str) -> None:
    """Reading it is a use; so it is where rooms remember something."""
    hub = make(max_rooms=3)
    for now, room in enumerate(["a", "b", "c"]):
        if kind == "vacant":
            hub.publish(room, say(), None, now)
        else:
            hub.read(room, now)
    hub.read("a", 3)
    hub.read("d", 4)
    # Silent rooms make place before those with messages, so of the latter "d" is never the next.
    assert sorted(hub.names()) == ["a", "c", "d"]


def test_a_room_that_is_used_again_keeps_its_messages_longer() -> None:
    """It is the others' that the bound on bytes takes next, in the order of their last use."""
    cost = MESSAGE_COST + 1
    hub = make(history_bytes=3 * cost)
    for now, room in enumerate(["a", "b", "c"]):
        hub.publish(room, say(), None, now)
    hub.read("a", 3)
    hub.read("b", 4)
    for now, room in enumerate(["d", "e"], start=5):
        hub.publish(room, say(), None, now)
    assert [len(room.history) for room in hub.rooms()] == [0, 1, 0, 1, 1]


def test_a_room_whose_messages_expired_has_none_to_give() -> None:
    """Where the bound on bytes is met, those of another go."""
    cost = MESSAGE_COST + 1
    hub = make(history_bytes=2 * cost, history_ttl=10)
    hub.publish("old", say(), None, 0)
    hub.read("old", 11)
    for _ in range(3):
        hub.publish("loud", say(), None, 12)
    assert [len(room.history) for room in hub.rooms()] == [0, 2]


@pytest.mark.parametrize("by", ["bytes", "time"])
def test_a_room_that_loses_its_last_message_makes_place_first(by: str) -> None:
    """To lose it is no use: it was used before the rooms that were silent all along."""
    cost = MESSAGE_COST + 1
    rules = {"history_bytes": cost} if by == "bytes" else {"history_ttl": 10}
    hub = make(max_rooms=3, **rules)
    hub.publish("old", say(), None, 0)
    hub.read("silent", 1)
    if by == "bytes":
        hub.publish("loud", say(), None, 2)
    else:
        hub.read("quiet", 2)
        hub.rooms()[0].last_used = 9  # else the sweep would take the room too
        hub.sweep(10)
    hub.read("new", 11)
    assert "old" not in hub
    assert "silent" in hub
    assert len(hub) == 3


def test_a_room_with_members_that_loses_its_last_message_stays() -> None:
    """It makes no place for others."""
    cost = MESSAGE_COST + 1
    hub = make(max_rooms=2, history_bytes=cost)
    hub.join("full", FakeMember(), 0)
    hub.publish("full", say(), None, 1)
    hub.publish("loud", say(), None, 2)
    hub.read("new", 3)
    assert sorted(hub.names()) == ["full", "new"]


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


def shrunk(hub: Hub[FakeMember], **given: int) -> None:
    """Have all rooms go by one table."""
    hub.room_rules.replace((RoomTable("*", given),))
    hub.refresh()


def test_rooms_that_are_there_go_by_other_rules() -> None:
    """What is cut is counted no more, and a room that has nothing left is a silent one."""
    cost = MESSAGE_COST + 1
    hub = make(max_rooms=2)
    for room in ("a", "b"):
        for _ in range(3):
            hub.publish(room, say(), None, 0)
    assert hub.size == 6 * cost
    shrunk(hub, history=2)
    assert hub.size == 4 * cost
    shrunk(hub, history_bytes=cost)
    assert hub.size == 2 * cost
    shrunk(hub, history=0)
    assert hub.size == 0
    hub.publish("b", say(), None, 1)
    assert (hub.size, hub.position("b", 1).offset) == (0, 4)
    hub.read("c", 2)
    assert sorted(hub.names()) == ["b", "c"]
    assert hub.room_rules.of("c").history == 0


def test_a_message_that_is_too_large_to_be_kept_leaves_a_silent_room() -> None:
    """It is said all the same, and the bound on all bytes finds nothing of it to take."""
    hub = make(history_bytes=1_000)
    shrunk(hub, history_bytes=500)
    hub.publish("a", say(), None, 0)
    delivery = hub.publish("a", say("x" * 600), None, 0)
    assert delivery.receipt.position.offset == 2
    assert hub.size == 0
    for _ in range(3):
        hub.publish("b", say("x" * 90), None, 0)
        hub.publish("c", say("x" * 90), None, 0)
    assert hub.size <= 1_000


def test_a_room_is_stale_by_its_own_time() -> None:
    """Which may be longer or shorter than the others'."""
    hub = make(history_ttl=10)
    hub.room_rules.replace(
        (RoomTable("short", {"history_ttl": 2.0}), RoomTable("long", {"history_ttl": 99.0}))
    )
    for room in ("short", "long", "any"):
        hub.read(room, 0)
    assert (hub.sweep(2), hub.sweep(10), hub.sweep(98), hub.sweep(99)) == (1, 1, 0, 1)
