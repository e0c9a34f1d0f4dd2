# SPDX-License-Identifier: MIT
"""What Redis refuses was not done: neither there nor anywhere else does anything come of it."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
import pytest_twisted
from attrs import frozen
from twisted.internet.task import deferLater

from tests.support.buses import Member, Node, now, redis_node, the_reactor, until
from tests.support.redis_server import RedisServer, redis_server
from wsecho.core.wire.errors import BusTimeout, BusUnavailable

asynchronous = pytest_twisted.ensureDeferred


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """One of its own, for what is set there is for all who use it."""
    with redis_server() as server:
        yield server


@frozen
class Way:
    """A way to be refused, and how it ends; each takes the server and the prefix."""

    begin: Callable[[RedisServer, str], object]
    end: Callable[[RedisServer, str], object]


def setting(name: str, value: str, back: str) -> Way:
    """By what Redis is set to."""
    return Way(
        lambda redis, _: redis.ask("CONFIG", "SET", name, value),
        lambda redis, _: redis.ask("CONFIG", "SET", name, back),
    )


def right(command: str) -> Way:
    """By what the user may not do."""
    return Way(
        lambda redis, _: redis.ask("ACL", "SETUSER", "default", f"-{command}"),
        lambda redis, _: redis.ask("ACL", "SETUSER", "default", f"+{command}"),
    )


def name_taken(name: str) -> Way:
    """By what stands where something is to be written."""
    aside = f"{name}:aside"

    def begin(redis: RedisServer, prefix: str) -> None:
        redis.ask("RENAME", prefix + name, prefix + aside)
        redis.ask("SET", prefix + name, "none of ours")

    return Way(begin, lambda redis, prefix: redis.ask("RENAME", prefix + aside, prefix + name))


KEYED = "NOPERM zadd"
"""What only a publication with a key needs."""

WAYS = {
    "OOM": setting("maxmemory", "1", "0"),
    "NOREPLICAS": setting("min-replicas-to-write", "1", "0"),
    "READONLY": Way(
        lambda redis, _: redis.ask("REPLICAOF", "127.0.0.1", "1"),
        lambda redis, _: redis.ask("REPLICAOF", "NO", "ONE"),
    ),
    **{
        f"NOPERM {command}": right(command)
        for command in ("hset", "xadd", "pexpire", "time", "publish", "zadd", "hmget")
    },
    "WRONGTYPE log": name_taken("{a}:log"),
    "WRONGTYPE head": name_taken("{a}:head"),
}


@pytest.mark.parametrize(
    ("name", "key"), [(name, key) for name in WAYS for key in (None, "k") if key or name != KEYED]
)
@asynchronous  # type: ignore[untyped-decorator]
async def test_what_is_refused_has_no_offset(
    redis: RedisServer, name: str, key: str | None
) -> None:
    """The next one has it, all hear both in one epoch, and the key is free."""
    way = WAYS[name]
    prefix = f"{uuid4().hex}:"
    one, two = nodes = [redis_node(redis.url, prefix=prefix, timeout=10.0) for _ in range(2)]
    try:
        member = Member()
        await two.join(member)
        first = await one.say("first")
        way.begin(redis, prefix)
        for _ in range(2):
            await refused(one, key)
        way.end(redis, prefix)
        second = await said(one, "second", key)
        assert second == (first.position.epoch, 2)
        await until(lambda: len(member.got) == 2)
        assert [each.payload for each in member.got] == [b"first", b"second"]
        assert two.history() == ["first", "second"]
        assert not [event for node in nodes for event in node.events if event[0] != "join"]
        three = redis_node(redis.url, prefix=prefix, timeout=10.0)
        nodes.append(three)
        await three.attach()
        assert three.history() == ["first", "second"]
        assert three.hub.position("a", now()) == two.hub.position("a", now())
    finally:
        for node in nodes:
            node.bus.stop()


async def refused(node: Node, key: str | None) -> None:
    """Say something in vain."""
    for _ in range(100):
        try:
            await node.say("refused", key=key)
        except BusUnavailable:
            return
        except BusTimeout:
            # The connection was given up for another command.
            continue
        raise AssertionError("it was not refused")


async def said(node: Node, text: str, key: str | None) -> tuple[str, int]:
    """Say something as soon as that can be done; where it stands."""
    for _ in range(100):
        await until(lambda: node.bus.is_up)
        try:
            receipt = await node.say(text, key=key)
        except (BusUnavailable, BusTimeout):
            await deferLater(the_reactor(), 0.05)
        else:
            return receipt.position.epoch, receipt.position.offset
    raise AssertionError("it is refused still")
