# SPDX-License-Identifier: MIT
"""Which rooms go on to be followed, and for how long they last in Redis."""

import pytest
from twisted.logger import capturedLogs

from tests.support.redis_rooms import LARGE_TEXT, BusWorld, Somebody
from tests.support.scripted_redis import WAIT, Refusal
from wsecho.bus.redis.rooms.housekeeping import LINGER, PATIENCE
from wsecho.core.rooms.hub import Rules
from wsecho.core.wire.errors import BusUnavailable

KEYS = ("p:{a}:head", "p:{a}:log", "p:{a}:who")


def pass_by(world: BusWorld, seconds: float) -> None:
    """Let some seconds go by, one by one."""
    for _ in range(int(seconds)):
        world.redis.advance(1)


def test_a_room_is_followed_on_for_a_while_after_its_last_member() -> None:
    """Then it is let go, with a last word to Redis that it was used."""
    world, guest = BusWorld(), Somebody()
    world.join(guest)
    pass_by(world, LINGER + 2)
    assert len(world.bus) == 1
    world.hub.leave("a", guest, world.redis.seconds())
    pass_by(world, LINGER - 2)
    assert len(world.bus) == 1
    world.redis.take()
    pass_by(world, 4)
    assert (len(world.bus), "a" in world.hub) == (0, False)
    asked = world.redis.take("touch", "UNSUBSCRIBE")
    assert [each[0] for each in asked] == ["touch", "UNSUBSCRIBE"]
    assert asked[0][1:4] == KEYS
    assert int(asked[0][4]) <= (600 - LINGER + 2) * 1000


def test_a_room_that_is_used_lasts_in_redis() -> None:
    """It is told so thrice in its time, also where that is refused once."""
    world = BusWorld(Rules(history_ttl=30.0))
    world.join(Somebody())
    world.redis.take()
    world.redis.next("touch", Refusal("OOM no"))
    pass_by(world, 31)
    assert [each[1:] for each in world.redis.take("touch")] == [(*KEYS, "30000")] * 4


def test_a_room_that_is_only_held_is_heard_of_and_not_kept() -> None:
    """To hear of it is no use of it; once nobody holds it, it goes."""
    world = BusWorld(Rules(history_ttl=30.0))
    world.bus.hold("a")
    world.bus.hold("a")
    world.redis.settle()
    world.rooms.say("x")
    assert world.texts() == ["x"]
    world.redis.take()
    pass_by(world, 2 * LINGER)
    assert world.redis.take("touch") == []
    world.bus.release("a")
    pass_by(world, LINGER + 2)
    assert len(world.bus) == 1
    world.bus.release("a")
    pass_by(world, LINGER + 2)
    assert len(world.bus) == 0


def test_a_room_is_held_anew_where_there_was_no_place_for_it() -> None:
    """And once Redis is back; a server that is full has none for who only listens."""
    world = BusWorld(Rules(max_rooms=1))
    guest = Somebody()
    world.join(guest)
    world.bus.hold("b")
    assert len(world.bus) == 1
    world.hub.leave("a", guest, world.redis.seconds())
    pass_by(world, 1)
    world.rooms.say("x", "b")
    assert world.texts("b") == ["x"]
    other = BusWorld()
    other.go_away()
    other.bus.hold("c")
    assert len(other.bus) == 0
    other.come_back()
    pass_by(other, 1)
    assert len(other.bus) == 1


def test_whoever_waits_too_long_is_told() -> None:
    """Within ten seconds: so much that is large is fetched by others before it."""
    world = BusWorld()
    world.rooms.say(LARGE_TEXT * 5)
    world.bus._commands.one_large.acquire()
    got = world.attach()
    pass_by(world, PATIENCE - 1)
    assert got == []
    pass_by(world, 2)
    assert isinstance(got[0], BusUnavailable)
    world.bus._commands.one_large.release()
    assert world.attach() == [None]


def test_what_was_refused_is_asked_for_again() -> None:
    """Every second."""
    world = BusWorld()
    world.redis.next("load", Refusal("BUSY x"), Refusal("BUSY x"))
    world.bus.hold("a")
    world.redis.take()
    pass_by(world, 3)
    assert len(world.redis.take("load")) == 2


@pytest.mark.parametrize("is_away", [False, True])
def test_nothing_is_asked_while_redis_is_away(is_away: bool) -> None:
    """Nor is a room let go that somebody is in."""
    world = BusWorld(Rules(history_ttl=6.0))
    world.join(Somebody())
    world.redis.next("load", WAIT)
    if is_away:
        world.go_away()
    with capturedLogs() as events:
        pass_by(world, 3)
    assert bool(world.redis.take("touch")) is not is_away
    assert len(world.bus) == 1
    assert not [each for each in events if each.get("log_failure")]
