# SPDX-License-Identifier: MIT
"""What a reader of a room brings along, whichever door it came through."""

from attrs import frozen

from wsecho.core.http.queries import RoomQuery
from wsecho.core.rooms.callers import Caller
from wsecho.fanout.rooms import Rooms


@frozen
class ReaderSpec:
    """One reader's place in one room, before it is taken.

    Attributes:
        rooms: all rooms.
        room: the room's name.
        query: where the reader begins, and what it wants.
        caller: who it is.
        bound: bytes that may wait for it.
        max_message_size: bytes of the largest message, or request's body, that is taken from it.
    """

    rooms: Rooms
    room: str
    query: RoomQuery
    caller: Caller
    bound: int
    max_message_size: int
