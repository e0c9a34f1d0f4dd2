# SPDX-License-Identifier: MIT
"""`picows` by its interface of whole messages; by that of frames, all else is its user's affair."""

import asyncio
import sys

from picows.websockets.asyncio.client import connect


async def _echo(url: str) -> None:
    async with connect(url) as websocket:
        while True:
            await websocket.send(await websocket.recv())


try:
    asyncio.run(_echo(sys.argv[1]))
except Exception as error:  # noqa: BLE001  # whatever it raises is its word
    print(f"{type(error).__name__}: {error}")
