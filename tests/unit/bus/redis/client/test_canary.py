# SPDX-License-Identifier: MIT
"""Whether this node hears itself through Redis."""

import pytest
from twisted.logger import capturedLogs, formatEvent

from tests.support.scripted_redis import RedisWorld, Refusal, connected
from wsecho.bus.redis.client.canary import INTERVAL, Canary
from wsecho.core.wire.errors import BusUnavailable


def listening(**answers: object) -> tuple[RedisWorld, Canary]:
    """A canary on a fresh connection; its first call is on its way."""
    world = connected(**answers)
    canary = Canary(world.link, "c", world.redis, 2.0, world.measures)
    canary.start()
    canary.listen()
    return world, canary


def assert_silent(canary: Canary) -> None:
    """Nothing is passed on, as far as it knows."""
    with pytest.raises(BusUnavailable, match="does not pass on"):
        canary.check()


def test_it_calls_and_hears_itself() -> None:
    """Again and again; an old call, another channel and another's words do not count."""
    world, canary = listening()
    assert world.redis.take() == [("SUBSCRIBE", "c"), ("PUBLISH", "c", "1")]
    for channel, call in ((b"d", b"1"), (b"c", b"0"), (b"c", b"x")):
        canary.hear(channel, call)
        assert_silent(canary)
    canary.hear(b"c", b"1")
    canary.check()
    world.redis.advance(INTERVAL)
    assert world.redis.take() == [("PUBLISH", "c", "2")]
    canary.hear(b"c", b"1")
    canary.hear(b"c", b"2")
    canary.check()
    canary.stop()
    world.redis.advance(9)
    assert world.redis.take() == []
    assert world.commands.is_up


@pytest.mark.parametrize("answers", [{}, {"SUBSCRIBE": Refusal("NOPERM no")}])
def test_a_call_that_is_not_heard_has_the_connection_made_anew(answers: dict[str, object]) -> None:
    """Whether Redis takes it and is silent, or refuses it; the log says so."""
    world, canary = listening()
    world.redis.answers |= {"PUBLISH": Refusal("NOPERM no"), **answers} if answers else {}
    canary.hear(b"c", b"1")
    with capturedLogs() as events:
        world.redis.advance(INTERVAL)
        canary.check()
        world.redis.advance(INTERVAL)
    assert_silent(canary)
    assert world.measures.canaries_lost == 1
    assert not world.commands.is_up
    assert "does not pass on what it is told; connecting anew" in formatEvent(events[0])


def test_nothing_counts_that_came_by_a_connection_that_is_gone() -> None:
    """And none is called on while there is none."""
    world, canary = listening()
    canary.hear(b"c", b"1")
    world.go_away()
    canary.doubt()
    assert_silent(canary)
    world.redis.advance(INTERVAL)
    assert world.redis.take("PUBLISH") == []
    assert world.measures.canaries_lost == 0
