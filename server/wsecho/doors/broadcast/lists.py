# SPDX-License-Identifier: MIT
"""`GET /broadcast` and `GET /broadcast/R/members`: what there is, and who."""

from wsecho.core.promise import Later, when
from wsecho.core.rooms.vocabulary import describe_member
from wsecho.core.wire.errors import Forbidden
from wsecho.doors.broadcast.asked import Asked, write_json
from wsecho.fanout.rooms import Rooms


def list_rooms(asked: Asked, rooms: Rooms) -> Later[bytes]:
    """List the rooms by name, with the number of members that others see; this is no use of them.

    Where nobody is to be seen, the number is null.

    Raises:
        Forbidden: the caller operates nothing.
        BusUnavailable: the other processes' cannot be known now.
    """
    if not asked.caller.grants.may_operate():
        raise Forbidden("the token does not allow to list the rooms")

    def write(counts: dict[str, int]) -> bytes:
        rules = rooms.rules
        listed = [
            {"room": name, "members": counts[name] if rules.of(name).has_presence else None}
            for name in sorted(counts)
        ]
        return write_json(asked.request, {"rooms": listed})

    return when(rooms.bus.counts(), write)


def list_members(asked: Asked, room: str, rooms: Rooms) -> Later[bytes]:
    """List who is in a room, who came first first.

    Raises:
        Forbidden: the caller may not join it.
        NotAvailable: it keeps no such list.
        OverLimit: there are too many rooms.
        BusUnavailable: the other processes' cannot be known now.
    """
    asked.caller.grants.check("join", room)

    def write(_: None) -> bytes:
        members = [describe_member(card) for card in rooms.members(room)]
        return write_json(asked.request, {"members": members})

    return when(rooms.attach(room), write)
