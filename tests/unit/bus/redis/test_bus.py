# SPDX-License-Identifier: MIT
"""The bus over Redis as a whole: its life, and what of it depends on the connection."""

import pytest
from twisted.logger import capturedLogs, formatEvent

from tests.support.redis_rooms import BusWorld
from tests.support.scripted_redis import WAIT, ScriptedRedis, told
from wsecho.bus.redis.client.link import MAX_UNANSWERED
from wsecho.core.limits.backpressure import FEW, FlowControlled
from wsecho.core.wire.errors import BusUnavailable
from wsecho.core.wire.nodes import NodeAddress


def test_it_is_up_and_hears_itself() -> None:
    """Its measures count; the commands are as many as were answered."""
    world = BusWorld()
    assert (world.bus.is_up, world.bus.is_away, world.bus.measures.connects) == (True, False, 1)
    world.bus.check_health()
    assert sum(world.bus.measures.buckets) >= 30
    assert (world.bus.speaks_locally, world.bus.node_ttl, len(world.bus)) == (False, 15.0, 0)


def test_where_nothing_is_passed_on_it_is_ill_and_connects_anew() -> None:
    """Redis takes all, and tells nothing."""
    world = BusWorld()
    world.rooms.loses = True
    with capturedLogs() as events:
        for _ in range(5):
            world.redis.advance(1)
        with pytest.raises(BusUnavailable):
            world.bus.check_health()
    assert world.bus.measures.canaries_lost > 0
    assert "does not pass on" in formatEvent(events[0])
    world.rooms.loses = False
    for _ in range(5):
        world.redis.advance(1)
    world.bus.check_health()


def test_it_is_ill_while_redis_is_away() -> None:
    """And well again once it is back."""
    world = BusWorld()
    world.go_away()
    assert (world.bus.is_up, world.bus.is_away) == (False, True)
    with pytest.raises(BusUnavailable):
        world.bus.check_health()
    world.come_back()
    world.bus.check_health()
    assert world.bus.measures.connects == 2


def test_a_redis_that_comes_later_is_waited_for() -> None:
    """The log says that it is not there, and then that it is."""
    redis = ScriptedRedis()
    redis.refuses = True
    with capturedLogs() as events:
        world = BusWorld(redis=redis)
        assert world.bus.is_away
        world.come_back()
    assert world.attach() == [None]
    lines = [formatEvent(each) for each in events]
    assert "unix:///redis?db=0 cannot be used: Connection was refused" in lines[0]
    assert lines[1] == "connected to unix:///redis?db=0, version 7.0.15"


def test_its_end_is_quiet() -> None:
    """Whoever waits is told; nothing is asked or tried any more, and nothing is left to be done."""
    world = BusWorld()
    world.bus.directory.enter(world.bus.node, NodeAddress("h", 1))
    world.redis.next("load", WAIT)
    got = world.attach()
    world.redis.take()
    with capturedLogs() as events:
        world.bus.stop()
        asked = world.redis.take()
    assert isinstance(got[0], BusUnavailable)
    assert [each[0] for each in asked] == ["ZREM", "DEL"]
    assert events == []
    world.redis.advance(60)
    assert world.redis.take() == []
    assert world.redis.getDelayedCalls() == []


class Speaker(FlowControlled[None]):
    """Somebody who speaks."""

    reads = True

    def pause_reading(self) -> None:
        """Note it."""
        self.reads = False

    def resume_reading(self) -> None:
        """Note it."""
        self.reads = True


def test_so_much_may_be_asked() -> None:
    """Beyond it who speaks is held back, until less is on its way."""
    world, speaker = BusWorld(), Speaker()
    world.redis.next("PING", WAIT)
    for _ in range(MAX_UNANSWERED + 1):
        told(world.bus.catch_up())
    for _ in range(FEW + 1):
        world.bus.pressure.check(speaker)
    world.redis.settle()
    assert not speaker.reads
    world.redis.reply("PONG")
    assert speaker.reads
    assert not world.bus.pressure


def test_another_run_of_redis_is_noticed() -> None:
    """What a room was in the one before is not taken on trust."""
    world = BusWorld()
    world.attach()
    world.rooms.say("a")
    log = world.rooms.log("a")
    world.go_away()
    log.entries.clear()
    world.come_back("run2")
    assert world.events[-1][0] in {"renewed", "said"}
    assert world.redis.take("load")
