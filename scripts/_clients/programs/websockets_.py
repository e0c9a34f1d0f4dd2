# SPDX-License-Identifier: MIT
"""`websockets`, by its way to come back."""

import asyncio
import sys

from websockets.asyncio.client import connect


async def _echo(url: str) -> None:
    async for websocket in connect(url):
        while True:
            await websocket.send(await websocket.recv())


try:
    asyncio.run(_echo(sys.argv[1]))
except Exception as error:  # noqa: BLE001  # whatever it raises is its word
    print(f"{type(error).__name__}: {error}")
