# SPDX-License-Identifier: MIT
"""Large messages at Redis's own limits: the connection stands, and each is heard once, in order."""

from collections.abc import Iterator
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, gatherResults

from tests.support.buses import Member, Node, known, redis_node, until
from tests.support.redis_server import RedisServer, redis_server
from wsecho.bus.redis.client.scripts import LARGE
from wsecho.bus.redis.nodes.asides import MAX_ASIDE
from wsecho.core.rooms.hub import Rules
from wsecho.core.rooms.room import PublishRequest
from wsecho.core.wire.errors import BusUnavailable
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
    await known(three.bus.follow_rooms(all_rooms=True))
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
    await known(three.bus.follow_rooms(all_rooms=True))
    sizes = [LARGE + step for step in (-200, 1, -100, 0, 200, -50)] * 4
    saying = [
        one.bus.publish("a", one_said(size), speaker if size % 2 else None, None) for size in sizes
    ]
    receipts = [await known(each) for each in saying]
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


class Heard(list[bytes]):
    """What a node heard on a subject, each by its first octet and its size."""

    def take(self, payload: bytes) -> None:
        """Note it."""
        self.append(b"%c %d" % (payload[0], len(payload)))


async def listen(nodes: list[Node], subject: str) -> list[Heard]:
    """Have all nodes hear a subject."""
    heard = [Heard() for _ in nodes]
    for node, one in zip(nodes, heard, strict=True):
        node.bus.listen(subject, one.take)
    for node in nodes:
        await known(node.bus.catch_up())
    return heard


def noted(*said: bytes) -> list[bytes]:
    """How such are noted."""
    return [b"%c %d" % (each[0], len(each)) for each in said]


def left_aside(redis: RedisServer) -> list[str]:
    """What waits in Redis to be fetched, and what says so."""
    return [key.decode() for key in redis.ask("KEYS", "p:{@}:aside*")]


@pytest.mark.parametrize("size", [LARGE + 1, 15 << 20])
@asynchronous  # type: ignore[untyped-decorator]
async def test_nodes_tell_one_another_what_is_large(
    nodes: list[Node], redis: RedisServer, size: int
) -> None:
    """All that they say to all or to one, at once, in one order, with small ones between."""
    one, two, three = nodes
    heard = await listen(nodes, "weather")
    other = await listen(nodes, "news")
    large = [b"%d" % number + bytes(size - 1) for number in range(5)]
    saying: list[Any] = [
        one.bus.broadcast_logged("weather", large[0]),
        one.bus.send_to(two.bus.node, "weather", large[1]),
        one.bus.send_to(two.bus.node, "weather", b"a"),
        one.bus.broadcast_logged("weather", b"b"),
        one.bus.announce("weather", large[2]),
        one.bus.broadcast_logged("weather", large[3]),
        one.bus.announce("weather", b"c"),
        one.bus.broadcast_logged("news", large[0]),
        one.bus.broadcast_logged("news", b"d"),
    ]
    one.bus.broadcast("weather", large[4])
    one.bus.broadcast("weather", b"e")
    done = [await known(each) for each in saying]
    assert done == [True, True, True, True, None, True, None, True, True]
    to_all = [large[0], b"b", large[2], large[3], b"c", large[4], b"e"]
    to_two = [*to_all[:1], large[1], b"a", *to_all[1:]]
    for node in nodes:
        await known(node.bus.catch_up())
    assert heard[1] == noted(*to_two)
    assert [heard[0], heard[2]] == [noted(*to_all)] * 2
    assert other == [noted(large[0], b"d")] * 3
    assert connects([one, two, three]) == [1, 1, 1]
    await until(lambda: not left_aside(redis))


@asynchronous  # type: ignore[untyped-decorator]
async def test_any_octets_can_be_told(nodes: list[Node]) -> None:
    """Those too by which a place is told of, and none."""
    one, two, _ = nodes
    got: list[bytes] = []
    two.bus.listen("weather", got.append)
    await known(two.bus.catch_up())
    said = [b"\0aside x", b"", b"\0aside ", b"\0aside", bytes(LARGE), bytes(LARGE + 1), b" "]
    for each in said:
        await known(one.bus.announce("weather", each))
        await known(one.bus.send_to(two.bus.node, "weather", each))
        await known(one.bus.broadcast_logged("weather", each))
    await known(two.bus.catch_up())
    assert got == [each for each in said for _ in range(3)]


@asynchronous  # type: ignore[untyped-decorator]
async def test_nobody_who_listens_leaves_nothing(nodes: list[Node], redis: RedisServer) -> None:
    """Whoever says it is told; what waits has an end, and Redis does not keep more than a bound."""
    one, two, _ = nodes
    assert await known(one.bus.send_to("nobody", "weather", bytes(1 << 20))) is False
    assert not left_aside(redis)
    await listen(nodes[1:2], "weather")
    lock = two.bus._commands.one_large  # type: ignore[attr-defined]
    await lock.acquire()
    most = MAX_ASIDE >> 24
    for _ in range(most):
        assert await known(one.bus.send_to(two.bus.node, "weather", bytes(16 << 20))) is True
    with pytest.raises(BusUnavailable, match="large"):
        await known(one.bus.send_to(two.bus.node, "weather", bytes(16 << 20)))
    assert len(left_aside(redis)) == most + 1
    assert all(redis.ask("PTTL", key) > 0 for key in left_aside(redis))
    lock.release()
    await known(two.bus.catch_up())
    assert not left_aside(redis)
    assert await known(one.bus.send_to(two.bus.node, "weather", bytes(16 << 20))) is True


@asynchronous  # type: ignore[untyped-decorator]
async def test_what_is_kept_and_missed_may_be_large(nodes: list[Node]) -> None:
    """Read one by one by several at once; a node that was cut off reads what was said meanwhile."""
    one, two, three = nodes
    heard = await listen(nodes, "weather")
    said = [b"0" + bytes(15 << 20), b"1", b"2" + bytes(15 << 20), b"3" + bytes(LARGE), b"4"]
    three.bus._link.cut()  # type: ignore[attr-defined]
    for each in said:
        await known(one.bus.broadcast_logged("weather", each, keep=f"{each[:1].decode()}"))
    await until(lambda: all(each == noted(*said) for each in heard))
    for _ in range(2):
        reading = [two.bus.kept("weather"), two.bus.kept("weather"), three.bus.kept("weather")]
        for found in reading:
            assert await known(found) == {f"{number}": each for number, each in enumerate(said)}
    assert connects(nodes) == [1, 1, 2]


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_burst_of_large_ones_is_heard_whole(nodes: list[Node]) -> None:
    """Far more at once than the log holds."""
    one, *_ = nodes
    heard = await listen(nodes, "weather")
    said = [b"%d" % (number % 10) + bytes(15 << 20) for number in range(10)]
    saying = [one.bus.broadcast_logged("weather", each) for each in said]
    sent = one.bus.send_to(nodes[1].bus.node, "weather", b"last")
    assert [await known(each) for each in saying] == [True] * len(said)
    assert await known(sent) is True
    for node in nodes:
        await known(node.bus.catch_up())
    assert heard == [noted(*said), noted(*said, b"last"), noted(*said)]
    assert connects(nodes) == [1, 1, 1]
