# SPDX-License-Identifier: MIT
"""Rooms by name, of a file: each key at each door, alone, with workers, and of two servers."""

import asyncio
import json
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import aiohttp
import httpx
import pytest
import websockets
from attrs import frozen
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

from tests.support.clusters import Kind, Pair, service
from tests.support.processes import PATIENCE, RunningServer
from tests.support.tokens import key_file, token
from tests.support.waiting import settled, until
from tests.support.wamp import Refused, Wamp, wamp

TABLES = """
[rooms."short-*"]
history = 2

[rooms."small-*"]
history-bytes = 1000

[rooms."full-*"]
max-members = 1

[rooms."server-*"]
publish = "server"

[rooms."hidden-*"]
presence = "off"

[rooms."paced-*"]
message-rate = 0.02

[rooms."*"]
history = 5
"""
V1 = [Subprotocol("wsecho.v1")]
KINDS = [Kind.ALONE, Kind.WORKERS, Kind.NODES]
READ_AGAIN = re.compile("what holds in which rooms")
Answered: TypeAlias = "int | str"


@pytest.fixture(scope="module", params=KINDS, ids=str)
def ruled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    """Two ways into a service of each form whose rooms go by the tables."""
    folder = tmp_path_factory.mktemp("rules")
    file = folder / "wsecho.toml"
    file.write_text(f'over-rate = "drop"\ntoken-key = "{key_file(folder)}"\n{TABLES}')
    with service(request.param, "--config", str(file)) as pair:
        yield pair


def granted(*, operate: bool = False) -> str:
    """The query of somebody who may join and publish everywhere, and operate all or nothing."""
    rooms = {"join": ["*"], "publish": ["*"], "operate": ["*"] if operate else []}
    return f"token={token(rooms=rooms, wamp={'call': ['']})}"


def named(kind: str) -> str:
    """A room of a kind that nobody has been in."""
    return f"{kind}-{uuid4().hex}"


async def post(
    server: RunningServer, room: str, text: str = "x", query: str = ""
) -> tuple[int, Any]:
    """Publish by POST; the status and the answer."""
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        url = server.http(f"/broadcast/{room}?{query or granted()}")
        answer = await client.post(url, content=text)
        return answer.status_code, answer.json()


async def get(server: RunningServer, path: str, query: str = "") -> tuple[int, Any]:
    """Ask by GET; the status and the answer."""
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        mark = "&" if "?" in path else "?"
        answer = await client.get(server.http(f"{path}{mark}{query or granted()}"))
        return answer.status_code, answer.json()


def connect(server: RunningServer, room: str, query: str = "", **more: Any) -> Any:
    """Open a WebSocket in a room."""
    return websockets.connect(
        server.ws(f"/broadcast/{room}?{query}{'&' if query else ''}{granted()}"), **more
    )


async def received(client: ClientConnection) -> Any:
    """The next frame of `wsecho.v1`."""
    return json.loads(await asyncio.wait_for(client.recv(), PATIENCE))


def topic(room: str) -> str:
    """A room's topic."""
    return f"wsecho.room.{room}"


# -- what is kept


async def kept_by_raw(server: RunningServer, room: str) -> list[str]:
    """What a raw reader gets of the past; an end is set to it by what is said then."""
    async with connect(server, room, "history=50") as client:
        await post(server, room, "end")
        got: list[str] = []
        while got[-1:] != ["end"]:
            got.append(str(await asyncio.wait_for(client.recv(), PATIENCE)))
        return got[:-1]


async def kept_by_v1(server: RunningServer, room: str) -> list[str]:
    """What a reader of frames gets of it."""
    async with connect(server, room, "history=50", subprotocols=V1) as client:
        await received(client)
        await post(server, room, "end")
        got: list[str] = []
        while got[-1:] != ["end"]:
            got.append((await received(client))["data"])
        return got[:-1]


async def kept_by_sse(server: RunningServer, room: str) -> list[str]:
    """What an event stream brings of it."""
    url = server.http(f"/broadcast/{room}?history=50&{granted()}")
    accept = {"Accept": "text/event-stream"}
    async with aiohttp.ClientSession() as session, session.get(url, headers=accept) as answer:
        await post(server, room, "end")
        got: list[str] = []
        while got[-1:] != ["end"]:
            line = (await asyncio.wait_for(answer.content.readline(), PATIENCE)).decode()
            if line.startswith("data: ") and '"data"' in line:
                got.append(json.loads(line.removeprefix("data: "))["data"])
        return got[:-1]


