# SPDX-License-Identifier: MIT
"""`python-socketio`'s client on its own server, over WebSocket alone."""

import asyncio
import json
from functools import partial

import socketio

from .driving import ROOM, Progress, Told, drive, together


async def _join(told: Told, client: socketio.AsyncClient) -> None:
    joined = asyncio.Event()
    client.on("joined", joined.set)
    await client.connect(f"http://{told.address}", transports=["websocket"])
    await client.emit("join", ROOM)
    await joined.wait()


async def _read(told: Told, progress: Progress) -> None:
    client = socketio.AsyncClient(reconnection=False)
    client.on("message", lambda _text: progress.take())
    await _join(told, client)
    progress.begin()
    await client.wait()


async def _say(told: Told, progress: Progress) -> None:
    client = socketio.AsyncClient(reconnection=False)
    # The payload is a whole packet: its type, then its arguments.
    event, text = json.loads(told.payload.read_text().removeprefix("42"))
    await _join(told, client)
    progress.begin()
    # `call` waits for the server's acknowledgement.
    await together(told, progress, partial(client.call, event, text))


if __name__ == "__main__":
    drive(_read, _say, ("40", f'42["join","{ROOM}"]'))
