# SPDX-License-Identifier: MIT
"""What a client of a room is given: messages, who said them, who is there, how it stands."""

from typing import Literal, TypeAlias

from attrs import frozen

from wsecho.client.errors import Gap
from wsecho.core.wire.positions import Position

__all__ = [
    "Event",
    "GapPolicy",
    "Member",
    "Message",
    "Position",
    "Presence",
    "Sender",
    "State",
    "Status",
]


@frozen
class Sender:
    """Who said a message.

    Attributes:
        id: the sender's as a member; of a token alone, the hash of its `sub`.
        name: what the token calls its owner, None without one.
    """

    id: str
    name: str | None = None


# Such a one is made for each message, and in half the time without slots.
@frozen(slots=False)
class Message:
    """One message of a room.

    Attributes:
        data: what was said: `str` where it is text, `bytes` where it is binary.
        position: where it stands in the room's order.
        time: Unix milliseconds at which the room took it; None from a server that does not tell.
        sender: who said it; None where that is not known.
    """

    data: str | bytes
    position: Position
    time: int | None = None
    sender: Sender | None = None


@frozen
class Member:
    """Somebody who is in the room.

    Attributes:
        id: stands for the member, and tells nothing of it.
        name: from its token, None without one.
        door: the way that it came by.
        since: when it came, as RFC 3339 has it.
    """

    id: str
    name: str | None = None
    door: str = ""
    since: str = ""


@frozen
class Presence:
    """Somebody came or went.

    Attributes:
        action: which of the two.
        member: who.
    """

    action: Literal["join", "leave"]
    member: Member


State: TypeAlias = Literal["connecting", "open", "offline", "closed"]
"""How a client's connection stands: `offline` while it waits to try again."""


@frozen
class Status:
    """How the connection stands now.

    Attributes:
        state: in one word.
        why: what went wrong, where something did.
        retry_in: seconds until it is tried again, where `state` is `offline`.
    """

    state: State
    why: str | None = None
    retry_in: float | None = None


Event: TypeAlias = Message | Presence | Gap | Status
"""What `Room.events()` gives."""

GapPolicy: TypeAlias = Literal["raise", "skip"]
"""What a reader is to do about a gap: raise `Gap`, or go on behind it."""
