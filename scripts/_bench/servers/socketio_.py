# SPDX-License-Identifier: MIT
"""`python-socketio` with its Redis manager, in uvicorn's processes."""

import os

import socketio

from .options import read, serve_by_uvicorn

_REDIS = "BENCH_REDIS"


def application() -> socketio.ASGIApp:
    """Make the application of one process."""
    manager = socketio.AsyncRedisManager(os.environ[_REDIS])
    server = socketio.AsyncServer(
        async_mode="asgi", client_manager=manager, transports=["websocket"]
    )
    rooms: dict[str, str] = {}

    @server.event
    async def join(sid: str, room: str) -> None:
        rooms[sid] = room
        await server.enter_room(sid, room)
        await server.emit("joined", to=sid)

    @server.event
    async def message(sid: str, text: str) -> None:
        await server.emit("message", text, room=rooms[sid])

    @server.event
    async def disconnect(sid: str, _reason: str) -> None:
        rooms.pop(sid, None)

    return socketio.ASGIApp(server)


if __name__ == "__main__":
    serve_by_uvicorn(f"{__spec__.name}:application", read(), _REDIS)
