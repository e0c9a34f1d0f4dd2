# SPDX-License-Identifier: MIT
"""What can be asked of Redis, and what each of its failures means to whoever asked."""

import pytest
from twisted.logger import capturedLogs, formatEvent

from tests.support.scripted_redis import WAIT, RedisWorld, Refusal, ScriptedRedis, connected, told
from wsecho.bus.redis.client.scripts import TURN
from wsecho.core.wire.errors import BusTimeout, BusUnavailable


def test_a_reply_is_handed_on() -> None:
    """Whatever it is."""
    world = connected(GET=b"\0\r\n")
    got = told(world.commands.ask("GET", b"k\0"))
    world.redis.settle()
    assert got == [b"\0\r\n"]


@pytest.mark.parametrize("code", ["OOM", "MISCONF", "BUSY", "NOPERM", "WRONGTYPE", "ERR"])
def test_what_is_refused_was_not_done(code: str) -> None:
    """Whoever asked is told the code; the log has Redis's words, and the connection stays."""
    world = connected(GET=Refusal(f"{code} because"))
    with capturedLogs() as events:
        got = told(world.commands.ask("GET", "k"))
        world.redis.settle()
    assert isinstance(got[0], BusUnavailable)
    assert f"({code}); nothing was done" in str(got[0])
    assert [formatEvent(each).split(";")[0] for each in events] == [
        f"Redis refuses commands: {code} because"
    ]
    assert (world.measures.refused, world.commands.is_up) == (1, True)


@pytest.mark.parametrize("code", ["READONLY", "LOADING", "MASTERDOWN", "NOAUTH"])
def test_where_another_may_be_the_master_the_connection_is_made_anew(code: str) -> None:
    """What was asked was not done."""
    world = connected(GET=Refusal(f"{code} because"))
    with capturedLogs() as events:
        got = told(world.commands.ask("GET", "k"))
        world.redis.settle()
    assert isinstance(got[0], BusUnavailable)
    assert not world.commands.is_up
    assert world.events == ["up run1", "down"]
    assert code in formatEvent(events[0])
    world.come_back()


def test_what_was_done_halfway_is_unknown() -> None:
    """It may appear all the same."""
    world = connected(turn=Refusal("HALFWAY OOM because"))
    got = told(world.commands.run(TURN, ["k"], []))
    world.redis.settle()
    assert isinstance(got[0], BusTimeout)
    assert "may appear" in str(got[0])


def test_what_is_late_is_unknown_and_counted() -> None:
    """The connection is made anew."""
    world = connected(GET=WAIT)
    got = told(world.commands.ask("GET", "k"))
    world.redis.advance(1.9)
    assert got == []
    world.redis.advance(0.2)
    assert isinstance(got[0], BusTimeout)
    assert (world.measures.timeouts, world.commands.is_away) == (1, True)


@pytest.mark.parametrize(
    "octets",
    [b"", b"$5\r\nab", b"*2\r\n+a\r\n", b"HTTP/1.1 400\r\n", b">2\r\n+subscribe\r\n+c\r\n"],
)
def test_a_connection_that_is_lost_leaves_all_unknown(octets: bytes) -> None:
    """In the middle of a reply, behind one that is none, or out of place; all are told once."""
    world = connected(GET=WAIT)
    got = [told(world.commands.ask("GET", str(number))) for number in range(3)]
    world.redis.settle()
    world.redis.line.feed(octets)
    world.go_away()
    assert [type(each[0]) for each in got] == [BusTimeout] * 3
    assert world.measures.timeouts == 0
    with pytest.raises(BusUnavailable):
        world.commands.ask("GET", "k")


def test_what_waits_for_the_first_attempt() -> None:
    """Redis is not away yet, but it is not up either."""
    world = RedisWorld(ScriptedRedis())
    assert (world.commands.is_up, world.commands.is_away) == (False, True)
    world.link.start()
    assert (world.commands.is_up, world.commands.is_away) == (False, False)
    got = told(world.commands.ask("PING"))
    world.commands.cast("DEL", "k")
    world.commands.need("SUBSCRIBE", "c")
    asked = world.redis.take("PING", "DEL", "SUBSCRIBE")
    assert got == [b"PONG"]
    assert asked == [("SUBSCRIBE", "p:{0}node:me"), ("PING",)]


def test_a_script_is_sent_whole_where_redis_has_forgotten_it() -> None:
    """It was flushed, or this is another one."""
    world = connected(turn=Refusal("NOSCRIPT no matching script"))
    world.redis.answers["EVAL turn"] = 7
    got = told(world.commands.run(TURN, ["k"], ["a", "b"]))
    assert world.redis.take() == [("turn", "k", "a", "b"), ("EVAL turn", "k", "a", "b")]
    assert (got, world.measures.refused) == ([7], 0)
    world.redis.answers["EVAL turn"] = Refusal("OOM no")
    got = told(world.commands.run(TURN, ["k"], []))
    world.redis.settle()
    assert isinstance(got[0], BusUnavailable)


def test_a_script_that_is_forgotten_as_the_connection_goes() -> None:
    """It was not run, and it is not sent whole."""
    world = connected(turn=WAIT)
    got = told(world.commands.run(TURN, ["k"], []))
    world.redis.settle()
    world.link.cut()
    world.redis.line.feed(b"-NOSCRIPT no matching script\r\n")
    assert isinstance(got[0], BusUnavailable)


def test_nobody_waits_for_what_is_cast() -> None:
    """Neither for a refusal, nor where Redis is away."""
    world = connected(DEL=Refusal("NOPERM no"))
    world.commands.cast("DEL", "k")
    assert world.redis.take() == [("DEL", "k")]
    world.go_away()
    world.commands.cast("DEL", "k")
    assert world.redis.take() == []


def test_nothing_goes_on_without_what_is_needed() -> None:
    """Where Redis refuses a channel the connection is given up, and the log says which right."""
    world = connected()
    world.redis.next("SUBSCRIBE", Refusal("NOPERM no channel"))
    with capturedLogs() as events:
        world.commands.need("SUBSCRIBE", "c")
        world.redis.settle()
    assert world.events[-1] == "down"
    assert "NOPERM no channel; give its user the rights" in formatEvent(events[0])
    assert world.measures.refused == 1
    world.go_away()
    world.commands.need("SUBSCRIBE", "c")
    assert world.redis.take("SUBSCRIBE") == []


def test_what_is_needed_and_lost_is_no_refusal() -> None:
    """It is asked for again by whoever needs it, once the link is up."""
    world = connected(SUBSCRIBE=WAIT)
    world.commands.need("SUBSCRIBE", "c")
    world.redis.settle()
    world.go_away()
    assert world.measures.refused == 0


def test_what_is_refused_no_longer_is_told() -> None:
    """Once it has been quiet for a while."""
    world = connected(GET=Refusal("OOM no"))
    with capturedLogs() as events:
        for _ in range(2):
            world.commands.ask("GET", "k").addErrback(lambda _: None)
        world.redis.settle()
        world.commands.look()
        world.redis.advance(31)
        world.commands.look()
    assert [formatEvent(each) for each in events[1:]] == [
        "Redis has refused nothing with OOM for 30 s; it had, 2 times"
    ]


def test_what_waited_for_the_first_attempt_is_refused_with_it() -> None:
    """Nothing of it was sent."""
    world = RedisWorld(ScriptedRedis())
    world.redis.refuses = True
    world.link.start()
    got = told(world.commands.ask("PING"))
    world.redis.settle()
    assert isinstance(got[0], BusUnavailable)
    assert (world.measures.timeouts, world.measures.refused) == (0, 0)
