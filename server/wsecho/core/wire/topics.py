# SPDX-License-Identifier: MIT
"""Rooms as WAMP topics: a prefix and the room's name, percent-encoded.

`wsecho.room.R` is what is said in the room R, `wsecho.presence.R` who comes and goes there.
"""

from typing import Final

from wsecho.core.wire.names import parse_room, room_segment

ROOM_PREFIX: Final = "wsecho.room."
PRESENCE_PREFIX: Final = "wsecho.presence."


def room_topic(room: str) -> str:
    """Write the one spelling of a room's topic."""
    return ROOM_PREFIX + _components(room)


def presence_topic(room: str) -> str:
    """Write the one spelling of the topic of a room's presence."""
    return PRESENCE_PREFIX + _components(room)


def topic_room(topic: str) -> str:
    """Read the room that a topic names, however it is spelled.

    Raises:
        BadRequest: no room can have that name.
    """
    prefix = PRESENCE_PREFIX if topic.startswith(PRESENCE_PREFIX) else ROOM_PREFIX
    return parse_room(topic.removeprefix(prefix))


def _components(room: str) -> str:
    """Percent-encode a room's name.

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
    return topic[:-1] + "%2E" if topic.endswith(".") else topic
