# SPDX-License-Identifier: MIT
"""Two servers on one Redis: said at one, heard at the other, by every door."""

import asyncio
import http.client
import json
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.load.readers import DOORS, Connection, RawSpeaker, Seen, Wamp, WebSocket, connect
from tests.processes import PATIENCE, RunningServer, running
from tests.redis_server import RedisServer, redis_server
from tests.waiting import settled, until

ROOM = "shared"


@pytest.fixture(scope="module")
def pair(redis: RedisServer) -> Iterator[tuple[RunningServer, RunningServer]]:
    """Two servers."""
    options = ("--redis", redis.url, "--redis-prefix", "doors:")
    with running(*options) as one, running(*options) as two:
        yield one, two


def ask(
    server: RunningServer, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, Any]:
    """One HTTP request; its status, and what its JSON is."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, named)
    answer = connection.getresponse()
    octets = answer.read()
    connection.close()
    return answer.status, json.loads(octets) if octets.startswith(b"{") else octets


class Speaker(WebSocket):
    """Speaks at the door `wsecho.v1` and notes the answers."""

    subprotocol = "wsecho.v1"

    def __init__(self, seen: Seen, authority: str, room: str, query: str = "self=0") -> None:
        super().__init__(seen, authority, room, query)
        self.frames: list[Any] = []

    def message(self, payload: bytes) -> None:
        """Note a frame."""
        self.frames.append(json.loads(payload))
        self.is_ready()

    def say(self, text: str, **more: str) -> None:
        """Publish."""
        self.send(1, json.dumps({"type": "publish", "data": text, **more}).encode())


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_said_at_one_heard_at_the_other(
    pair: tuple[RunningServer, RunningServer], door: type[Connection]
) -> None:
    """Live and from the past, whatever was said by POST, `wsecho.v1`, raw and WAMP."""
    one, two = pair
    room = f"{ROOM}-{door.__name__}"

    async def play() -> None:
        seen = Seen()
        reader, _ = await connect(door, seen, two.host, two.port, room)
        assert (await asyncio.to_thread(ask, one, "POST", f"/broadcast/{room}", b"0"))[0] == 201
        speaker, _ = await connect(Speaker, Seen(), one.host, one.port, room)
        assert isinstance(speaker, Speaker)
        speaker.say("1", id="x")
        await until(lambda: len(speaker.frames) == 2)
        raw, _ = await connect(RawSpeaker, Seen(), one.host, one.port, room)
        assert isinstance(raw, RawSpeaker)
        raw.send(1, b"2")
        wamp, _ = await connect(Wamp, Seen(), one.host, one.port, room)
        assert isinstance(wamp, Wamp)
        await until(lambda: seen.offset >= 3 or seen.fault)
        wamp.say([16, 99, {"acknowledge": True}, wamp.topic(), ["3"]])
        await until(lambda: seen.offset == 4 or seen.fault)
        reader.kill()
        assert seen.fault == ""
        assert seen.numbers == [0, 1, 2, 3]
        # It goes on at the other server, where it has never been.
        assert (await asyncio.to_thread(ask, two, "POST", f"/broadcast/{room}", b"4"))[0] == 201
        again, _ = await connect(door, seen, one.host, one.port, room)
        await until(lambda: seen.offset == 5 or seen.fault)
        assert (seen.fault, seen.refused) == ("", 0)
        for each in (speaker, raw, wamp, again):
            each.kill()

    asyncio.run(play())


def test_who_is_there_is_the_same_at_both(pair: tuple[RunningServer, RunningServer]) -> None:
    """The members, the counts, and whoever watches is told."""
    one, two = pair

    async def play() -> None:
        watching, _ = await connect(Speaker, Seen(), one.host, one.port, "who", "presence=1")
        assert isinstance(watching, Speaker)
        coming, _ = await connect(Speaker, Seen(), two.host, two.port, "who", "presence=1")
        assert isinstance(coming, Speaker)
        await until(lambda: len(watching.frames) == 2)
        assert [frame.get("action") for frame in watching.frames] == [None, "join"]
        assert len(coming.frames[0]["members"]) == 2
        for server in pair:
            _, listed = await asyncio.to_thread(ask, server, "GET", "/broadcast/who/members")
            assert len(listed["members"]) == 2
            _, rooms = await asyncio.to_thread(ask, server, "GET", "/broadcast")
            assert {"room": "who", "members": 2} in rooms["rooms"]
        coming.kill()
        await until(lambda: len(watching.frames) == 3)
        assert watching.frames[-1]["action"] == "leave"
        watching.kill()

    asyncio.run(play())


class Listener(Wamp):
    """Subscribes to a pattern and to somebody's presence, and notes what it hears."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.events: list[Any] = []

    def message(self, payload: bytes) -> None:
        """Read a WAMP message."""
        message = json.loads(payload)
        if message[0] == 2:
            self.say([32, 1, {"match": "prefix"}, "wsecho.room.pattern"])
            self.say([32, 2, {}, "wsecho.presence.pattern-a"])
        elif message[0] == 33 and message[1] == 2:
            self.is_ready()
        elif message[0] == 36:
            self.events.append(message[4:])


