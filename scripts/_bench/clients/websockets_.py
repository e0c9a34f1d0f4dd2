# SPDX-License-Identifier: MIT
"""Bare `websockets` on `wsecho.v1`: no more than the same frames need, and nothing survives."""

import asyncio
import json
from itertools import count
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from .driving import Progress, Told, drive, together


def _open(told: Told) -> connect:
    # Compression off, as it is in wsecho.client.
    return connect(told.url, subprotocols=[Subprotocol("wsecho.v1")], compression=None)


async def _read(told: Told, progress: Progress) -> None:
    async with _open(told) as socket:
        await socket.recv()  # `joined`
        progress.begin()
        async for text in socket:
            frame = json.loads(text)
            if frame["type"] == "message" and frame["data"] and frame["position"]:
                progress.take()


async def _say(told: Told, progress: Progress) -> None:
    text, loop = told.payload.read_text(), asyncio.get_running_loop()
    waiting: dict[int, asyncio.Future[str]] = {}
    numbers = count(1)
    async with _open(told) as socket:
        await socket.recv()
        progress.begin()

        async def publish() -> str:
            number = next(numbers)
            waiting[number] = loop.create_future()
            frame = {"type": "publish", "id": number, "key": f"bare-{number}", "data": text}
            await socket.send(json.dumps(frame))
            return await waiting[number]

        async with asyncio.TaskGroup() as both:
            both.create_task(_settle(socket, waiting))
            both.create_task(together(told, progress, publish))


async def _settle(socket: ClientConnection, waiting: dict[int, Any]) -> None:
    async for text in socket:
        frame = json.loads(text)
        if frame["type"] == "published":
            waiting.pop(frame["id"]).set_result(frame["position"])


if __name__ == "__main__":
    drive(_read, _say)
