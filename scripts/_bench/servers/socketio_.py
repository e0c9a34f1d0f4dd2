# SPDX-License-Identifier: MIT
"""`python-socketio` in uvicorn's processes, with its Redis manager where there is a Redis."""

import os

import socketio

from .options import read, serve_by_uvicorn

_REDIS = "BENCH_REDIS"
_NO_PINGS = 3600
"""Seconds; no run is as long."""


def application() -> socketio.ASGIApp:
    """Make the application of one process."""
    redis = os.environ[_REDIS]
    server = socketio.AsyncServer(
        async_mode="asgi",
        client_manager=socketio.AsyncRedisManager(redis) if redis else None,
        transports=["websocket"],
        ping_interval=_NO_PINGS,
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
