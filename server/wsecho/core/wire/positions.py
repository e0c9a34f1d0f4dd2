# SPDX-License-Identifier: MIT
"""Positions: where a reader of a room stands, as `epoch:offset`."""

import re
from typing import Final, Self

from attrs import frozen

from wsecho.core.wire.errors import BadRequest

MAX_OFFSET: Final = (1 << 53) - 1
"""The largest integer that every JSON reader gets right."""

_POSITION: Final = re.compile(r"([A-Za-z0-9_-]{1,64}):(0|[1-9][0-9]{0,15})", re.ASCII)


@frozen
class Position:
    """A place in a room's order of messages: behind the message with this offset.

    Attributes:
        epoch: names one unbroken history of a room.
        offset: messages before this place, 0 at the beginning.
    """

    epoch: str
    offset: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `epoch:offset`.

        Raises:
            BadRequest: it is none.
        """
        match = _POSITION.fullmatch(text)
        if match is None or (offset := int(match[2])) > MAX_OFFSET:
            raise BadRequest("the position is not epoch:offset")
        return cls(match[1], offset)

    def __str__(self) -> str:
        return f"{self.epoch}:{self.offset}"
