# SPDX-License-Identifier: MIT
"""The bus as rooms use it: with Redis, and without it where a process may go on alone."""

import pytest
from twisted.logger import capturedLogs

from tests.support.redis_rooms import BusWorld, Somebody
from tests.support.scripted_redis import told
from wsecho.bus.redis.rooms.room_bus import LOCAL
from wsecho.core.rooms.hub import Rules
from wsecho.core.rooms.retries import Keyed, KeyReusedError
from wsecho.core.rooms.room import PublishRequest
from wsecho.core.wire.errors import BusUnavailable, OverLimit


def alone() -> BusWorld:
    """A node that goes on alone, with a room; Redis is away."""
    world = BusWorld(speaks_locally=True)
    world.attach()
    world.rooms.say("before")
    world.events.clear()
    world.go_away()
    return world


def test_where_redis_is_away_no_room_can_be_had() -> None:
    """Unless the process goes on alone."""
    world = BusWorld()
    world.go_away()
    with pytest.raises(BusUnavailable):
        world.bus.attach("a")
    assert alone().attach("b") == [None]


def test_what_is_said_alone_stands_in_an_epoch_that_says_so() -> None:
    """Members are told of it once; then what is said there is heard here, in order."""
    world = alone()
    first, second = world.say("a", origin="me"), world.say("b")
    epoch = first[0].position.epoch
    assert epoch.startswith(LOCAL)
    assert [(each[0].position.epoch, each[0].position.offset) for each in (first, second)] == [
        *((epoch, 1), (epoch, 2)),
    ]
    assert world.events == [("renewed", "a", epoch, 0), ("said", "a", "a"), ("said", "a", "b")]
    assert world.origins[-2:] == ["me", None]
    assert world.redis.take("publish") == []


def test_a_key_counts_there_too() -> None:
    """Again is said once."""
    world = alone()
    first, again = world.say("a", key="k"), world.say("a", key="k")
    assert first == again
    with pytest.raises(KeyReusedError):
        world.say("b", key="k")
    assert world.texts() == ["a"]


def test_once_redis_is_back_its_rooms_are_what_they_are_there() -> None:
    """Members are told so, and what was said alone is told to nobody else."""
    world = alone()
    world.say("a")
    world.rooms.say("elsewhere")
    world.come_back()
    log = world.rooms.log("a")
    assert world.events[-1] == ("renewed", "a", log.epoch, 2)
    # What was said elsewhere is there for who asked for the last messages (`Reader.renew`).
    assert world.history() == ["before", "elsewhere"]
    assert world.attach() == [None]
    world.rooms.say("after")
    assert world.texts()[-1] == "after"


def test_a_door_that_fails_is_no_matter_of_who_speaks_alone() -> None:
    """It is logged; the receipt comes."""
    world = alone()
    world.fails = True
    with capturedLogs() as events:
        [receipt] = world.say("a")
    assert receipt.position.offset == 1
    assert len(events) == 2


def test_the_same_is_said_in_some_rooms_or_in_none() -> None:
    """Alone as well."""
    world = alone()
    said = {room: PublishRequest(b"x", False, 7, Keyed("k")) for room in "ab"}
    [receipts] = told(world.bus.publish_to_all(said))
    assert {room: each.position.offset for room, each in receipts.items()} == {"a": 1, "b": 1}
    other = {room: PublishRequest(b"y", False, 8, Keyed("k")) for room in "abc"}
    with pytest.raises(KeyReusedError):
        world.bus.publish_to_all(other)
    assert (world.texts("b"), world.texts("c")) == (["x"], [])


def test_whoever_hears_of_all_rooms_need_not_wait_alone() -> None:
    """There is nothing to hear; with Redis it is known when."""
    assert told(alone().bus.follow_rooms(all_rooms=True)) == [None]
    world = BusWorld()
    got = told(world.bus.follow_rooms(all_rooms=True))
    assert got == []
    world.redis.settle()
    assert got == [None]
    assert told(world.bus.follow_rooms(all_rooms=False)) == [None]


def test_there_are_no_more_rooms_than_there_may_be() -> None:
    """Where all have members."""
    world = BusWorld(Rules(max_rooms=1))
    world.join(Somebody())
    with pytest.raises(OverLimit):
        world.bus.attach("b")
    with pytest.raises(OverLimit):
        world.bus.members("b")


def test_members_are_in_the_order_of_their_coming() -> None:
    """Those here included, that have not come round yet."""
    world = BusWorld()
    card = world.join(Somebody())
    world.rooms.enter("you", "early")
    world.rooms.enter("you", card.id)
    assert [each.id for each in world.bus.members("a")] == [card.id, "early"]
    assert world.hub.count_elsewhere("a") == 2
