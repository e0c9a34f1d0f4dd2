# SPDX-License-Identifier: MIT
"""`websockets`, on uvloop, compression off unless a row is about it, its own `broadcast`."""

import asyncio
from contextlib import suppress

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from .options import HOST, LARGEST, MANY, ROOM, Options, read

_members: set[ServerConnection] = set()


async def _attend(connection: ServerConnection) -> None:
    with suppress(ConnectionClosed):
        if connection.request and connection.request.path.startswith(ROOM):
            await _join(connection)
        else:
            async for message in connection:
                await connection.send(message)


async def _join(connection: ServerConnection) -> None:
    _members.add(connection)
    try:
        async for message in connection:
            broadcast(_members, message)
    finally:
        _members.remove(connection)


async def _serve(options: Options) -> None:
    server = serve(
        _attend,
        HOST,
        options.port,
        compression="deflate" if options.deflate else None,
        max_size=LARGEST,
        ping_interval=None,
        backlog=MANY,
        ssl=options.tls(),
    )
    async with server:
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(read()))
