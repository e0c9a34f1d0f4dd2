# SPDX-License-Identifier: MIT
"""Where nodes are reached, in a real Redis."""

from typing import Any
from uuid import uuid4

import pytest_twisted

from tests.support.buses import known, redis_node, until
from tests.support.redis_server import RedisServer
from wsecho.bus.redis.bus import RedisBus
from wsecho.core.rooms.hub import Rules
from wsecho.core.wire.nodes import NodeAddress

HERE = NodeAddress("fd00::1", 9000)

asynchronous = pytest_twisted.ensureDeferred


def buses(redis: RedisServer, count: int) -> list[RedisBus]:
    """Some nodes that share a prefix of their own."""
    prefix = f"{uuid4().hex}:"
    found: list[Any] = [redis_node(redis.url, Rules(), prefix=prefix).bus for _ in range(count)]
    return found


@asynchronous  # type: ignore[untyped-decorator]  # it has no annotations
async def test_a_node_is_found_until_it_ends(redis: RedisServer) -> None:
    """By others with the same prefix; one that nobody knows is none."""
    one, two = buses(redis, 2)
    [other] = buses(redis, 1)
    await until(lambda: one.is_up and two.is_up and other.is_up)
    one.directory.enter("n", HERE)
    assert await known(one.directory.find("n")) == HERE
    assert await known(two.directory.find("n")) == HERE
    assert await known(two.directory.find("m")) is None
    assert await known(other.directory.find("n")) is None
    one.stop()
    two.stop()
    other.stop()
    await until(lambda: redis.ask("KEYS", "*address:n") == [])


@asynchronous  # type: ignore[untyped-decorator]  # it has no annotations
async def test_a_node_that_was_entered_before_redis_was_there_is_found(redis: RedisServer) -> None:
    """As soon as it is: nobody has to wait for the next beat."""
    one, two = buses(redis, 2)
    assert not one.is_up
    one.directory.enter("n", HERE)
    await until(lambda: one.is_up and two.is_up)
    assert await known(one.directory.find("n")) == HERE
    assert await known(two.directory.find("n")) == HERE
    one.stop()
    two.stop()


@asynchronous  # type: ignore[untyped-decorator]  # it has no annotations
async def test_an_entry_that_nobody_keeps_alive_goes(redis: RedisServer) -> None:
    """It has a time in Redis; what is no address is none."""
    [one] = buses(redis, 1)
    await until(lambda: one.is_up)
    one.directory.enter("n", HERE)
    assert await known(one.directory.find("n")) == HERE
    [key] = redis.ask("KEYS", "*address:n")
    assert 0 < redis.ask("PTTL", key.decode()) <= 15_000
    redis.ask("SET", key.decode(), "nonsense")
    assert await known(one.directory.find("n")) is None
    one.stop()
