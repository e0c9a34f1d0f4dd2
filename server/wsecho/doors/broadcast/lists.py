# SPDX-License-Identifier: MIT
"""`GET /broadcast` and `GET /broadcast/R/members`: what there is, and who."""

from wsecho.core.errors import Forbidden
from wsecho.core.vocabulary import describe
from wsecho.doors.broadcast.asked import Asked, write_json
from wsecho.doors.rooms import Rooms


def list_rooms(asked: Asked, rooms: Rooms) -> bytes:
    """List the rooms by name, with the number of members that others see; this is no use of them.

    Raises:
        Forbidden: the caller operates nothing.
    """
    if not asked.caller.grants.may_operate():
        raise Forbidden("the token does not allow to list the rooms")
    found = sorted((room.name, len(room.presence)) for room in rooms.hub.rooms())
    listed = [{"room": name, "members": members} for name, members in found]
    return write_json(asked.request, {"rooms": listed})


def list_members(asked: Asked, room: str, rooms: Rooms) -> bytes:
    """List who is in a room, who came first first.

    Raises:
        Forbidden: the caller may not join it.
        OverLimit: there are too many rooms.
    """
    asked.caller.grants.check("join", room)
    members = [describe(card) for card in rooms.members(room)]
    return write_json(asked.request, {"members": members})
