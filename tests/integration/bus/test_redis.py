# SPDX-License-Identifier: MIT
"""The contract of a bus, over Redis."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from attrs import evolve

from tests.support.bus_contract import *  # noqa: F403
from tests.support.bus_contract import MakeNodes, asynchronous
from tests.support.buses import Node, now, redis_node, until
from tests.support.redis_server import RedisServer
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.hub import Rules


@pytest.fixture
def make_nodes(redis: RedisServer) -> Iterator[MakeNodes]:
    """Makes two nodes that share a prefix of their own."""
    made: list[Node] = []

    def make(**rules: Any) -> list[Node]:
        prefix = f"{uuid4().hex}:"
        kept = evolve(Rules(), **rules)
        made.extend(redis_node(redis.url, kept, prefix=prefix, timeout=10.0) for _ in range(2))
        return made

    yield make
    for node in made:
        node.bus.stop()


async def shown(nodes: list[Node], redis: RedisServer, room: str, **later: str) -> list[Message]:
    """Say something in a room, set its `time` in Redis, and say it in two ways more."""
    one, two = nodes
    await one.attach(room)
    await one.say("1", room)
    [head] = redis.ask("KEYS", f"*{{{room}}}:head")
    for name, value in later.items():
        redis.ask("HSET", head.decode(), name, value)
    await one.say("2", room)
    await two.say_to_all([room], "3")
    await two.say("4", room)
    await until(lambda: len(one.texts(room)) == 4)
    await two.attach(room)
    past = list(two.hub.read(room, now()))
    live = [said for name, said, _ in one.heard if name == room]
    assert [said.time for said in live][-len(past) :] == [said.time for said in past]
    return past


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_clock_that_is_set_back_shows_nothing(
    make_nodes: MakeNodes, redis: RedisServer
) -> None:
    """What is said then has the last time that was shown, and the age that it has."""
    room = uuid4().hex
    past = await shown(make_nodes(), redis, room, time="4000000000.000250")
    assert [said.time for said in past[1:]] == [4000000000.000250] * 3
    assert abs(past[0].time - now()) < 3600
    [log] = redis.ask("KEYS", f"*{{{room}}}:log")
    records = [entry[1][3] for entry in redis.ask("XRANGE", log.decode(), "-", "+")]
    assert all(abs(float(record.split(b" ")[0]) - now()) < 3600 for record in records)


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_room_begins_anew_no_earlier_than_it_was(
    make_nodes: MakeNodes, redis: RedisServer
) -> None:
    """Redis came back with an older state of it."""
    past = await shown(make_nodes(), redis, uuid4().hex, time="4000000000.5", head="0")
    assert [said.payload for said in past] == [b"2", b"3", b"4"]
    assert [said.time for said in past] == [4000000000.5] * 3
