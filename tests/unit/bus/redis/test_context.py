# SPDX-License-Identifier: MIT
"""What all parts of the bus are built upon."""

import pytest

from tests.support.redis_rooms import BusWorld
from tests.support.scripted_redis import ADDRESS, RedisWorld, ScriptedRedis
from wsecho.bus.redis.context import BusContext, Settings
from wsecho.core.rooms.hub import Rules


@pytest.mark.parametrize("speaks_locally", [False, True])
def test_a_process_is_alone_where_it_may_be(speaks_locally: bool) -> None:
    """Not while Redis is awaited for the first time."""
    world = RedisWorld(ScriptedRedis())
    context = BusContext(
        *("me", Settings(ADDRESS, speaks_locally=speaks_locally), Rules(), world.commands),
        *(world.keys, world.measures, world.redis, world.redis.seconds),
    )
    assert context.is_alone is speaks_locally
    world.link.start()
    assert not context.is_alone
    world.redis.settle()
    assert not context.is_alone
    world.go_away()
    assert context.is_alone is speaks_locally


def test_the_names_of_two_prefixes_are_apart() -> None:
    """All that this node asks for is below its own."""
    world = BusWorld()
    world.attach()
    world.say("x")
    names = [each[1] for each in world.redis.take() if each[0] not in {"PING", "TIME"}]
    assert names
    assert all(name.startswith("p:") for name in names)
