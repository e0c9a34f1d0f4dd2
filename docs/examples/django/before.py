# SPDX-License-Identifier: MIT
"""The same by Channels: what was there before it moved, without the settings.

It needs an ASGI server, `channels_redis`, and a Redis for the channel layer.
"""

import json

from asgiref.sync import async_to_sync
from channels.auth import AuthMiddlewareStack
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_POST


class OrderConsumer(AsyncWebsocketConsumer):
    """One customer's connection."""

    group = ""

    async def connect(self) -> None:
        """Let in who has logged in."""
        customer = self.scope["session"].get("customer")
        if customer is None:
            await self.close()
            return
        self.group = f"customer-{customer}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """Leave the group."""
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def order_changed(self, event: dict[str, str]) -> None:
        """Pass on what the group was sent."""
        await self.send(text_data=event["text"])


@require_POST
def ship(request: HttpRequest, customer: int, order: int) -> HttpResponse:
    """Ship an order, and tell the customer, if the page is open and its connection lives."""
    text = json.dumps({"order": order, "state": "shipped"})
    send = async_to_sync(get_channel_layer().group_send)
    send(f"customer-{customer}", {"type": "order.changed", "text": text})
    return HttpResponse("shipped")


urlpatterns = [path("ship/<int:customer>/<int:order>", ship)]

application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter([path("ws/orders", OrderConsumer.as_asgi())]))
        ),
    }
)