def test_patterns_and_presence_reach_across(pair: tuple[RunningServer, RunningServer]) -> None:
    """Of rooms that nobody is in at the other server."""
    one, two = pair

    async def play() -> None:
        listener, _ = await connect(Listener, Seen(), two.host, two.port, "x")
        assert isinstance(listener, Listener)
        assert (await asyncio.to_thread(ask, one, "POST", "/broadcast/pattern-b", b"0"))[0] == 201
        await until(lambda: len(listener.events) == 1)
        assert listener.events[0][0] == ["0"]
        coming, _ = await connect(RawSpeaker, Seen(), one.host, one.port, "pattern-a")
        await until(lambda: len(listener.events) == 2)
        assert listener.events[1][1]["action"] == "join"
        coming.kill()
        await until(lambda: len(listener.events) == 3)
        listener.kill()

    asyncio.run(play())


def test_keys_count_at_both(pair: tuple[RunningServer, RunningServer]) -> None:
    """In one room, and in many at once."""
    one, two = pair
    first = ask(one, "POST", "/broadcast/keys", b"x", idempotency_key="k")
    assert ask(two, "POST", "/broadcast/keys", b"x", idempotency_key="k") == first
    assert ask(two, "POST", "/broadcast/keys", b"y", idempotency_key="k")[0] == 422
    body = b'{"rooms":["keys","more"],"data":"y"}'
    assert ask(two, "POST", "/broadcast", body, idempotency_key="k")[0] == 422
    assert ask(one, "GET", "/broadcast/more?history=9")[1]["messages"] == []
    assert ask(two, "POST", "/broadcast", body, idempotency_key="l")[0] == 201


def test_an_address_has_so_many_connections_at_both(redis: RedisServer) -> None:
    """Wherever they are; a server that dies takes its own along."""
    options = ("--redis", redis.url, "--redis-prefix", "addresses:", "--node-ttl", "1")
    limit = ("--max-connections-per-address", "4")

    async def play(one: RunningServer, two: RunningServer) -> None:
        for _ in range(3):
            await connect(RawSpeaker, Seen(), one.host, one.port, ROOM)
        assert await settled(lambda: asyncio.to_thread(statuses, two, 2), {200, 429}) == {200, 429}
        one.process.signal(signal.SIGKILL)
        assert await settled(lambda: asyncio.to_thread(statuses, two, 2), {200}) == {200}

    with running(*options, *limit) as one, running(*options, *limit) as two:
        asyncio.run(play(one, two))


def statuses(server: RunningServer, number: int) -> set[int]:
    """How requests on so many connections that are open at once are answered."""
    held = [http.client.HTTPConnection(server.host, server.port) for _ in range(number)]
    found = set()
    for connection in held:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        answer.read()
        found.add(answer.status)
    for connection in held:
        connection.close()
    return found


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
        seen = Seen()
        connection, over = await connect(door, seen, two.host, two.port, ROOM)
        readers.append((seen, connection, over))
    speaker, _ = await connect(Speaker, Seen(), one.host, one.port, ROOM)
    raw, raw_over = await connect(RawSpeaker, Seen(), one.host, one.port, ROOM)
    assert isinstance(speaker, Speaker)
    assert isinstance(raw, RawSpeaker)
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
