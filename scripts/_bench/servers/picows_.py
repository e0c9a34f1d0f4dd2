# SPDX-License-Identifier: MIT
"""`picows`, a Cython library, on uvloop; payloads go out as views, without a copy in Python."""

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

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
    uvloop.run(_serve(read()))
