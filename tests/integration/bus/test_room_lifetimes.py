# SPDX-License-Identifier: MIT
"""How long a room lasts: over Redis as on one server."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_twisted
from attrs import evolve
from twisted.internet.task import deferLater

from tests.support.bus_contract import MakeNodes
from tests.support.buses import (
    Member,
    Node,
    known,
    memory_nodes,
    now,
    redis_node,
    the_reactor,
    until,
)
from tests.support.redis_server import RedisServer
from wsecho.core.rooms.hub import Rules

asynchronous = pytest_twisted.ensureDeferred


@pytest.fixture(params=["memory", "redis"])
def make_nodes(request: pytest.FixtureRequest, redis: RedisServer) -> Iterator[MakeNodes]:
    """Makes two nodes, which are one in memory."""
    made: list[Node] = []

    def make(**rules: Any) -> list[Node]:
        kept = evolve(Rules(), **rules)
        if request.param == "memory":
            return memory_nodes(kept)
        prefix = f"{uuid4().hex}:"
        made.extend(redis_node(redis.url, kept, prefix=prefix, timeout=10.0) for _ in range(2))
        return made

    yield make
    for node in made:
        node.bus.stop()


@pytest.mark.parametrize("use", ["say", "read", "member"])
@asynchronous  # type: ignore[untyped-decorator]
async def test_a_room_lasts_for_its_time_after_its_last_use(
    make_nodes: MakeNodes, use: str
) -> None:
    """A message, a reader, a member: at whatever node; though others only hear of all rooms."""
    one, two = make_nodes(history_ttl=2.5)
    await known(two.bus.follow_rooms(all_rooms=True))
    first = (await one.say("first")).position
    member = Member()
    if use == "member":
        await one.join(member)
    end = now() + 5.0
    while now() < end:
        if use == "say":
            assert (await one.say("x")).position.epoch == first.epoch
        elif use == "read":
            await one.attach()
            assert one.hub.position("a", now()) == first
        await deferLater(the_reactor(), 0.5)
    if use == "member":
        one.leave(member)
    assert (await one.say("last")).position.epoch == first.epoch
    await deferLater(the_reactor(), 1.0)
    assert (await two.say("last")).position.epoch == first.epoch


@pytest.mark.parametrize("hears", ["nobody", "held", "all_rooms"])
@asynchronous  # type: ignore[untyped-decorator]
async def test_a_room_that_is_only_heard_of_does_not_last(
    make_nodes: MakeNodes, hears: str
) -> None:
    """To hear of a room is no use of it, on no node."""
    one, two = make_nodes(history_ttl=1.0)
    if hears == "held":
        two.bus.hold("a")
        await two.attach()
    elif hears == "all_rooms":
        await known(two.bus.follow_rooms(all_rooms=True))
    first = (await one.say("first")).position
    await deferLater(the_reactor(), 2.5)
    later = (await one.say("later")).position
    assert (later.epoch != first.epoch, later.offset) == (True, 1)
    heard = [] if one is not two and hears == "nobody" else ["first", "later"]
    await until(lambda: two.texts() == heard)