async def kept_by_poll(server: RunningServer, room: str) -> list[str]:
    """What a long-poll answers."""
    _, answer = await get(server, f"/broadcast/{room}?history=50")
    return [message["data"] for message in answer["messages"]]


async def kept_by_wamp(server: RunningServer, room: str) -> list[str]:
    """What Event History answers."""
    async with wamp(server, f"/ws?{granted()}") as session:
        subscription = await session.subscribe(topic(room))
        answer = await session.ask(48, {}, "wamp.subscription.get_events", [subscription])
        return [event["args"][0] for event in (answer[3] if len(answer) > 3 else [])]


KEPT = [kept_by_raw, kept_by_v1, kept_by_sse, kept_by_poll, kept_by_wamp]


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: str(kept.__name__)[8:])
def test_a_room_keeps_what_its_table_says(
    ruled: Pair, kept: Callable[[RunningServer, str], Awaitable[list[str]]]
) -> None:
    """To whoever comes, at each door of either; what is said to many rooms too."""

    async def main() -> None:
        one, two = ruled
        rooms = [named(kind) for kind in ("short", "small", "any")]
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            for number in range(10, 18):
                body = {"rooms": rooms, "data": f"{number}" + "x" * 90}
                answer = await client.post(one.http(f"/broadcast?{granted()}"), json=body)
                assert answer.status_code == 201
        for room, count in zip(rooms, (2, 2, 5), strict=True):
            texts = await kept(two, room)
            assert [text[:2] for text in texts] == [f"{n}" for n in range(18 - count, 18)]

    asyncio.run(main())


# -- how many


async def join_by_raw(server: RunningServer, room: str) -> Answered:
    """The status of a handshake."""
    try:
        async with connect(server, room):
            return 101
    except websockets.InvalidStatus as error:
        return error.response.status_code


async def join_by_v1(server: RunningServer, room: str) -> Answered:
    """The status of a handshake."""
    try:
        async with connect(server, room, subprotocols=V1):
            return 101
    except websockets.InvalidStatus as error:
        return error.response.status_code


async def join_by_sse(server: RunningServer, room: str) -> Answered:
    """The type of the first event."""
    url = server.http(f"/broadcast/{room}?{granted()}")
    accept = {"Accept": "text/event-stream"}
    async with aiohttp.ClientSession() as session, session.get(url, headers=accept) as answer:
        while True:
            line = (await asyncio.wait_for(answer.content.readline(), PATIENCE)).decode()
            if line.startswith("event: "):
                return line.removeprefix("event: ").strip()


async def join_by_poll(server: RunningServer, room: str) -> Answered:
    """The status of a poll that waits."""
    _, answer = await get(server, f"/broadcast/{room}")
    status, _ = await get(server, f"/broadcast/{room}?wait=1&after={answer['position']}")
    return status


async def join_by_wamp(server: RunningServer, room: str) -> Answered:
    """What SUBSCRIBE is answered with."""
    async with wamp(server, f"/ws?{granted()}") as session:
        try:
            await session.subscribe(topic(room))
        except Refused as error:
            return str(error)
        return "subscribed"


@pytest.mark.parametrize(
    ("join", "joined", "refused"),
    [
        (join_by_raw, 101, 503),
        (join_by_v1, 101, 503),
        (join_by_sse, "joined", "refused"),
        (join_by_poll, 200, 503),
        (join_by_wamp, "subscribed", "wsecho.error.over_limit"),
    ],
    ids=["raw", "v1", "sse", "poll", "wamp"],
)
def test_a_room_takes_as_many_as_its_table_says(
    ruled: Pair,
    join: Callable[[RunningServer, str], Awaitable[Answered]],
    joined: Answered,
    refused: Answered,
) -> None:
    """Over all of the service, at each door."""

    async def main() -> None:
        one, two = ruled
        full, other = named("full"), named("any")
        async with connect(one, full), connect(one, other):
            assert await settled(lambda: join(two, full), refused) == refused
            assert await join(two, other) == joined

    asyncio.run(main())


# -- who may publish, and how fast


@frozen
class Speech:
    """A way to publish.

    Attributes:
        say: says something by an open connection of this kind; what it is told.
        said: what that is where it was said.
        refused: where it may not.
        too_fast: where it comes too fast, by `--over-rate drop`.
    """

    say: Callable[[Any, RunningServer, str, str], Awaitable[Answered]]
    said: Answered
    refused: Answered
    too_fast: Answered


