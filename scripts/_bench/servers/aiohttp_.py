# SPDX-License-Identifier: MIT
"""`aiohttp`, on uvloop, without an access log."""

import asyncio

import uvloop
from aiohttp import WSMsgType, web

from .options import HOST, LARGEST, MANY, ROOM, Options, read

_members: set[web.WebSocketResponse] = set()


async def _attend(request: web.Request, *, deflate: bool) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(compress=deflate, max_msg_size=LARGEST)
    await socket.prepare(request)
    if request.path.startswith(ROOM):
        await _join(socket)
        return socket
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data)
    return socket


async def _join(socket: web.WebSocketResponse) -> None:
    _members.add(socket)
    try:
        async for message in socket:
            for member in tuple(_members):
                await member.send_str(message.data)
    finally:
        _members.remove(socket)


async def _serve(options: Options) -> None:
    async def attend(request: web.Request) -> web.WebSocketResponse:
        return await _attend(request, deflate=options.deflate)

    application = web.Application()
    application.router.add_get("/{path:.*}", attend)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, HOST, options.port, backlog=MANY, ssl_context=options.tls())
    await site.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(read()))
