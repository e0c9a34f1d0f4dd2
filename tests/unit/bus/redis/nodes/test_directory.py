# SPDX-License-Identifier: MIT
"""Where nodes are reached by others, as Redis keeps it."""

import pytest

from tests.support.scripted_redis import RedisWorld, Refusal, connected, told
from wsecho.bus.redis.nodes.directory import RedisDirectory
from wsecho.core.wire.errors import BusUnavailable
from wsecho.core.wire.nodes import NodeAddress

HERE = NodeAddress("::1", 9000)
ENTRY = ("SET", "p:address:me", "[::1]:9000", "PX", "6000")


def started() -> tuple[RedisWorld, RedisDirectory]:
    """A directory whose entries last six seconds."""
    world = connected()
    directory = RedisDirectory(world.commands, world.keys, 6.0, world.redis)
    directory.start()
    return world, directory


def test_an_entry_is_kept_alive_while_its_node_lives() -> None:
    """Thrice in its time, also where Redis has refused it; then it is taken away."""
    world, directory = started()
    assert world.redis.take() == []
    directory.enter("me", HERE)
    assert world.redis.take() == [ENTRY]
    world.redis.next("SET", Refusal("OOM no"))
    world.redis.advance(2)
    world.redis.advance(2)
    assert world.redis.take() == [ENTRY, ENTRY]
    directory.stop()
    world.redis.advance(9)
    assert world.redis.take() == [("DEL", "p:address:me")]


def test_where_redis_is_away_it_is_entered_once_it_is_not() -> None:
    """Nothing of it is lost."""
    world, directory = started()
    world.go_away()
    directory.enter("me", HERE)
    with pytest.raises(BusUnavailable):
        directory.find("me")
    world.come_back()
    directory.beat()
    assert world.redis.take() == [ENTRY]


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        (b"10.0.0.5:9000", NodeAddress("10.0.0.5", 9000)),
        (b"[::1]:9000", HERE),
        (None, None),
        (b"somebody else's", None),
        (b"\xff", None),
    ],
)
def test_a_node_is_found_where_it_has_entered(reply: bytes | None, found: object) -> None:
    """What nobody of ours wrote is no address."""
    world, directory = started()
    world.redis.next("GET", reply)
    got = told(directory.find("you"))
    assert world.redis.take() == [("GET", "p:address:you")]
    assert got == [found]
