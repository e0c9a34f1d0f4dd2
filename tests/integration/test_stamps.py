# SPDX-License-Identifier: MIT
"""When a message was taken, and from whom, is one for all: with real clients, in each form."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import uuid4

import httpx
import websockets
from httpx_sse import aconnect_sse
from websockets.typing import Subprotocol

from tests.support.clusters import Pair
from tests.support.processes import PATIENCE
from tests.support.wamp import CALL, EVENT, Wamp, wamp

SECRET: Final = "0123456789abcdef"
V1: Final = Subprotocol("wsecho.v1")
LIES: Final = {"time": 1, "from": {"id": "another"}}
GET_EVENTS: Final = "wamp.subscription.get_events"


def essence(frame: Any) -> tuple[Any, ...]:
    """What all readers are to have of a message."""
    return frame["position"], frame["time"], json.dumps(frame.get("from")), frame["data"]


async def by_framed(url: str) -> AsyncIterator[Any]:
    """A WebSocket."""
    async with websockets.connect(url.replace("http", "ws"), subprotocols=[V1]) as room:
        async for text in room:
            yield json.loads(text)


async def by_events(url: str) -> AsyncIterator[Any]:
    """A stream that httpx reads."""
    async with (
        httpx.AsyncClient(timeout=PATIENCE) as client,
        aconnect_sse(client, "GET", url) as source,
    ):
        async for event in source.aiter_sse():
            yield json.loads(event.data)


async def by_polls(url: str) -> AsyncIterator[Any]:
    """Long-poll."""
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        position = (await client.get(url)).json()["position"]
        yield {"type": "joined"}
        while True:
            page = (await client.get(f"{url}?after={position}&wait=20")).json()
            position = page["position"]
            for frame in page["messages"]:
                yield frame


async def hear(frames: AsyncIterator[Any], joined: asyncio.Event, count: int) -> list[Any]:
    """Read so many messages."""
    heard: list[Any] = []
    async for frame in frames:
        joined.set()
        if frame["type"] == "message":
            heard.append(essence(frame))
        if len(heard) == count:
            break
    return heard


async def next_events(session: Wamp, count: int) -> list[Any]:
    """Read so many events."""
    found: list[Any] = []
    while len(found) < count:
        message = await session.next()
        if message[0] == EVENT:
            found.append(essence({**message[5], "data": message[4][0]}))
    return found


async def speak(pair: Pair, room: str, speaker: Wamp) -> list[Any]:
    """Say something by each door, at either address; return who they should be told to be."""
    one, two = pair
    path, authors = f"/broadcast/{room}", []
    async with (
        websockets.connect(one.ws(path)) as raw,
        websockets.connect(two.ws(f"{path}?member={SECRET}"), subprotocols=[V1]) as framed,
        httpx.AsyncClient(timeout=PATIENCE) as client,
    ):
        mine = json.loads(await framed.recv())["member"]

        async def ids(door: str) -> list[Any]:
            members = (await client.get(one.http(f"{path}/members"))).json()["members"]
            return [each["id"] for each in members if each["door"] == door]

        await raw.send("raw")
        await raw.recv()
        authors += await ids("raw")
        await framed.send(json.dumps({"type": "publish", "data": "v1", "id": 1, **LIES}))
        while json.loads(await framed.recv())["type"] != "published":
            pass
        answer = await client.post(one.http(f"{path}?member={SECRET}"), content="post")
        assert answer.status_code == 201
        body = {"rooms": [room], "data": "many", **LIES}
        assert (await client.post(two.http("/broadcast"), json=body)).status_code == 201
        await speaker.publish(f"wsecho.room.{room}", "wamp", exclude_me=False)
        _, session = await ids("wamp")
        await speaker.ask(CALL, {}, "wsecho.publish", [room, "call"])
        authors += [mine, mine, None, session, session]
    return authors


def test_all_are_told_the_same(pair: Pair) -> None:
    """At every door, at either address, live and later; each is who presence says that he is."""
    asyncio.run(compare(pair))


async def compare(pair: Pair) -> None:
    """Say something by each door, and read it by each."""
    one, two = pair
    room = uuid4().hex
    url = one.http(f"/broadcast/{room}")
    async with (
        wamp(two, stamps=True) as stamped,
        wamp(one) as speaker,
        asyncio.timeout(4 * PATIENCE),
    ):
        subscription = await stamped.subscribe(f"wsecho.room.{room}")
        await speaker.subscribe(f"wsecho.room.{room}")
        started = [asyncio.Event() for _ in range(3)]
        readers = [
            asyncio.create_task(hear(read(url), joined, 6))
            for read, joined in zip((by_framed, by_events, by_polls), started, strict=True)
        ]
        for each in started:
            await each.wait()
        authors = await speak(pair, room, speaker)
        heard = [*await asyncio.gather(*readers), await next_events(stamped, 6)]
        past = (await stamped.ask(CALL, {}, GET_EVENTS, [subscription]))[3]
        heard.append([essence({**each["kwargs"], "data": each["args"][0]}) for each in past])
        first, *others = heard
        assert [each[3] for each in first] == ["raw", "v1", "post", "many", "wamp", "call"]
        told = [None if each[2] == "null" else json.loads(each[2])["id"] for each in first]
        assert told == authors
        assert [each[1] for each in first] == sorted(each[1] for each in first)
        assert all(each == first for each in others)
