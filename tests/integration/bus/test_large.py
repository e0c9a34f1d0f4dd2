# SPDX-License-Identifier: MIT
"""Large messages at Redis's own limits: the connection stands, and each is heard once, in order."""

from collections.abc import Iterator

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, gatherResults

from tests.support.buses import Member, Node, known, redis_node, until
from tests.support.redis_server import RedisServer, redis_server
from wsecho.bus.redis.client.scripts import LARGE
from wsecho.core.rooms.hub import Rules
from wsecho.core.rooms.room import PublishRequest
from wsecho.fanout.rooms import draw_publication

asynchronous = pytest_twisted.ensureDeferred


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """One that keeps nothing on disk, at its own limits otherwise."""
    with redis_server("--appendonly", "no") as server:
        yield server


@pytest.fixture
def nodes(redis: RedisServer) -> Iterator[list[Node]]:
    """Three of them."""
    rules = Rules(history_bytes=1 << 30)
    made = [redis_node(redis.url, rules, prefix="p:", timeout=20.0) for _ in range(3)]
    yield made
    for node in made:
        node.bus.stop()


def connects(nodes: list[Node]) -> list[int]:
    """How often each has connected."""
    return [node.bus.measures.connects for node in nodes if node.bus.measures is not None]


@asynchronous  # type: ignore[untyped-decorator]
async def test_many_large_messages_cost_no_connection(nodes: list[Node]) -> None:
    """Said at once, in one room and in several, with small ones between; by patterns too."""
    one, two, three = nodes
    members = {room: Member() for room in ("a", "b", "c")}
    for room, member in members.items():
        await two.join(member, room)
    await known(three.bus.overhear(all_rooms=True))
    saying = []
    for number in range(4):
        for room in members:
            large = bytes([48 + number]) * (15 << 20 if number % 2 else 100)
            saying.append(one.say(large, room))
    await gatherResults([Deferred.fromCoroutine(each) for each in saying])
    for member in members.values():
        await until(lambda member=member: len(member.got) == 4)  # type: ignore[misc]
        assert [each.payload[:1] for each in member.got] == [b"0", b"1", b"2", b"3"]
        assert [len(each.payload) for each in member.got] == [100, 15 << 20, 100, 15 << 20]
    for room in members:
        await until(lambda room=room: len(three.texts(room)) == 4)  # type: ignore[misc]
        assert [text[0] for text in three.texts(room)] == ["0", "1", "2", "3"]
    assert connects(nodes) == [1, 1, 1]


@asynchronous  # type: ignore[untyped-decorator]
async def test_around_the_bound(nodes: list[Node]) -> None:
    """The order is one, whatever is pushed and whatever is fetched; own ones come back too."""
    one, two, three = nodes
    member, speaker = Member(), Member(wants_own=False)
    await two.join(member)
    await one.join(speaker)
    await known(three.bus.overhear(all_rooms=True))
    sizes = [LARGE + step for step in (-200, 1, -100, 0, 200, -50)] * 4
    saying = [
        one.bus.publish("a", one_said(size), speaker if size % 2 else None, None) for size in sizes
    ]
    receipts = await gatherResults(saying)  # type: ignore[arg-type]
    await until(lambda: len(member.got) == len(sizes))
    assert [len(each.payload) for each in member.got] == sizes
    assert [each.position for each in member.got] == [each.position for each in receipts]
    assert [len(each.payload) for each in speaker.got] == [size for size in sizes if not size % 2]
    await until(lambda: len(three.texts()) == len(sizes))
    assert [len(text) for text in three.texts()] == sizes
    everywhere = await one.say_to_all(["a", "b"], "x" * LARGE)
    await until(lambda: len(three.texts("b")) == 1 and len(member.got) == len(sizes) + 1)
    assert member.got[-1].position == everywhere["a"].position
    assert connects(nodes) == [1, 1, 1]
    assert not [
        event for node in nodes for event in node.events if event[0] in {"renewed", "skipped"}
    ]


def one_said(size: int) -> PublishRequest:
    """Something of a size."""
    return PublishRequest(b"x" * size, False, draw_publication())