async def say_by_raw(socket: Any, _server: RunningServer, _room: str, _query: str) -> Answered:
    """The code of the close, or that it comes back."""
    text = uuid4().hex
    await socket.send(text)
    with suppress(websockets.ConnectionClosed):
        while await asyncio.wait_for(socket.recv(), PATIENCE) != text:
            pass
        return "said"
    return int(socket.close_code)


async def say_by_v1(socket: Any, _server: RunningServer, _room: str, _query: str) -> Answered:
    """The code of the error, or the type of the answer."""
    await socket.send(json.dumps({"type": "publish", "data": "x", "id": 1}))
    while (frame := await received(socket))["type"] not in {"published", "error"}:
        pass
    return str(frame.get("code", frame["type"]))


async def say_by_post(_: Any, server: RunningServer, room: str, query: str) -> Answered:
    """The status."""
    return (await post(server, room, query=query))[0]


async def say_by_many(_: Any, server: RunningServer, room: str, query: str) -> Answered:
    """The status."""
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        body = {"rooms": ["any", room], "data": "x"}
        return (await client.post(server.http(f"/broadcast?{query}"), json=body)).status_code


async def say_by_wamp(session: Wamp, _: RunningServer, room: str, _query: str) -> Answered:
    """The error's URI."""
    try:
        await session.publish(topic(room), "x")
    except Refused as error:
        return str(error)
    return "said"


async def say_by_call(session: Wamp, _: RunningServer, room: str, _query: str) -> Answered:
    """The error's URI."""
    try:
        await session.ask(48, {}, "wsecho.publish", [room, "x"])
    except Refused as error:
        return str(error)
    return "said"


NOT_AUTHORIZED, OVER_RATE = "wamp.error.not_authorized", "wsecho.error.over_rate"
WAYS = {
    "raw": Speech(say_by_raw, "said", 4403, ""),
    "v1": Speech(say_by_v1, "published", "forbidden", "over_rate"),
    "post": Speech(say_by_post, 201, 403, 429),
    "many": Speech(say_by_many, 201, 403, 429),
    "wamp": Speech(say_by_wamp, "said", NOT_AUTHORIZED, OVER_RATE),
    "call": Speech(say_by_call, "said", NOT_AUTHORIZED, OVER_RATE),
}


async def speak(
    server: RunningServer, way: str, room: str, query: str, times: int
) -> list[Answered]:
    """Say something so often, by one connection where the way has one."""
    say = WAYS[way].say
    path = f"/broadcast/{room}?{query}"
    if way in {"raw", "v1"}:
        offered = V1 if way == "v1" else None
        async with websockets.connect(server.ws(path), subprotocols=offered) as socket:
            return [await say(socket, server, room, query) for _ in range(times)]
    if way in {"wamp", "call"}:
        async with wamp(server, f"/ws?{query}") as session:
            return [await say(session, server, room, query) for _ in range(times)]
    return [await say(None, server, room, query) for _ in range(times)]


each_way = pytest.mark.parametrize("way", list(WAYS))


@each_way
def test_only_who_may_operate_a_room_of_the_servers_may_publish(ruled: Pair, way: str) -> None:
    """And nothing of what others say is there."""

    async def main() -> None:
        one, two = ruled
        room, found = named("server"), WAYS[way]
        assert await speak(one, way, room, granted(), 1) == [found.refused]
        assert await speak(one, way, room, granted(operate=True), 1) == [found.said]
        _, answer = await get(two, f"/broadcast/{room}?history=9")
        assert len(answer["messages"]) == 1
        assert answer["messages"][0]["position"].endswith(":1")

    asyncio.run(main())


@pytest.mark.parametrize("way", [way for way in WAYS if way != "raw"])
def test_nobody_publishes_faster_than_a_room_takes(ruled: Pair, way: str) -> None:
    """While the same one may say more elsewhere. Each process counts what it is asked by itself."""

    async def main() -> None:
        one, _ = ruled
        found = WAYS[way]
        told = await speak(one, way, named("paced"), granted(), 5)
        assert told[0] == found.said
        assert set(told) == {found.said, found.too_fast}
        assert told.count(found.said) <= 2
        assert await speak(one, way, named("any"), granted(), 9) == [found.said] * 9

    asyncio.run(main())


def test_what_comes_too_fast_by_a_raw_socket_is_dropped(ruled: Pair) -> None:
    """Without a word; the connection goes on."""

    async def main() -> None:
        one, two = ruled
        room = named("paced")

        async def count() -> int:
            _, answer = await get(two, f"/broadcast/{room}?history=9")
            return len(answer["messages"])

        async with connect(one, room) as socket:
            for _ in range(5):
                await socket.send("x")
            await asyncio.wait_for(await socket.ping(), PATIENCE)
            assert await settled(count, 1) == 1
            await asyncio.wait_for(await socket.ping(), PATIENCE)
            assert await count() == 1

    asyncio.run(main())


