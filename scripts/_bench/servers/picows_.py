# SPDX-License-Identifier: MIT
"""`picows`, a Cython library, on uvloop; payloads go out as views, without a copy in Python.

That interface knows no extensions. Compressed messages go by its other one, made to be as that of
`websockets`, whose window it does not let anybody choose.
"""

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server
from picows.websockets.asyncio import ServerConnection, serve

from .options import HOST, LARGEST, MANY, ROOM, Options, read

_members: set[WSTransport] = set()
_BUFFER = 16 * 1024
"""Its default."""
_DATA = (WSMsgType.TEXT, WSMsgType.BINARY)


class _Echo(WSListener):  # type: ignore[misc]
    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type in _DATA:
            transport.send(frame.msg_type, frame.get_payload_as_memoryview())
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code(), frame.get_close_message())
            transport.disconnect()


class _Member(_Echo):
    def on_ws_connected(self, transport: WSTransport) -> None:
        _members.add(transport)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        _members.discard(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type not in _DATA:
            super().on_ws_frame(transport, frame)
            return
        kind, payload = frame.msg_type, frame.get_payload_as_bytes()
        for member in _members:
            member.send(kind, payload)


def _listener(request: WSUpgradeRequest) -> WSListener:
    return _Member() if request.path.startswith(ROOM.encode()) else _Echo()


async def _echo_compressed(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


async def _serve_compressed(options: Options) -> None:
    async with serve(
        _echo_compressed,
        HOST,
        options.port,
        compression="deflate",
        max_size=LARGEST,
        ping_interval=None,
        backlog=MANY,
        ssl=options.tls(),
    ) as server:
        await server.serve_forever()


async def _serve(options: Options) -> None:
    server = await ws_create_server(
        _listener,
        HOST,
        options.port,
        max_frame_size=LARGEST,
        # "You may set this to the actual expected maximum frame size."
        read_buffer_init_size=max(_BUFFER, options.size + 14),
        backlog=MANY,
        ssl=options.tls(),
    )
    await server.serve_forever()


if __name__ == "__main__":
    options = read()
    uvloop.run(_serve_compressed(options) if options.deflate else _serve(options))
