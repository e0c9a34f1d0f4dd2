# SPDX-License-Identifier: MIT
"""What an event says of what happened."""

import json
from typing import Any

import pytest

from wsecho.core.events.texts import (
    message_event,
    missed_event,
    occupied_event,
    presence_event,
    vacated_event,
)
from wsecho.core.rooms.authors import Author
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.presence import Card
from wsecho.core.wire.positions import Position

ROOM = 'a"é\u2028'
CARD = Card("id", "Ann", "raw", 0.5)
AT = Position("e", 7)


def read(text: str) -> dict[str, Any]:
    """Read one as an application does."""
    found: dict[str, Any] = json.loads("{" + text + "}")
    return found


MEMBER = {"id": "id", "name": "Ann", "door": "raw", "since": "1970-01-01T00:00:00.500Z"}


@pytest.mark.parametrize(
    ("text", "event"),
    [
        (occupied_event(ROOM), {"event": "occupied", "room": ROOM}),
        (vacated_event(ROOM), {"event": "vacated", "room": ROOM}),
        (
            presence_event(ROOM, "join", CARD),
            {"event": "join", "room": ROOM, "member": MEMBER},
        ),
        (missed_event(3), {"event": "missed", "count": 3}),
        (
            message_event(ROOM, Message(AT, b'"\xc3\xa9', False, 1.0, 2, Author("me", "Me"))),
            {
                "event": "message",
                "room": ROOM,
                "position": "e:7",
                "from": {"id": "me", "name": "Me"},
                "data": '"é',
            },
        ),
        (
            message_event(ROOM, Message(AT, b"\0\xff", True, 1.0, 2)),
            {"event": "message", "room": ROOM, "position": "e:7", "base64": "AP8="},
        ),
    ],
    ids=["occupied", "vacated", "join", "missed", "text", "binary"],
)
def test_an_event_is_json(text: str, event: dict[str, Any]) -> None:
    """Whatever stands in names and texts."""
    assert read(text) == event
    assert next(iter(read(text))) == "event"
