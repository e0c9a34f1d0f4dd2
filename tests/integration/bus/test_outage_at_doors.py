# SPDX-License-Identifier: MIT
"""Two servers whose Redis stops, as who is connected to them sees it."""

import asyncio
import signal

from tests.load.readers import DOORS, ReaderLog, connect
from tests.load.speakers import Framed, Raw, ask
from tests.support.processes import PATIENCE, RunningServer, running
from tests.support.redis_server import RedisServer, redis_server
from tests.support.waiting import settled, until

ROOM = "shared"


def readiness(server: RunningServer) -> int:
    """What `/readyz` answers."""
    return ask(server, "GET", "/readyz")[0]


def test_redis_stops_and_goes_on() -> None:
    """Who publishes is told, who listens stays, `/readyz` says so, and all goes on."""
    with redis_server() as redis:
        options = ("--redis", redis.url, "--redis-timeout", "0.5")
        with running(*options) as one, running(*options) as two:
            asyncio.run(stop_and_go_on(redis, one, two))


async def stop_and_go_on(redis: RedisServer, one: RunningServer, two: RunningServer) -> None:
    """Play it."""
    readers = []
    for door in DOORS:
        seen = ReaderLog()
        connection, over = await connect(door, seen, two.host, two.port, ROOM)
        readers.append((seen, connection, over))
    speaker, _ = await connect(Framed, ReaderLog(), one.host, one.port, ROOM)
    raw, raw_over = await connect(Raw, ReaderLog(), one.host, one.port, ROOM)
    assert isinstance(speaker, Framed)
    assert isinstance(raw, Raw)
    speaker.say("0", id="0")
    await until(lambda: len(speaker.frames) == 2)
    redis.signal(signal.SIGSTOP)
    speaker.say("1", id="1", key="k")
    await until(lambda: len(speaker.frames) == 3)
    assert speaker.frames[-1]["code"] == "bus_timeout"
    for server in (one, two):
        assert await settled(lambda: asyncio.to_thread(readiness, server), 503) == 503  # noqa: B023
    status, answer = await asyncio.to_thread(ask, one, "POST", f"/broadcast/{ROOM}", b"x")
    assert (status, answer["error"]["code"]) == (503, "bus_unavailable")
    status, answer = await asyncio.to_thread(ask, one, "GET", f"/broadcast/{ROOM}")
    assert (status, answer["error"]["code"]) == (503, "bus_unavailable")
    speaker.say("x", id="2")
    await until(lambda: len(speaker.frames) == 4)
    assert speaker.frames[-1]["code"] == "bus_unavailable"
    raw.send(1, b"x")
    await asyncio.wait_for(raw_over.wait(), PATIENCE)
    redis.signal(signal.SIGCONT)
    for server in (one, two):
        assert await settled(lambda: asyncio.to_thread(readiness, server), 200) == 200  # noqa: B023
    speaker.say("1", id="3", key="k")
    await until(lambda: speaker.frames[-1].get("id") == "3")
    assert speaker.frames[-1]["type"] == "published"
    assert speaker.frames[-1]["position"].endswith(":2")
    await until(lambda: all(seen.offset == 2 for seen, _, _ in readers))
    for seen, connection, over in readers:
        assert (seen.numbers, seen.fault, seen.refused) == ([0, 1], "", 0)
        assert not over.is_set()
        connection.kill()
    body = (await asyncio.to_thread(ask, one, "GET", "/metrics"))[1].decode()
    assert "wsecho_bus_up 1.0" in body
    assert "wsecho_bus_connects_total 2.0" in body
    assert 'wsecho_bus_command_seconds_bucket{le="+Inf"}' in body
    speaker.kill()
