# SPDX-License-Identifier: MIT
"""The events that an application is told of, each as the members of a JSON object.

What an event has beside its id and its time is written when it happens, without the braces
around it; the rest is put in front where a batch is made of it.
"""

import json
from base64 import b64encode
from typing import Any, Final

from wsecho.core.rooms.history import Message
from wsecho.core.rooms.presence import Action, Card
from wsecho.core.rooms.vocabulary import describe_author, describe_member

OF_PRESENCE: Final = frozenset({"occupied", "vacated", "join", "leave"})
"""What is told of who is in a room."""


def occupied_event(room: str) -> str:
    """Write that somebody is in a room where nobody was."""
    return _write({"event": "occupied", "room": room})


def vacated_event(room: str) -> str:
    """Write that nobody has been in a room for a while."""
    return _write({"event": "vacated", "room": room})


def presence_event(room: str, action: Action, card: Card) -> str:
    """Write that a member came or went."""
    return _write({"event": action, "room": room, "member": describe_member(card)})


def message_event(room: str, message: Message) -> str:
    """Write what was said in a room: `from` where it is known who said it, `data` or `base64`."""
    event: dict[str, Any] = {
        "event": "message",
        "room": room,
        "position": str(message.position),
    }
    if message.author is not None:
        event["from"] = describe_author(message.author)
    if message.is_binary:
        event["base64"] = b64encode(message.payload).decode("ascii")
    else:
        event["data"] = message.payload.decode("utf-8")
    return _write(event)


def missed_event(count: int) -> str:
    """Write that so many events are not told, or not any more."""
    return _write({"event": "missed", "count": count})


def _write(event: dict[str, Any]) -> str:
    return _json(event)[1:-1]


_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
