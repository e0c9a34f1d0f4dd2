# SPDX-License-Identifier: MIT
"""Ever more tiny rooms: no more are there than the bound says, and the memory shows it."""

import asyncio
import json
import os
import resource
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import websockets

from tests.support.processes import PATIENCE, running
from tests.support.waiting import settled
from wsecho.core.rooms.hub import Hub, Rules
from wsecho.core.rooms.room import PublishRequest

BOUND = 100
ROOMS = 100_000
"""Of which the soak makes more."""
FIRST = 10_000
"""Rooms whose memory is compared with that of all."""


def own_memory() -> int:
    """Bytes of this process that are resident."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def test_many_rooms_take_the_place_of_few() -> None:
    """However many are asked for, no more than the bound are there, or in memory."""
    take_the_place_of_few(ROOMS)


def take_the_place_of_few(rooms: int) -> None:
    """Publish in so many, and compare."""
    hub: Hub[Any] = Hub(Rules(max_rooms=1000), lambda: os.urandom(9).hex())
    memory = 0
    for number in range(rooms):
        hub.publish(str(number), PublishRequest(b"x", is_binary=False, publication=1), None, number)
        if number == FIRST:
            memory = own_memory()
    grown = own_memory() - memory
    print(f"{rooms:,} rooms, {len(hub):,} of them there: {grown / 1024:.0f} KiB more than {FIRST}")
    assert hub.names() == [str(number) for number in range(rooms - 1000, rooms)]
    assert grown < 4 << 20


def test_rooms_with_members_make_no_place() -> None:
    """A server takes whatever rooms are named, and keeps the few; those with members stay."""
    with running("--max-rooms", str(BOUND), "--message-rate", "0", "--byte-rate", "0") as server:
        asyncio.run(asyncio.wait_for(name_many(server.http(""), server.ws("")), PATIENCE))


async def name_many(http: str, ws: str) -> None:
    """Publish in ever new rooms, then have a member in each there may be, then in one less."""
    async with aiohttp.ClientSession(http) as session, AsyncExitStack() as members:
        for batch in range(100):
            names = [f"{batch}-{number}" for number in range(BOUND)]
            assert await publish(session, *names) == 201
        assert await rooms(session) == set(names)
        first, *_ = [
            await members.enter_async_context(websockets.connect(f"{ws}/broadcast/m{number}"))
            for number in range(BOUND)
        ]
        assert await rooms(session) == {f"m{number}" for number in range(BOUND)}
        assert await publish(session, "one-more") == 503
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(f"{ws}/broadcast/one-more")
        assert refused.value.response.status_code == 503
        assert refused.value.response.headers["Retry-After"]
        assert json.loads(refused.value.response.body)["error"]["code"] == "over_limit"
        assert await publish(session, "m1") == 201
        await first.close()
        assert await settled(lambda: publish(session, "one-more"), 201) == 201
        assert "m0" not in await rooms(session)


async def publish(session: aiohttp.ClientSession, *names: str) -> int:
    """Say something in some rooms at once; the status that it got."""
    async with session.post("/broadcast", json={"rooms": names, "data": "x"}) as answer:
        return answer.status


async def rooms(session: aiohttp.ClientSession) -> set[str]:
    """The rooms that there are."""
    async with session.get("/broadcast") as answer:
        return {entry["room"] for entry in (await answer.json())["rooms"]}
