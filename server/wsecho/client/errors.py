# SPDX-License-Identifier: MIT
"""What goes wrong for a client, each with the code by which programs tell it.

::

    Error (base, has `code` and `reason`)
    ├── BadRequest     bad_request    an argument, or what the server was asked for, means nothing
    │   └── BadType    bad_request    an argument is of a type that is not taken; a TypeError too
    ├── Unauthorized   unauthorized   the token does not count, and there was no better one
    ├── Forbidden      forbidden      the token's grants, or the server, do not allow it
    ├── NotWsecho      not_wsecho     what answers is no wsecho
    ├── TooLarge       too_large      the frame would be larger than the server takes; nothing sent
    ├── OverLimit      over_limit     more than the server, or the outbox here, has room for
    ├── Unavailable    unavailable    it could not be had for as long as it was waited for
    ├── Unknown        unknown        said again for 4.5 minutes; it may have arrived
    ├── Lost           lost           a call was cut
    ├── Closed         closed         the room was left
    └── Gap            gap            messages are missing that cannot be had any more
"""

from wsecho.core.wire.positions import Position


class Error(Exception):
    """Something that was asked of a room was not done.

    Args:
        reason: one sentence, which names what is at fault.
        code: where the server has one that no class here stands for.

    Attributes:
        code: one word for programs.
        reason: one sentence for people.
    """

    code: str = "error"

    def __init__(self, reason: str, code: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.reason} ({self.code})"


class BadRequest(Error, ValueError):
    """An argument means nothing, or the server says so of what it was sent."""

    code = "bad_request"


class BadType(BadRequest, TypeError):
    """An argument is of a type that is not taken."""


class Unauthorized(Error):
    """A valid token is needed, and the token function gave nothing better."""

    code = "unauthorized"


class Forbidden(Error):
    """The token's grants do not allow it, or the server lets nobody in who comes so."""

    code = "forbidden"


class NotWsecho(Error):
    """What answers at the URL is no wsecho, or something between does not let a WebSocket pass."""

    code = "not_wsecho"


class TooLarge(Error):
    """The encoded frame is larger than the server takes; it was not said."""

    code = "too_large"


class OverLimit(Error):
    """The server, or the outbox of messages that wait here, is full."""

    code = "over_limit"


class Unavailable(Error):
    """What passes did not pass within `give_up_after`."""

    code = "unavailable"


class Unknown(Error):
    """A message was said again until its key could have been forgotten: it may have arrived."""

    code = "unknown"


class Lost(Error):
    """A call was cut by a break."""

    code = "lost"


class Closed(Error):
    """The room was left before it was done."""

    code = "closed"


class Gap(Error):
    """Messages are missing, and cannot be had any more.

    Iterating again goes on with the oldest message that is kept behind the gap.

    Args:
        after: the place of the last message before the gap.
        position: the place behind it: what the next message follows.
        reason: one sentence.

    Attributes:
        after: the place of the last message before the gap.
        position: the place behind it.
    """

    code = "gap"

    def __init__(self, after: Position, position: Position, reason: str) -> None:
        super().__init__(reason)
        self.after = after
        self.position = position

    def __reduce__(self) -> tuple[type["Gap"], tuple[Position, Position, str]]:
        # An exception is pickled by its `args`, which are the reason alone.
        return type(self), (self.after, self.position, self.reason)
