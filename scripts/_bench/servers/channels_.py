# SPDX-License-Identifier: MIT
"""`channels` over `channels_redis`, in uvicorn's processes: groups are the rooms.

Its documentation names Daphne, Hypercorn and uvicorn, which socketio runs in, too. Of the layers of
`channels_redis` it is the one by publish and subscribe: under the same load the other one closed
connections.
"""

import os
from typing import Any

import django
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.urls import re_path

from .options import read, serve_by_uvicorn

_REDIS = "BENCH_REDIS"


class _Member(AsyncWebsocketConsumer):  # type: ignore[misc]
    async def connect(self) -> None:
        self.group = self.scope["url_route"]["kwargs"]["room"]
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.channel_layer.group_send(self.group, {"type": "said", "text": text_data})

    async def said(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["text"])


def application() -> ProtocolTypeRouter:
    """Make the application of one process."""
    layer = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [os.environ[_REDIS]]},
    }
    settings.configure(SECRET_KEY="-", CHANNEL_LAYERS={"default": layer})  # noqa: S106  (of no use)
    django.setup()
    routes = [re_path(r"^broadcast/(?P<room>[\w-]+)$", _Member.as_asgi())]
    return ProtocolTypeRouter({"websocket": URLRouter(routes)})


if __name__ == "__main__":
    serve_by_uvicorn(f"{__spec__.name}:application", read(), _REDIS)
