# SPDX-License-Identifier: MIT
"""All rooms that Redis knows below a prefix, some at a time."""

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from tests.support.scripted_redis import RedisWorld, Refusal, connected, told
from wsecho.bus.redis.client.keys import Keys
from wsecho.bus.redis.client.scanning import scan_rooms
from wsecho.core.wire.errors import BusTimeout, BusUnavailable


def scan(world: RedisWorld, keys: Keys) -> list[Any]:
    """Collect what is named."""

    async def collect() -> list[set[str]]:
        return [rooms async for rooms in scan_rooms(world.commands, keys)]

    return told(Deferred.fromCoroutine(collect()))


def test_it_goes_on_until_redis_is_at_the_end() -> None:
    """A step may find nothing; names are decoded, and the prefix stands for itself."""
    world, keys = connected(), Keys("p*:", 3)
    heads = [[keys.room(name).head.encode() for name in some] for some in (["a/b", "{ä}"], ["c"])]
    world.redis.next("SCAN", [b"7", heads[0]], [b"9", []], [b"0", heads[1]])
    got = scan(world, keys)
    assert [command[1] for command in world.redis.take()] == ["0", "7", "9"]
    assert got == [[{"a/b", "{ä}"}, {"c"}]]
    scan(world, keys)
    assert world.redis.take()[0][2:4] == ("MATCH", r"p\*:{*}:head")


@pytest.mark.parametrize(
    ("reply", "kind"), [(Refusal("BUSY x"), BusUnavailable), (None, BusTimeout)]
)
def test_it_fails_as_a_step_does(reply: Any, kind: type[Exception]) -> None:
    """In the middle, too."""
    world, keys = connected(), Keys("p:", 0)
    world.redis.next("SCAN", [b"7", []])
    if reply is None:
        world.redis.next("SCAN", bytearray(b"*2\r\n"))
    else:
        world.redis.next("SCAN", reply)
    got = scan(world, keys)
    world.redis.settle()
    world.go_away()
    assert isinstance(got[0], kind)
