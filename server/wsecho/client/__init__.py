# SPDX-License-Identifier: MIT
"""A client of wsecho's rooms for programs in Python.

It stands beside the server and shares only `core` with it: it imports neither Twisted nor
Autobahn. What decides is in `protocol`, without sockets and clock; `room` is its shell on asyncio.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from wsecho.client.errors import (
    BadRequest,
    BadType,
    Closed,
    Error,
    Forbidden,
    Gap,
    Lost,
    NotWsecho,
    OverLimit,
    TooLarge,
    Unauthorized,
    Unavailable,
    Unknown,
)
from wsecho.client.model import Event, Member, Message, Position, Presence, Sender, Status

if TYPE_CHECKING:
    from wsecho.client.connecting import connect
    from wsecho.client.posting import publish, publish_async
    from wsecho.client.room import Room

__all__ = [
    "BadRequest",
    "BadType",
    "Closed",
    "Error",
    "Event",
    "Forbidden",
    "Gap",
    "Lost",
    "Member",
    "Message",
    "NotWsecho",
    "OverLimit",
    "Position",
    "Presence",
    "Room",
    "Sender",
    "Status",
    "TooLarge",
    "Unauthorized",
    "Unavailable",
    "Unknown",
    "connect",
    "publish",
    "publish_async",
]

_PLACES: Final = {
    "Room": "room",
    "connect": "connecting",
    "publish": "posting",
    "publish_async": "posting",
}
"""What is imported once it is used: whoever only posts needs no asyncio and no `websockets`."""


def __getattr__(name: str) -> Any:
    """Import what is used (PEP 562)."""
    if name in _PLACES:
        return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