# -- who is seen


def test_nobody_is_seen_in_a_room_without_presence(ruled: Pair) -> None:
    """No frame, no list, no number; what is said there goes on."""

    async def main() -> None:
        one, two = ruled
        room = named("hidden")
        async with connect(one, room, "presence=1", subprotocols=V1) as watcher:
            joined = await received(watcher)
            assert "members" not in joined
            assert joined["member"]
            async with connect(two, room), wamp(two, f"/ws?{granted()}") as session:
                await session.subscribe(f"wsecho.presence.{room}")
                await session.subscribe(topic(room))
                status, answer = await get(two, f"/broadcast/{room}/members")
                assert (status, answer["error"]["code"]) == (404, "not_available")
                with pytest.raises(Refused, match=r"wsecho\.error\.not_available"):
                    await session.call("wsecho.members", room)
                await post(two, room, "hello")
                event = await session.next()
                assert event[4] == ["hello"]
            frame = await received(watcher)
            assert (frame["type"], frame["data"]) == ("message", "hello")
        _, listed = await get(two, "/broadcast", granted(operate=True))
        assert {"room": room, "members": None} in listed["rooms"]

    asyncio.run(main())


# -- SIGHUP


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_tables_are_read_again(kind: Kind, tmp_path: Path) -> None:
    """By each process; open rooms go by them, and nobody has to leave."""
    file = tmp_path / "wsecho.toml"
    options = f'token-key = "{key_file(tmp_path)}"\n'
    file.write_text(f'{options}[rooms."a"]\nhistory = 9\npresence = "off"\n')

    def reload(pair: Pair, text: str, expected: re.Pattern[str]) -> None:
        file.write_text(options + text)
        for server in {server.port: server for server in pair}.values():
            server.process.signal(signal.SIGHUP)
            for _ in range(2 if kind is Kind.WORKERS else 1):
                server.process.wait_for(expected)

    async def main(pair: Pair) -> None:
        one, two = pair
        async with (
            connect(one, "a", "presence=1", subprotocols=V1) as watcher,
            connect(two, "a") as speaker,
        ):
            assert "members" not in await received(watcher)
            for number in range(5):
                await speaker.send(f"{number}")
            for number in range(5):
                assert (await received(watcher))["data"] == f"{number}"
            new = '[rooms.a]\nhistory = 2\nmax-members = 1\npublish = "server"\n'
            await asyncio.to_thread(reload, pair, new, READ_AGAIN)
            came = [await received(watcher) for _ in range(2)]
            assert {frame["action"] for frame in came} == {"join"}
            _, answer = await get(two, "/broadcast/a?history=9")
            assert [message["data"] for message in answer["messages"]] == ["3", "4"]
            refused: Answered = 503
            assert await settled(lambda: join_by_raw(two, "a"), refused) == refused
            broken = "[rooms.a]\nhistory = -1\n"
            await asyncio.to_thread(
                reload, pair, broken, re.compile("not read again.*history = -1")
            )
            await speaker.send("x")
            with pytest.raises(websockets.ConnectionClosed):
                await asyncio.wait_for(_until_closed(speaker), PATIENCE)
            assert speaker.close_code == 4403
            assert (await received(watcher))["action"] == "leave"
            await watcher.send('{"type":"ping"}')
            assert (await received(watcher))["type"] == "pong"
            await until(lambda: _is_alone(two))

    async def _is_alone(server: RunningServer) -> bool:
        _, answer = await get(server, "/broadcast/a/members")
        return len(answer["members"]) == 1

    with service(kind, "--config", str(file)) as pair:
        asyncio.run(main(pair))


async def _until_closed(client: ClientConnection) -> None:
    while True:
        await client.recv()


def test_a_mistake_ends_the_start(tmp_path: Path) -> None:
    """In one line, with status 2, by each program that reads the file."""
    file = tmp_path / "wsecho.toml"
    file.write_text('[rooms."team-*"]\nhisstory = 3\n')
    for words in (["serve"], ["check"]):
        program = [sys.executable, "-m", "wsecho", *words, "--config", str(file)]
        done = subprocess.run(
            program, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 2
        assert done.stderr == (
            f'wsecho: {file}, line 2: [rooms."team-*"] hisstory = 3: there is no such key: '
            "did you mean history?\n"
        )
