# SPDX-License-Identifier: MIT
"""What one long-poll is answered: some messages of a room, and where to go on (wire.md)."""

from collections.abc import Callable
from typing import Final

from attrs import frozen

from wsecho.core.http.queries import RoomQuery
from wsecho.core.rooms.history import History, Message
from wsecho.core.wire.positions import Position

MAX_SIZE: Final = 1 << 20
"""Bytes of frames in one page; one frame of any size passes an empty page."""


@frozen
class Page:
    """One answer.

    Attributes:
        position: the next request's `after`.
        recovered: whether the place that was asked for could be had; None where none was asked for.
        frames: the messages as JSON.
    """

    position: Position
    recovered: bool | None = None
    frames: tuple[bytes, ...] = ()

    def write(self) -> bytes:
        """Write the page as JSON."""
        recovered = {None: b"", True: b'"recovered":true,', False: b'"recovered":false,'}
        return b'{"position":"%s",%s"messages":[%s]}\n' % (
            str(self.position).encode(),
            recovered[self.recovered],
            b",".join(self.frames),
        )


def read_page(
    history: History, query: RoomQuery, limit: int, write: Callable[[Message], bytes]
) -> Page:
    """Read what there is for a reader now.

    Args:
        history: the room's.
        query: where the reader stands.
        limit: messages at most: the first behind `after`, or the last of `history` where no
            `after` is given or it cannot be had.
        write: writes a message as JSON.
    """
    begin = history.start(query.after, min(query.history or 0, limit))
    frames: list[bytes] = []
    position, size = begin.position, 0
    for message in history.after(position.offset):
        if len(frames) == limit:
            break
        frame = write(message)
        size += len(frame)
        if frames and size > MAX_SIZE:
            break
        frames.append(frame)
        position = message.position
    return Page(position, begin.recovered, tuple(frames))
