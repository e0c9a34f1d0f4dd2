# SPDX-License-Identifier: MIT
"""The bus as nodes use it: each call reaches the part that does it."""

from collections.abc import Callable
from typing import Any

from tests.support.redis_rooms import BusWorld
from tests.support.scripted_redis import WAIT, told
from wsecho.bus.redis.client.scripts import LARGE
from wsecho.core.rooms.leases import Claim
from wsecho.core.rooms.wills import Will


def asked(world: BusWorld, call: Callable[..., Any], *words: Any) -> tuple[list[str], list[Any]]:
    """Which commands that took, and what came of it."""
    got = told(call(*words))
    names = [each[0] for each in world.redis.take()]
    return names, got


def test_what_is_said_is_told() -> None:
    """To all, to one, and logged."""
    world = BusWorld()
    bus = world.bus
    assert asked(world, bus.broadcast, "s", b"x") == (["PUBLISH"], [None])
    assert asked(world, bus.announce, "s", b"x") == (["PUBLISH"], [None])
    assert asked(world, bus.send_to, "you", "s", b"x") == (["PUBLISH"], [True])
    assert asked(world, bus.broadcast_logged, "s", b"x", "name") == (["broadcast_logged"], [True])


def test_what_is_kept_left_and_held_is_known_to_redis() -> None:
    """Until it is taken back."""
    world = BusWorld()
    bus, will = world.bus, Will("dead", "w")
    world.redis.answers["claim"] = 4
    world.redis.answers["turn"] = 0
    assert asked(world, bus.keep, "s", "a", b"1") == (["keep_under"], [None])
    assert asked(world, bus.drop, "s", ["a"]) == (["HDEL"], [None])
    assert asked(world, bus.kept, "s") == (["read_kept"], [{}])
    assert asked(world, bus.bequeath, "s", "w", b"x") == (["bequeath"], [None])
    assert asked(world, bus.revoke, "s", ["w"]) == (["HDEL"], [None])
    assert asked(world, bus.is_spent, "s", will) == (["HGET"], [True])
    assert asked(world, bus.spend, "s", will) == (["keep_under"], [None])
    claim = Claim("place", "holder", "rule", is_shared=False)
    assert asked(world, bus.claim, claim, lambda: None) == (["claim"], [4])
    assert asked(world, bus.take_turn, "place") == (["turn"], [0])
    assert asked(world, bus.cede, "place", "holder") == (["release"], [None])


def test_what_lasts_with_the_nodes_does_so_with_each_sign_of_life() -> None:
    """What was told or kept on a subject included."""
    world = BusWorld()
    world.bus.keep("s", "a", b"1")
    world.redis.take()
    world.redis.advance(5)
    [beat] = world.redis.take("beat")
    assert beat[1:5] == ("p:{@}:nodes", "p:{@}:claims", "p:{@}:turns", "p:{@}:kept:s")


def test_who_was_taken_for_dead_has_all_put_right() -> None:
    """What it holds, and what it leaves; what it has lost it is told of."""
    world = BusWorld()
    lost: list[bool] = []
    world.redis.answers["claim"] = 4
    told(world.bus.claim(Claim("p", "h", "r", is_shared=False), lambda: lost.append(True)))
    told(world.bus.bequeath("s", "w", b"x"))
    world.redis.take()
    world.rooms.nodes.clear()
    world.redis.next("claim", b"theirs")
    world.redis.advance(5)
    names = [each[0] for each in world.redis.take("claim", "bequeath", "HKEYS")]
    assert sorted(names) == ["HKEYS", "bequeath", "claim"]
    assert lost == [True]


def test_the_wills_of_the_dead_are_carried_out() -> None:
    """By who has lived long enough."""
    world = BusWorld()
    done: list[tuple[Will, bytes]] = []
    world.bus.inherit("s", lambda will, payload: done.append((will, payload)))
    world.redis.answers |= {"SMEMBERS": [b"dead"], "HGET": b"x", "HKEYS": [b"s\nw"]}
    for _ in range(4):
        world.redis.advance(5)
    assert done[0] == (Will("dead", "w"), b"x")


def test_what_is_behind_something_large_is_said_once_that_was_heard() -> None:
    """It is read here as fast as it is logged."""
    world = BusWorld()
    heard: list[bytes] = []
    world.bus.listen("s", heard.append)
    world.redis.take()
    world.redis.next("PING", WAIT)
    large = told(world.bus.broadcast_logged("s", b"x" * (LARGE + 1)))
    small = told(world.bus.broadcast_logged("s", b"y"))
    world.redis.settle()
    assert (large, small) == ([True], [])
    world.redis.reply("PONG")
    assert small == [True]
