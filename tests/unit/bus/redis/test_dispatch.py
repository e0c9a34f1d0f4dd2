# SPDX-License-Identifier: MIT
"""What is told on channels, and who takes it here."""

from typing import Any

import pytest
from twisted.logger import capturedLogs, formatEvent

from tests.support.redis_rooms import BusWorld
from tests.support.scripted_redis import WAIT, Refusal, told
from wsecho.core.wire.errors import BusTimeout, BusUnavailable

ASIDE = b"\0aside place"


def listening(world: BusWorld) -> list[bytes]:
    """Who listens on a subject; what is said `bad` cannot be taken."""
    heard: list[bytes] = []

    def hear(body: bytes) -> None:
        heard.append(body)
        if body == b"bad":
            raise ValueError(body)

    world.bus.listen("s", hear)
    world.redis.settle()
    return heard


def test_a_subject_has_three_channels() -> None:
    """What is said to all, to this node, and what is logged; the log is read from here on."""
    world = BusWorld()
    world.redis.take()
    heard = listening(world)
    asked = world.redis.take("SUBSCRIBE", "read_log")
    channels = ["p:{0}subject:s", f"p:{{0}}node:{world.bus.node}:s", "p:{0}log:s"]
    assert asked[:3] == [("SUBSCRIBE", channel) for channel in channels]
    assert asked[3][:4] == ("read_log", "p:{@}:log:s", "p:{@}:last:s", "")
    for channel, body in zip(channels, (b"a", b"b", b"0-0 1-0 c"), strict=True):
        world.rooms.tell(channel, body)
    assert heard == [b"a", b"b", b"c"]


def test_whoever_listens_before_redis_is_there_hears_once_it_is() -> None:
    """And on each fresh connection."""
    world = BusWorld()
    world.go_away()
    heard = listening(world)
    for text in (b"a", b"b"):
        world.come_back()
        world.rooms.tell("p:{0}subject:s", text)
        world.go_away()
    assert heard == [b"a", b"b"]


@pytest.mark.parametrize(
    "push", [[b"message", b"p:{0}subject:s", b"bad"], [b"message"], [b"other"]]
)
def test_what_cannot_be_taken_is_no_end_of_all_else(push: list[bytes]) -> None:
    """A fault is logged."""
    world = BusWorld()
    heard = listening(world)
    with capturedLogs() as events:
        world.redis.push(*push)
        world.rooms.tell("p:{0}subject:s", b"a")
    assert heard[-1] == b"a"
    assert [formatEvent(each) for each in events] == ["cannot take what came from Redis"] * (
        push != [b"other"]
    )


@pytest.mark.parametrize("body", [b"m not a message", b"p join", b"? odd", b"", b"m e x 0 1 t - a"])
def test_what_nobody_of_ours_told_in_a_room_harms_nobody(body: bytes) -> None:
    """Whatever it is."""
    world = BusWorld()
    world.attach()
    with capturedLogs():
        world.rooms.tell("p:{0}{a}", body)
    world.rooms.say("x")
    assert (world.texts(), world.bus.is_up) == (["x"], True)


def test_what_is_told_on_a_channel_of_nobodys_is_left() -> None:
    """It may be late."""
    world = BusWorld()
    with capturedLogs() as events:
        world.redis.tell("p:{0}subject:other", b"x")
    assert events == []


def test_what_had_been_said_is_heard_first() -> None:
    """What is pushed comes before the reply, and what is large is fetched first."""
    world = BusWorld()
    heard = listening(world)
    assert told(world.bus.catch_up()) == []
    world.redis.next("fetch_aside", WAIT)
    world.rooms.tell("p:{0}subject:s", ASIDE)
    got = told(world.bus.catch_up())
    world.redis.settle()
    assert (got, heard) == ([], [])
    world.redis.reply(b"large")
    assert (got, heard) == ([None], [b"large"])


@pytest.mark.parametrize("reply", [WAIT, Refusal("BUSY x")])
def test_what_had_been_said_may_not_be_known(reply: Any) -> None:
    """Redis goes, or refuses to tell."""
    world = BusWorld()
    world.redis.next("PING", reply)
    got = told(world.bus.catch_up())
    world.redis.settle()
    world.go_away()
    assert isinstance(got[0], BusTimeout if reply is WAIT else BusUnavailable)
    with pytest.raises(BusUnavailable):
        world.bus.catch_up()


def test_what_has_yet_to_be_fetched_is_lost_with_the_connection() -> None:
    """Whoever waits for it is told so, and what comes then is heard."""
    world = BusWorld()
    heard = listening(world)
    world.redis.next("fetch_aside", WAIT)
    world.rooms.tell("p:{0}subject:s", ASIDE)
    world.rooms.tell("p:{0}subject:s", b"behind it")
    got = told(world.bus.catch_up())
    world.redis.settle()
    world.go_away()
    assert isinstance(got[0], (BusUnavailable, BusTimeout))
    world.come_back()
    world.rooms.tell("p:{0}subject:s", b"a")
    assert heard == [b"a"]


def test_a_channel_that_is_refused_ends_the_connection() -> None:
    """Nothing goes on without: the log says which right is missing."""
    world = BusWorld()
    world.redis.next("SUBSCRIBE", Refusal("NOPERM no channel"))
    with capturedLogs() as events:
        listening(world)
    assert not world.bus.is_up
    assert "NOPERM no channel; give its user the rights" in formatEvent(events[0])
