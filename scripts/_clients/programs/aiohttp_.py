# SPDX-License-Identifier: MIT
"""`aiohttp`, which offers permessage-deflate when it is asked to."""

import asyncio
import sys

from aiohttp import ClientSession, WSMsgType


async def _echo(url: str) -> str:
    async with ClientSession() as session, session.ws_connect(url, compress=15) as websocket:
        async for message in websocket:
            if message.type is WSMsgType.TEXT:
                await websocket.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await websocket.send_bytes(message.data)
        return f"closed {websocket.close_code}: {websocket.exception()}"


try:
    print(asyncio.run(_echo(sys.argv[1])))
except Exception as error:  # noqa: BLE001  # whatever it raises is its word
    print(f"{type(error).__name__}: {error}")
