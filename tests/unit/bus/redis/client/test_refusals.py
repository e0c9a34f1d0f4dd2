# SPDX-License-Identifier: MIT
"""What Redis refuses is told as it begins, and as it ends."""

from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent

from wsecho.bus.redis.client.errors import RedisRefusedError
from wsecho.bus.redis.client.refusals import CALM, Refusals
from wsecho.server.discretion import withhold


def test_each_kind_is_told_once() -> None:
    """However often it comes, with what to do; and its end with how often it came."""
    clock = Clock()
    refusals = Refusals(clock.seconds)
    with capturedLogs() as events:
        for words in ("OOM a", "OOM b", "NOPERM c"):
            refusals.note(RedisRefusedError(words))
        clock.advance(CALM - 1)
        refusals.note(RedisRefusedError("OOM d"))
        clock.advance(1)
        refusals.look()
        clock.advance(CALM - 1)
        refusals.look()
        refusals.look()
        refusals.note(RedisRefusedError("OOM e"))
    lines = [formatEvent(each) for each in events]
    assert [line.split(";")[0] for line in lines] == [
        "Redis refuses commands: OOM a",
        "Redis refuses commands: NOPERM c",
        f"Redis has refused nothing with NOPERM for {CALM:.0f} s",
        f"Redis has refused nothing with OOM for {CALM:.0f} s",
        "Redis refuses commands: OOM e",
    ]
    assert "maxmemory" in lines[0]
    assert lines[3].endswith("it had, 3 times")


def test_what_a_client_said_is_not_told() -> None:
    """Redis quotes what goes with a command that it does not know."""
    refusals = Refusals(Clock().seconds)
    words = "ERR unknown command 'XADD', with args beginning with: '{room}:log' 'hush' "
    with capturedLogs() as events:
        refusals.note(RedisRefusedError(words))
    event = dict(events[0])
    withhold(event)
    told = formatEvent(event)
    assert told == (
        "Redis refuses commands: ERR unknown command 'XADD'; its own documentation has that"
    )
