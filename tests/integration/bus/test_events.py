# SPDX-License-Identifier: MIT
"""What applications are told, by one process and by two nodes over Redis."""

import shutil
import signal
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.support.buses import until
from tests.support.event_contract import *  # noqa: F403
from tests.support.event_contract import MakeTellers, asynchronous
from tests.support.redis_server import RedisServer, redis_server
from tests.support.telling_nodes import TellingNode, memory_tellers, redis_teller
from tests.support.told import NotingListener, take
from wsecho.events.listener import NotTakenError


@pytest.fixture(params=["memory", "redis"])
def make_tellers(request: pytest.FixtureRequest) -> Iterator[MakeTellers]:
    """Makes two servers that tell one listener: one process twice, or two nodes."""
    made: list[TellingNode] = []

    def make(**more: Any) -> list[TellingNode]:
        listener = NotingListener()
        if request.param == "memory":
            made.extend(memory_tellers(listener, **more))
        else:
            redis: RedisServer = request.getfixturevalue("redis")
            prefix = f"{uuid4().hex}:"
            made.extend(redis_teller(redis.url, listener, prefix, **more) for _ in range(2))
        return made

    yield make
    end(made)


def end(nodes: list[TellingNode]) -> None:
    """End nodes at once."""
    for node in nodes:
        node.teller.cut()
        node.teller.queue.cede()
        node.teller._loop.stop()
        node.rooms.bus.stop()


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """One that may be stopped."""
    with redis_server() as server:
        yield server


@pytest.fixture
def pair(own_redis: RedisServer) -> Iterator[list[TellingNode]]:
    """Two nodes upon it, with one listener."""
    listener = NotingListener()
    nodes = [redis_teller(own_redis.url, listener, "p:") for _ in range(2)]
    yield nodes
    end(nodes)


@asynchronous  # type: ignore[untyped-decorator]
async def test_who_goes_while_redis_is_away_has_gone(
    own_redis: RedisServer, pair: list[TellingNode]
) -> None:
    """It is told once Redis is back; and who stays has not come again."""
    one, two = pair
    ann, bob = await one.join(), await two.join()
    await until(lambda: len(one.told()) == 3)
    own_redis.signal(signal.SIGSTOP)
    await until(lambda: one.rooms.bus.is_away and two.rooms.bus.is_away)
    one.leave(ann)
    own_redis.signal(signal.SIGCONT)
    await until(lambda: "leave" in one.told())
    await until(lambda: one.rooms.bus.is_up and two.rooms.bus.is_up)
    await one.say("still here")
    two.leave(bob)
    await until(lambda: "vacated" in one.told())
    found = one.told()
    assert sorted(found[:3]) == ["join", "join", "occupied"]
    assert found.count("leave") == found.count("join")
    assert "missed" not in " ".join(found)


@asynchronous  # type: ignore[untyped-decorator]
async def test_what_redis_has_lost_is_missed(
    own_redis: RedisServer, pair: list[TellingNode]
) -> None:
    """With its count; and who is there is told of as if he came. No id is given twice."""
    one, two = pair
    await one.join()
    await one.say("told")
    await until(lambda: len(one.told()) == 3)
    one.listener.answer = lambda _: NotTakenError("not now")
    for number in range(5):
        await two.say(f"{number}")
    await until(lambda: any(each.teller.deliveries[0].waiting == 5 for each in pair))
    own_redis.kill()
    shutil.rmtree(own_redis.folder / "appendonlydir")
    await until(lambda: one.rooms.bus.is_away and two.rooms.bus.is_away)
    own_redis.start()
    await until(lambda: one.rooms.bus.is_up and two.rooms.bus.is_up)
    one.listener.answer = take
    await two.say("after")
    again = {"occupied", "join", "message after"}
    await until(lambda: again <= set(one.told()[3:]))
    assert one.told()[:3] == ["occupied", "join", "message told"]
    await until(lambda: " missed" in " ".join(one.told()))
    missed = [event["count"] for event in one.events() if event["event"] == "missed"]
    told = [each for each in one.told()[3:] if each.startswith("message ")]
    assert sum(missed) + len(told) >= 6
    identifiers = [event["id"] for event in one.events()]
    assert identifiers == sorted(set(identifiers))


@asynchronous  # type: ignore[untyped-decorator]
async def test_what_redis_has_kept_goes_on(own_redis: RedisServer, pair: list[TellingNode]) -> None:
    """Nothing is missed, and nobody comes or goes, where it was only started anew."""
    one, two = pair
    await one.join()
    await one.say("before")
    own_redis.kill()
    await until(lambda: one.rooms.bus.is_away and two.rooms.bus.is_away)
    own_redis.start()
    await until(lambda: one.rooms.bus.is_up and two.rooms.bus.is_up)
    await two.say("after")
    await until(lambda: "message after" in one.told())
    assert one.told() == ["occupied", "join", "message before", "message after"]
