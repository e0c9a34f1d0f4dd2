# SPDX-License-Identifier: MIT
"""The query of a room, the same at every door (wire.md)."""

from typing import Final, Self

from attrs import frozen

from wsecho.core.http.handshake import Query
from wsecho.core.wire.errors import BadRequest
from wsecho.core.wire.positions import MAX_OFFSET, Position

MAX_WAIT: Final = 60
MAX_LIMIT: Final = 1_000
DEFAULT_LIMIT: Final = 100


@frozen
class RoomQuery:
    """What a reader of a room asks for.

    Attributes:
        after: resume after this position; it wins over `history`, as long as it can be had.
        history: replay the last so many messages.
        wants_own: whether what this very connection sends comes back to it.
        wants_presence: whether it is told who comes and goes.
    """

    after: Position | None = None
    history: int | None = None
    wants_own: bool = True
    wants_presence: bool = False

    @classmethod
    def read(cls, query: Query) -> Self:
        """Read the parameters; unknown ones are ignored.

        Raises:
            BadRequest: one is malformed; the reason names it.
        """
        after = query.parameter("after")
        return cls(
            after=None if after is None else Position.parse(after),
            history=number(query, "history", 0, MAX_OFFSET),
            wants_own=query.flag("self", default=True),
            wants_presence=query.flag("presence", default=False),
        )


@frozen
class PollQuery:
    """What a long-poll asks for beside what every reader does.

    Attributes:
        wait: seconds to wait for a message where there is none.
        limit: messages in one answer at most.
    """

    wait: float = 0.0
    limit: int = DEFAULT_LIMIT

    @classmethod
    def read(cls, query: Query) -> Self:
        """Read the parameters; unknown ones are ignored.

        Raises:
            BadRequest: one is malformed; the reason names it.
        """
        wait = number(query, "wait", 0, MAX_WAIT)
        limit = number(query, "limit", 1, MAX_LIMIT)
        return cls(float(wait or 0), DEFAULT_LIMIT if limit is None else limit)


def number(query: Query, name: str, least: int, most: int) -> int | None:
    """Return a parameter that is a whole number, None where it is not given.

    Raises:
        BadRequest: it is none, or out of its range.
    """
    text = query.parameter(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_OFFSET))):
        raise BadRequest(f"the query parameter {name} is a whole number")
    if not least <= int(text) <= most:
        raise BadRequest(f"the query parameter {name} is {least} to {most}")
    return int(text)
