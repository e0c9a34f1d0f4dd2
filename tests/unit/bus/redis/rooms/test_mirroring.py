# SPDX-License-Identifier: MIT
"""What follows of what a room's log says: for the hub, for members, and for who hears of all."""

import pytest

from tests.support.redis_rooms import BusWorld, Somebody
from wsecho.core.rooms.authors import Author
from wsecho.core.wire.positions import Position


def subscriptions() -> BusWorld:
    """A node that hears of all rooms, and was told of one message in room a, which it lost."""
    world = BusWorld()
    world.bus.follow_rooms(all_rooms=True)
    world.redis.settle()
    world.rooms.time += 10
    world.rooms.say("1")
    assert world.texts() == ["1"]
    return world


def test_who_hears_of_all_is_told_of_what_is_followed_from_now_on() -> None:
    """Of each message once, though the room is loaded with its past."""
    world = subscriptions()
    world.attach()
    world.rooms.say("2")
    assert world.texts() == ["1", "2"]
    assert world.history() == ["1", "2"]


def test_what_was_missed_of_a_room_that_is_followed_now_is_told() -> None:
    """Who hears of all had been told of the one before."""
    world = subscriptions()
    world.rooms.loses = True
    world.rooms.say("2")
    world.rooms.loses = False
    world.attach()
    assert world.texts() == ["1", "2"]


def test_what_the_log_has_no_more_of_it_is_skipped() -> None:
    """Up to where the room begins here."""
    world = subscriptions()
    world.rooms.loses = True
    for text in ("2", "3", "4"):
        world.rooms.say(text)
    log = world.rooms.log("a")
    log.entries = log.entries[-1:]
    world.rooms.loses = False
    world.attach()
    assert world.events == [("said", "a", "1"), ("skipped", "a", 1, 3), ("said", "a", "4")]


def test_a_room_that_has_begun_anew_meanwhile_is_told_of() -> None:
    """Where it begins, and what was said there."""
    world = subscriptions()
    world.rooms.logs.clear()
    world.rooms.loses = True
    world.rooms.say("2")
    world.rooms.loses = False
    world.attach()
    epoch = world.rooms.log("a").epoch
    assert world.events[1:] == [("renewed", "a", epoch, 0), ("said", "a", "2")]


def test_who_said_it_elsewhere_is_known_here() -> None:
    """Where that node tells of it, and whoever it is that hears of it; an older one does not."""
    world = BusWorld()
    world.attach()
    tags = ["-;iann;nQW5u", "node:7;ibob", "-;zlater", "-", "node:7"]
    for tag in tags:
        world.rooms.say("x", tag=tag)
    authors = [each.author for each in world.hub.read("a", world.redis.seconds())]
    assert authors == [Author("ann", "Ann"), Author("bob"), None, None, None]


def test_who_says_it_here_is_known_again_when_it_comes_back() -> None:
    """With whoever else has to be: a member that does without its own."""
    world = BusWorld()
    world.attach()
    guest, author = Somebody(wants_own=False), Author("ann", "Ann")
    world.say("x", author=author, sender=guest, origin="me")
    assert world.origins == ["me"]
    [message] = world.hub.read("a", world.redis.seconds())
    assert message.author == author


@pytest.mark.parametrize("is_older", [False, True])
def test_no_time_goes_back_where_redis_does(is_older: bool) -> None:
    """Nor where a node says it that does not look at what was shown."""
    world = BusWorld()
    world.attach()
    world.rooms.say("1")
    world.rooms.time -= 500
    log = world.rooms.log("a")
    if is_older:
        log.shown = 0.0
    world.rooms.say("2")
    world.say("3")
    messages = list(world.hub.read("a", world.redis.seconds()))
    assert [each.time for each in messages] == [1000.0] * 3


def test_what_is_shown_as_later_is_kept_no_longer() -> None:
    """A node that comes later counts its age by when Redis took it."""
    world = BusWorld()
    world.rooms.log("a").shown = world.rooms.time + 10_000
    world.rooms.say("x")
    world.rooms.time += world.rules.history_ttl - 5
    world.attach()
    assert world.history() == ["x"]
    world.redis.advance(6)
    assert world.history() == []


def test_a_message_is_as_old_as_redis_says() -> None:
    """By its own clock: what has gone there by its age is not remembered here for longer."""
    world = BusWorld()
    world.rooms.say("old")
    world.rooms.time += world.rules.history_ttl - 5
    world.rooms.say("new")
    world.attach()
    assert world.history() == ["old", "new"]
    world.redis.advance(6)
    assert world.history() == ["new"]
    assert world.hub.position("a", world.redis.seconds()) == Position(world.rooms.log("a").epoch, 2)
