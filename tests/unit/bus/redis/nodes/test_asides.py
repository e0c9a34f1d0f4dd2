# SPDX-License-Identifier: MIT
"""What is too large to be pushed waits in Redis for those that it is said to."""

from typing import Any

import pytest
from attrs import define, field
from twisted.logger import capturedLogs, formatEvent

from tests.support.scripted_redis import WAIT, RedisWorld, Refusal, connected, told
from wsecho.bus.redis.client.scripts import LARGE
from wsecho.bus.redis.nodes.asides import MAX_ASIDE, hear_aside, needs_place, set_aside
from wsecho.bus.redis.nodes.inbox import SubjectInbox
from wsecho.core.wire.errors import BusUnavailable

MARK = b"\0aside "


@pytest.mark.parametrize(
    ("payload", "needs"),
    [
        (b"", False),
        (b" " * LARGE, False),
        (b" " * (LARGE + 1), True),
        (MARK + b"x", True),
        (b"x" + MARK, False),
    ],
)
def test_what_is_large_or_looks_so_needs_a_place(payload: bytes, needs: bool) -> None:
    """Nobody's own words are taken for the name of one."""
    assert needs_place(payload) is needs


def test_it_is_left_in_a_place_of_its_own() -> None:
    """Each time another; the channel tells of it with the mark in front."""
    world = connected(set_aside=2)
    got = [told(set_aside(world.commands, world.keys, "c", b"large")) for _ in range(2)]
    one, other = world.redis.take()
    assert got == [[2], [2]]
    name, key, places, channel, place, payload, _lasting, most, mark = one
    assert (name, key, places) == ("set_aside", f"p:{{@}}:aside:{place}", "p:{@}:asides")
    assert (channel, payload, most, mark) == ("c", "large", str(MAX_ASIDE), MARK.decode())
    assert other[1] != key


def test_there_is_no_place_for_more_than_redis_is_given() -> None:
    """Whoever says it is told so."""
    world = connected(set_aside=-1)
    got = told(set_aside(world.commands, world.keys, "c", b"large"))
    world.redis.settle()
    assert isinstance(got[0], BusUnavailable)
    assert "waits to be fetched" in str(got[0])


@define(eq=False)
class Listener:
    """Who hears; what is said `bad` it cannot take."""

    world: RedisWorld
    inbox: SubjectInbox = field(factory=SubjectInbox)
    heard: list[bytes] = field(factory=list)

    def hear(self, body: bytes) -> list[Any]:
        """Hear what was told."""
        return told(hear_aside(self.world.commands, self.world.keys, self.inbox, self.take, body))

    def take(self, payload: bytes) -> None:
        """Take what was said."""
        if payload == b"bad":
            raise ValueError(payload)
        self.heard.append(payload)


def test_what_was_told_is_heard_and_what_was_told_of_is_fetched() -> None:
    """The one at once."""
    hearing = Listener(connected(fetch_aside=b"large"))
    assert hearing.hear(b"small") == [None]
    got = hearing.hear(MARK + b"place")
    assert (got, hearing.heard) == ([], [b"small"])
    asked = hearing.world.redis.take()
    assert asked == [("fetch_aside", "p:{@}:aside:place", "p:{@}:asides", "place")]
    assert (got, hearing.heard) == ([None], [b"small", b"large"])


@pytest.mark.parametrize(
    ("reply", "lines"),
    [
        (None, ["what a node said was gone before it could be fetched: this one is too slow"]),
        (b"bad", ["cannot take what came from Redis"]),
        (Refusal("BUSY x"), []),
    ],
)
def test_what_cannot_be_had_keeps_nothing_back(reply: Any, lines: list[str]) -> None:
    """The log says why, where nobody else does."""
    hearing = Listener(connected(fetch_aside=reply))
    with capturedLogs() as events:
        got = hearing.hear(MARK + b"place")
        hearing.world.redis.settle()
    words = [formatEvent(each) for each in events if "refuses commands" not in formatEvent(each)]
    assert (got, hearing.heard, words) == ([None], [], lines)


def test_what_was_told_of_on_a_connection_that_is_gone_is_not_fetched() -> None:
    """It is lost, as all is that was told meanwhile."""
    hearing = Listener(connected(fetch_aside=WAIT))
    got = [hearing.hear(MARK + b"one"), hearing.hear(MARK + b"two")]
    assert len(hearing.world.redis.take()) == 1
    hearing.inbox.break_off()
    hearing.world.redis.reply(b"one")
    assert got == [[None], [None]]
    assert hearing.world.redis.take() == []
