# SPDX-License-Identifier: MIT
"""How long, and how much, Redis keeps: nothing for ever, and of what waits for nodes not all."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_twisted
from twisted.internet.task import deferLater

from tests.support.buses import Member, Node, known, redis_node, the_reactor, until
from tests.support.redis_server import RedisServer
from wsecho.bus.redis.nodes import messaging
from wsecho.core.rooms.hub import Rules
from wsecho.core.rooms.leases import Claim
from wsecho.core.wire.nodes import NodeAddress

asynchronous = pytest_twisted.ensureDeferred
MakeNode = Callable[..., Node]


@pytest.fixture
def prefix() -> str:
    """Of one test."""
    return f"{uuid4().hex}:"


@pytest.fixture
def make_node(redis: RedisServer, prefix: str) -> Iterator[MakeNode]:
    """Makes nodes that share a prefix."""
    made: list[Node] = []

    def make(**settings: Any) -> Node:
        rules = Rules(history_ttl=settings.pop("history_ttl", 600.0))
        made.append(redis_node(redis.url, rules, prefix=prefix, timeout=10.0, **settings))
        return made[-1]

    yield make
    for node in made:
        node.bus.stop()


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is logged waits for as long as nodes live without a sign, not for a minute."""
    monkeypatch.setattr(messaging, "LEAST_WAITING", 0.0)


def keys(redis: RedisServer, prefix: str) -> list[str]:
    """What there is below a prefix."""
    return [name.decode() for name in redis.ask("KEYS", f"{prefix}*")]


@asynchronous  # type: ignore[untyped-decorator]
async def test_no_key_lives_for_ever(redis: RedisServer, prefix: str, make_node: MakeNode) -> None:
    """Each has an end from the moment at which it is made: its node may die just then."""
    node = make_node()
    await node.join(Member())
    await node.say("x", key="k", payer="me")
    await node.say("x", room="b")
    node.bus.listen("weather", lambda _: None)
    await known(node.bus.broadcast_logged("weather", b"rain", keep="today"))
    node.bus.keep("news", "b", b"x")
    await known(node.bus.claim(Claim("p", "a", "r", is_shared=True), lambda: None))
    await known(node.bus.take_turn("p"))
    assert node.bus.directory is not None
    node.bus.directory.enter(node.bus.node, NodeAddress("127.0.0.1", 1))
    await known(node.bus.catch_up())
    names = keys(redis, prefix)
    kinds = {name.rpartition("}")[2].split(":")[1] for name in names if "}" in name}
    assert kinds >= {
        "head",
        "log",
        "who",
        "key",
        "keys",
        "nodes",
        "claims",
        "turns",
        "last",
        "kept",
    }
    assert [name for name in names if redis.ask("PTTL", name) < 0] == []


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_log_goes_when_nobody_speaks(
    redis: RedisServer, prefix: str, make_node: MakeNode
) -> None:
    """Though nodes live; what is said then is heard once by each."""
    one, two = make_node(node_ttl=0.3), make_node(node_ttl=0.3)
    heard: list[bytes] = []
    two.bus.listen("weather", heard.append)
    await known(two.bus.catch_up())
    log = f"{prefix}{{@}}:log:weather"
    for number in range(2):
        await known(one.bus.broadcast_logged("weather", b"%d" % number))
        assert redis.ask("EXISTS", log) == 1
        await until(lambda: redis.ask("EXISTS", log) == 0)
    await until(lambda: heard == [b"0", b"1"])


@asynchronous  # type: ignore[untyped-decorator]
async def test_what_is_old_goes_while_others_speak(
    redis: RedisServer, prefix: str, make_node: MakeNode
) -> None:
    """However few there are."""
    node = make_node(node_ttl=0.3)
    log = f"{prefix}{{@}}:log:weather"
    await known(node.bus.broadcast_logged("weather", b"old"))
    [first] = redis.ask("XRANGE", log, "-", "+")

    async def is_gone() -> bool:
        await known(node.bus.broadcast_logged("weather", b"new"))
        return first not in redis.ask("XRANGE", log, "-", "+")

    while not await is_gone():
        await deferLater(the_reactor(), 0.1)


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_log_is_bounded_by_bytes(
    redis: RedisServer, prefix: str, make_node: MakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last one of any size stays; whoever is there hears all, in order."""
    monkeypatch.setattr(messaging, "MAX_LOGGED", 10_000)
    one, two = make_node(node_ttl=60.0), make_node(node_ttl=60.0)
    heard: list[int] = []
    two.bus.listen("weather", lambda payload: heard.append(len(payload)))
    await known(two.bus.catch_up())
    log = f"{prefix}{{@}}:log:weather"
    sizes = [4_000, 1, 4_000, 4_000, 50_000, 1, 1, 9_000, 9_000, *([100] * 200)]
    for size in sizes:
        await known(one.bus.broadcast_logged("weather", b"x" * size))
        kept = [len(fields[3]) for _, fields in redis.ask("XRANGE", log, "-", "+")]
        assert kept[-1] == size
        assert sum(kept[:-1]) <= 10_000
    assert 40 < len(kept) < 60
    await until(lambda: heard == sizes)


@asynchronous  # type: ignore[untyped-decorator]
async def test_for_want_of_memory_no_node_dies(redis: RedisServer, make_node: MakeNode) -> None:
    """A sign of life is taken when nothing else is."""
    one, two = make_node(node_ttl=0.6), make_node(node_ttl=0.6)
    lives: list[frozenset[str]] = []
    one.bus.watch_nodes(lives.append)
    both = {one.bus.node, two.bus.node}
    await until(lambda: lives[-1] == both)
    redis.ask("CONFIG", "SET", "maxmemory", "1")
    try:
        await deferLater(the_reactor(), 2.0)
        seen = list(lives)
        assert seen[-1] == both
    finally:
        redis.ask("CONFIG", "SET", "maxmemory", "0")
    await known(one.bus.catch_up())
    assert lives[-1] == both
