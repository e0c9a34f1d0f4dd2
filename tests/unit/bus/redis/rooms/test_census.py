# SPDX-License-Identifier: MIT
"""How many members each room has."""

from tests.support.scripted_redis import Refusal, connected, told
from wsecho.bus.redis.rooms.census import count_members
from wsecho.core.wire.errors import BusUnavailable

WHO = {
    "p:{a}:who": [b"me/1", b"you/1", b"you/2", b"dead/3"],
    "p:{b}:who": [],
    "p:{c}:who": [b"dead/1"],
}


def test_the_members_of_nodes_that_live_are_counted() -> None:
    """Each once, however many nodes have it; a room may have none."""
    world = connected(HKEYS=WHO.__getitem__)
    world.redis.next("SCAN", [b"1", [b"p:{a}:head", b"p:{b}:head"]], [b"2", []])
    world.redis.next("SCAN", [b"0", [b"p:{c}:head"]])
    got = told(count_members(world.commands, world.keys, {"me", "you"}))
    world.redis.settle()
    assert got == [{"a": 2, "b": 0, "c": 0}]


def test_they_are_counted_or_not() -> None:
    """Where one room cannot be asked for, none is."""
    world = connected()
    world.redis.next("SCAN", [b"0", [b"p:{a}:head", b"p:{b}:head"]])
    world.redis.next("HKEYS", [], Refusal("WRONGTYPE no"))
    got = told(count_members(world.commands, world.keys, {"me"}))
    world.redis.settle()
    assert isinstance(got[0], BusUnavailable)
