# SPDX-License-Identifier: MIT
"""One message in many rooms: in all or in none, whatever Redis lacks; or it ends as unknown."""

from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import pytest_twisted

from tests.support.buses import Node, known, redis_node, until
from tests.support.redis_server import RedisServer, redis_server
from wsecho.bus.redis.rooms.publishing import MAX_AT_ONCE
from wsecho.core.rooms.hub import Rules
from wsecho.core.rooms.retries import Keyed, KeyReusedError, Receipt
from wsecho.core.rooms.room import PublishRequest
from wsecho.core.wire.errors import BusTimeout, BusUnavailable, TooLarge
from wsecho.fanout.rooms import draw_publication

asynchronous = pytest_twisted.ensureDeferred
ROOMS = 800


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """One of its own, for what is set there is for all who use it."""
    with redis_server() as server:
        yield server


@pytest.fixture
def node(redis: RedisServer) -> Iterator[Node]:
    """A node there."""
    made = redis_node(redis.url, prefix="p:", timeout=10.0)
    yield made
    made.bus.stop()


def said(
    rooms: list[str], payload: bytes = b"x", key: str | None = None
) -> dict[str, PublishRequest]:
    """The same in each."""
    keyed = None if key is None else Keyed(key)
    return {room: PublishRequest(payload, False, draw_publication(), keyed) for room in rooms}


async def say(node: Node, rooms: list[str], **what: Any) -> dict[str, Receipt]:
    """Say it."""
    return await known(node.bus.publish_to_all(said(rooms, **what)))


def lengths(redis: RedisServer, rooms: list[str]) -> set[int]:
    """How many messages the rooms have in their logs."""
    return {redis.ask("XLEN", f"p:{{{room}}}:log") for room in rooms}


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_redis_that_fills_up_has_all_or_none(redis: RedisServer, node: Node) -> None:
    """At whatever moment its memory ends."""
    rooms = [f"r{number}" for number in range(ROOMS)]
    payload = b"x" * 1000
    await say(node, rooms, payload=payload)
    times, refused = 1, 0
    used = int(redis.ask("INFO", "memory").split(b"used_memory:")[1].split()[0])
    for step in range(1, 12):
        redis.ask("CONFIG", "SET", "maxmemory", str(used + step * 150_000))
        try:
            await say(node, rooms, payload=payload)
        except BusUnavailable:
            refused += 1
        else:
            times += 1
        assert lengths(redis, rooms) == {times}
    assert refused
    assert times > 1
    redis.ask("CONFIG", "SET", "maxmemory", "0")
    receipts = await say(node, rooms)
    assert {receipt.position.offset for receipt in receipts.values()} == {times + 1}


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_room_that_cannot_take_it_keeps_it_from_all(redis: RedisServer, node: Node) -> None:
    """A key of another type, a log that is ahead, a key that was used, whichever room has it."""
    await node.say("other", "d", key="k")
    spoilt = {"a": "{a}:head", "b": "{b}:log", "c": "{c}:log"}
    redis.ask("SET", "p:" + spoilt["a"], "none of ours")
    redis.ask("RPUSH", "p:" + spoilt["b"], "none of ours")
    redis.ask("HSET", "p:{c}:head", "epoch", "e", "head", "1")
    redis.ask("XADD", "p:{c}:log", "7-0", "p", "1", "m", "0 1 t - x", "b", "")
    fine = [f"r{number}" for number in range(20)]
    for room in spoilt:
        with pytest.raises(BusUnavailable):
            await say(node, [*fine[:10], room, *fine[10:]])
    assert lengths(redis, fine) == {0}
    await say(node, ["r0", "e"], key="k")
    with pytest.raises(KeyReusedError):
        await say(node, ["r1", "e"], payload=b"another", key="k")
    assert lengths(redis, ["r1"]) == {0}
    again = await say(node, ["r0", "e", "r2"], key="k")
    assert {room: one.position.offset for room, one in again.items()} == {"r0": 1, "e": 1, "r2": 1}
    assert lengths(redis, ["r0", "e", "r2"]) == {1}


@pytest.mark.parametrize("right", ["xadd", "pexpire"])
@asynchronous  # type: ignore[untyped-decorator]
async def test_what_ends_halfway_is_unknown(redis: RedisServer, node: Node, right: str) -> None:
    """Nobody is told that nothing was done where something may have been."""
    await say(node, ["a", "b"])
    redis.ask("ACL", "SETUSER", "default", f"-{right}")
    with pytest.raises(BusTimeout):
        await say(node, ["a", "b"])
    redis.ask("ACL", "SETUSER", "default", f"+{right}")
    await until(lambda: node.bus.is_up)
    redis.ask("ACL", "SETUSER", "default", "-time")
    with pytest.raises(BusUnavailable):
        await say(node, ["a", "b"])


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_lost_connection_is_unknown(redis: RedisServer, node: Node) -> None:
    """Once it has been sent."""
    await say(node, ["a", "b"])
    asked = node.bus.publish_to_all(said(["a", "b"]))
    redis.kill()
    with pytest.raises(BusTimeout):
        await known(asked)
    await until(lambda: node.bus.is_away)
    with pytest.raises(BusUnavailable):
        node.bus.publish_to_all(said(["a", "b"]))


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_thousand_rooms_and_too_much(redis: RedisServer, node: Node) -> None:
    """As many as one may name are one step; what would hold Redis up for long is refused."""
    rooms = [f"r{number}" for number in range(1000)]
    receipts = await say(node, rooms, payload=b"x" * 10_000, key="k")
    assert list(receipts) == rooms
    assert lengths(redis, rooms) == {1}
    with pytest.raises(TooLarge):
        await say(node, rooms, payload=b"x" * (MAX_AT_ONCE // 1000 + 1))
    assert redis.ask("SLOWLOG", "LEN") is not None


@asynchronous  # type: ignore[untyped-decorator]
async def test_it_is_heard_as_what_is_said_in_one_room(redis: RedisServer) -> None:
    """By another node, in rooms that are new, that are known, and where a node has seen more."""
    prefix = f"{uuid4().hex}:"
    rules = Rules(history=3)
    one, two = nodes = [redis_node(redis.url, rules, prefix=prefix) for _ in range(2)]
    for room in ("a", "b", "c"):
        await two.attach(room)
    await one.say("before", "b")
    await until(lambda: two.texts("b") == ["before"])
    # It comes back with less: what was seen there must not have the same place again.
    for _ in range(2):
        await two.say("lost", "c")
    redis.ask("DEL", f"{prefix}{{c}}:log")
    redis.ask("HSET", f"{prefix}{{c}}:head", "head", "0", "last", "")
    for text in ("1", "2", "3", "4"):
        receipts = await known(two.bus.publish_to_all(said(["a", "b", "c"], text.encode())))
    assert {room: one.position.offset for room, one in receipts.items()} == {"a": 4, "b": 5, "c": 4}
    for room in ("a", "b", "c"):
        await until(partial(lambda room: two.history(room) == ["2", "3", "4"], room))
        assert two.texts(room)[-4:] == ["1", "2", "3", "4"]
        await one.attach(room)
        assert one.history(room) == ["2", "3", "4"]
    assert [event[:2] for event in two.events] == [("renewed", "c")]
    for node in nodes:
        node.bus.stop()
