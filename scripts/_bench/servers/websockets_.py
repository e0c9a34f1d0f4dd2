# SPDX-License-Identifier: MIT
"""`websockets`, on uvloop, compression off unless a row is about it, its own `broadcast`."""

import asyncio
from contextlib import suppress

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

from .options import HOST, LARGEST, MANY, ROOM, Options, read

_SMALL, _ANY = 12, 15
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


def _extensions(options: Options) -> list[ServerPerMessageDeflateFactory] | None:
    if options.server_bits is None:
        return None
    # Its documentation pairs 12 bits with this memory level; beyond them zlib's own is left.
    small = options.server_bits <= _SMALL
    return [
        ServerPerMessageDeflateFactory(
            server_max_window_bits=None if options.server_bits == _ANY else options.server_bits,
            client_max_window_bits=None if options.client_bits == _ANY else options.client_bits,
            compress_settings={"memLevel": 5} if small else None,
        )
    ]


async def _serve(options: Options) -> None:
    server = serve(
        _attend,
        HOST,
        options.port,
        # "deflate" adds the library's default where `extensions` has none of its own.
        compression="deflate" if options.deflate else None,
        extensions=_extensions(options),
        max_size=LARGEST,
        ping_interval=None,
        backlog=MANY,
        ssl=options.tls(),
    )
    async with server:
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(read()))
