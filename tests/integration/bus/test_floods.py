# SPDX-License-Identifier: MIT
"""Publishers that say more than Redis takes, and those who say little beside them."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
import websockets

from tests.integration.test_workers import metrics
from tests.support.processes import PATIENCE, RunningServer, running
from tests.support.redis_server import redis_server
from tests.support.waiting import settled
from tests.support.wamp import PUBLISH, wamp

MESSAGES = 20_000
"""Far more than Redis can answer within the deadline of one."""
QUICK = ("--redis-timeout", "1")
PATIENT: dict[str, Any] = {
    "compression": None,
    "ping_interval": None,
    "close_timeout": 4 * PATIENCE,
}


async def raw(server: RunningServer) -> None:
    """Say that much as it stands."""
    url = server.ws("/broadcast/flooded?self=0")
    async with websockets.connect(url, **PATIENT) as client:
        for number in range(MESSAGES):
            await client.send(f"{number}")
        # Its Close frame is answered behind all of it.


async def framed(server: RunningServer) -> None:
    """Say it in frames of `wsecho.v1`."""
    url = server.ws("/broadcast/flooded?self=0")
    spoken = [websockets.Subprotocol("wsecho.v1")]
    async with websockets.connect(url, subprotocols=spoken, **PATIENT) as client:
        for number in range(MESSAGES):
            await client.send(json.dumps({"type": "publish", "data": f"{number}"}))


async def by_wamp(server: RunningServer) -> None:
    """Say it to a room's topic, unacknowledged but for the last."""
    async with wamp(server) as client:
        for number in range(1, MESSAGES):
            await client.begin(PUBLISH, {}, "wsecho.room.flooded", [f"{number}"])
        options = {"acknowledge": True}
        _, answer = await client.begin(PUBLISH, options, "wsecho.room.flooded", ["last"])
        await answer


@pytest.mark.parametrize("flood", [raw, framed, by_wamp])
def test_a_flood_harms_nobody_else(flood: Callable[[RunningServer], Awaitable[None]]) -> None:
    """All of it is said, in one process's time, and no command misses its deadline."""

    async def main(server: RunningServer) -> None:
        calm = 0

        async def speak() -> None:
            nonlocal calm
            async with aiohttp.ClientSession() as session:
                while not flooding.done():
                    url = server.http("/broadcast/calm")
                    async with session.post(url, data=b"x") as answer:
                        assert answer.status == 201
                    calm += 1

        flooding = asyncio.ensure_future(flood(server))
        await asyncio.wait_for(asyncio.gather(flooding, speak()), 4 * PATIENCE)
        assert calm > 0
        # The last may be on their way yet.
        assert await settled(lambda: position(server), MESSAGES) == MESSAGES
        counts = await metrics(server)
        assert counts[("wsecho_bus_timeouts_total",)] == 0
        assert counts[("wsecho_bus_connects_total",)] == 1

    with redis_server() as redis, running("--redis", redis.url, *QUICK) as server:
        asyncio.run(main(server))


async def position(server: RunningServer) -> int:
    """How much was said in the room."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(server.http("/broadcast/flooded")) as answer,
    ):
        epoch_and_offset: str = (await answer.json())["position"]
        return int(epoch_and_offset.rpartition(":")[2])
