# SPDX-License-Identifier: MIT
"""The contract of a bus, over Redis."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from attrs import evolve

from tests.support.bus_contract import *  # noqa: F403
from tests.support.bus_contract import MakeNodes, asynchronous, go_by
from tests.support.buses import Member, Node, now, redis_node, until
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


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_room_lasts_by_its_own_rule(make_nodes: MakeNodes, redis: RedisServer) -> None:
    """Its keys, by whichever way it is spoken in; and its messages, however long the room lasts."""
    nodes = one, two = make_nodes()
    room = uuid4().hex
    go_by(nodes, room, history_ttl=5000.0)
    await two.say_to_all([room, f"{room}+"], "1")
    await one.join(Member(), room)
    await one.say("2", room)
    lasting = {
        key.decode().partition("}:")[2]: redis.ask("PTTL", key.decode())
        for key in redis.ask("KEYS", f"*{{{room}}}:*")
    }
    assert lasting.keys() == {"head", "log", "who"}
    assert min(lasting.values()) > 4_900_000
    others = [redis.ask("PTTL", key.decode()) for key in redis.ask("KEYS", f"*{{{room}%2B}}:*")]
    assert max(others) <= 600_000
    # A quarter of a second is what a message lasts from now on.
    go_by(nodes, room, history_ttl=0.25)
    await until(lambda: one.history(room) == [])
    await two.attach(room)
    assert two.history(room) == []
    go_by(nodes, room, history_ttl=5000.0)
    assert two.hub.position(room, now()).offset == 2


@asynchronous  # type: ignore[untyped-decorator]
@pytest.mark.parametrize("way", ["one", "all"])
async def test_a_log_keeps_about_what_its_rule_says(
    make_nodes: MakeNodes, redis: RedisServer, way: str
) -> None:
    """Small ones or large ones, it takes no more of Redis than twice that; the newest is there."""
    nodes = one, two = make_nodes()
    room = uuid4().hex
    go_by(nodes, room, history_bytes=20_000)

    async def say(text: str) -> None:
        if way == "one":
            await two.say(text, room)
        else:
            await two.say_to_all([room], text)

    def length() -> int:
        [log] = redis.ask("KEYS", f"*{{{room}}}:log")
        return int(redis.ask("XLEN", log.decode()))

    for _ in range(200):
        await say("x" * 500)
    assert 20_000 / 600 < length() <= 2 * 20_000 / 500
    for _ in range(5):
        await say("y" * 9_000)
    assert length() == 2
    await say("z" * 90_000)
    assert length() == 1
    await one.attach(room)
    assert one.history(room) == []
    assert one.hub.position(room, now()).offset == 206


@asynchronous  # type: ignore[untyped-decorator]
async def test_nobody_is_kept_where_presence_is_off(
    make_nodes: MakeNodes, redis: RedisServer
) -> None:
    """Nothing of who is there is written, told or read."""
    nodes = one, two = make_nodes()
    room = uuid4().hex
    go_by(nodes, room, presence="off")
    for node in nodes:
        await node.join(Member(), room)
    await one.say("1", room)
    await until(lambda: two.texts(room) == ["1"])
    assert redis.ask("KEYS", f"*{{{room}}}:who") == []
    assert one.events == two.events == []
