# SPDX-License-Identifier: MIT
"""Rooms as WAMP topics: `wsecho.room.` and the room's name, percent-encoded."""

from typing import Final

from wsecho.core.names import parse_room, room_segment

ROOM_PREFIX: Final = "wsecho.room."


def room_topic(room: str) -> str:
    """Write the one spelling of a room's topic.

    Dots stay, so that patterns work over dotted names; one that would leave an empty
    component (the first, the last, one behind another) becomes `%2E`.
    """
    parts = room_segment(room).split(".")
    topic = parts[0]
    for part in parts[1:]:
        if not topic or topic.endswith("."):
            topic += "%2E" + part
        else:
            topic += "." + part
    if topic.endswith("."):
        topic = topic[:-1] + "%2E"
    return ROOM_PREFIX + topic


def topic_room(topic: str) -> str:
    """Read the room that a topic names, however it is spelled.

    Raises:
        BadRequest: no room can have that name.
    """
    return parse_room(topic.removeprefix(ROOM_PREFIX))
