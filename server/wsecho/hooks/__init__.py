# SPDX-License-Identifier: MIT
"""What an application beside the server is asked and told by: its interface, and nothing else.

An application imports this module only, and this module imports neither Twisted nor Autobahn. What
asks it stands in the files beside this one; they know no door, no room and no bus.

What a question is answered by, beside returning::

    Exception
    ├── Forbidden      no: `forbidden`, or `over_limit`
    ├── Drop           the message is acknowledged, and said to nobody (publishing only)
    └── Unavailable    it cannot be answered now: `unavailable`, which passes
"""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

from attrs import field, frozen

from wsecho.core.wire.positions import Position

__all__ = [
    "Answer",
    "App",
    "Door",
    "Drop",
    "Event",
    "EventKind",
    "Forbidden",
    "Member",
    "Message",
    "Position",
    "Sender",
    "Server",
    "Unavailable",
    "Visit",
]

Door: TypeAlias = Literal["raw", "v1", "sse", "wamp", "longpoll", "http"]
"""The way in: a WebSocket without and with `wsecho.v1`, an event stream, a session of WAMP; and the
single requests, a long-poll and any other one."""

EventKind: TypeAlias = Literal["occupied", "vacated", "join", "leave", "message", "missed"]
"""What happened: see `Event`."""


@frozen
class Visit:
    """Who is asked about: one connection, or one single request.

    Attributes:
        id: stands for the connection as long as it lasts; a single request has one of its own.
        address: the client's address, behind a trusted proxy the one that this gives.
        origin: of the page that asks, None without one.
        headers: those of `--ask-header` that the handshake or the request had, by their names in
            small letters; several of one name are joined by `, `.
        path: where it came in, percent-encoded as it was sent, without the query.
        door: the way in.
        sub: the subject of its token, or of the claims that `connecting` returned; None without.
        name: its name for people, from the same.
        claims: the token's claims, or those that `connecting` returned; empty without.
    """

    id: str
    address: str
    origin: str | None = None
    headers: Mapping[str, str] = field(factory=dict)
    path: str = ""
    door: Door = "http"
    sub: str | None = None
    name: str | None = None
    claims: Mapping[str, Any] = field(factory=dict)


# Such a one is made for each message, and in half the time without slots.
@frozen(slots=False)
class Message:
    """What somebody wants to say in a room.

    Attributes:
        data: `str` where it is text, `bytes` where it is binary.
        key: its idempotency key, None without one.
    """

    data: str | bytes
    key: str | None = None


@frozen
class Sender:
    """Who said a message.

    Attributes:
        id: the sender's as a member; of a token alone, the hash of its `sub`.
        name: its name for people, None without one.
    """

    id: str
    name: str | None = None


@frozen
class Member:
    """Somebody who is in a room.

    Attributes:
        id: stands for the member, and tells nothing of it.
        name: its name for people, None without one.
        door: the way that it came by.
        since: when it came, as RFC 3339 has it.
    """

    id: str
    name: str | None = None
    door: str = ""
    since: str = ""


@frozen
class Event:
    """Something that happened in a room, for `App.happened`.

    It comes at least once: one that comes again has the same `id`.

    Attributes:
        id: stands for the event.
        time: Unix milliseconds when it happened.
        event: what: somebody came into an empty room (`occupied`), nobody is there for two
            seconds (`vacated`), a member came or went (`join`, `leave`), something was said
            (`message`), events before this one are lost (`missed`).
        room: where; None for `missed`, which is of all rooms.
        member: who, of `join` and `leave`.
        position: where it stands in the room's order, of `message`.
        sender: who said it, of `message`; None where that is not known.
        data: what was said, of `message`: `str` where it is text, `bytes` where it is binary.
        count: how many, of `missed`.
    """

    id: str
    time: int
    event: EventKind
    room: str | None = None
    member: Member | None = None
    position: Position | None = None
    sender: Sender | None = None
    data: str | bytes | None = None
    count: int | None = None


class Forbidden(Exception):  # the word for it
    """The answer is no.

    Args:
        reason: one sentence, which the client is told.
        code: `over_limit` where it would be yes if there were fewer.
    """

    def __init__(
        self,
        reason: str = "the application does not allow it",
        code: Literal["forbidden", "over_limit"] = "forbidden",
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class Drop(Exception):  # the word for it
    """The message is acknowledged as if it were said, and said to nobody."""


class Unavailable(Exception):  # the word for it
    """There is no answer now, and there may be one later.

    Args:
        reason: one sentence, which the client is told.
        retry_after: seconds after which it may ask again.
    """

    def __init__(
        self, reason: str = "the application does not answer", retry_after: float = 1.0
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class Server(Protocol):
    """What an application does with the server that asks it: `self.server`.

    What is said by it is asked of no application, and needs no grant.
    """

    def publish(self, room: str, data: str | bytes, key: str | None = None) -> Awaitable[Position]:
        """Say something in a room: `str` as text, `bytes` as binary.

        Args:
            room: its name.
            data: what is said.
            key: makes a retry safe: said twice with the same key within 5 minutes, it is one
                message; 1 to 255 visible ASCII characters.

        Returns:
            its position.

        Raises:
            ValueError: the room's name, the data or the key is none that can be.
            Unavailable: it was not said, or it is unknown whether it was.
        """

    def members(self, room: str) -> Awaitable[Sequence[Member]]:
        """Return who is in a room, who came first first.

        Raises:
            ValueError: the room's name is none that can be.
            Unavailable: it cannot be known now.
        """


T = TypeVar("T")
Answer: TypeAlias = Awaitable[T] | T
"""An answer at once, or by a coroutine or a Deferred."""


class App(Protocol):
    """An application beside the server: any of these methods, plain, `async` or with a Deferred.

    What it has not is not asked. It need not be made of this class; where it is, what it does not
    define itself counts as not there. `server` is set before the first call.

    Each may raise `Forbidden` or `Unavailable` where it is asked; whatever else it raises is a
    fault that is logged, and told to the client as `internal`. It has `--ask-timeout` to answer.
    """

    server: Server

    def connecting(self, visit: Visit) -> Answer[Mapping[str, Any] | None]:
        """Let a connection be: a WebSocket, an event stream, or a WAMP session that has begun.

        It is not asked of a single request.

        Returns:
            None, or claims as a token's, without `exp` if it may last: then the application says
            who that is and what it may do, instead of any token.
        """

    def joining(self, visit: Visit, room: str) -> Answer[None]:
        """Let somebody see a room: what is said there, what was said, or who is there."""

    def publishing(self, visit: Visit, room: str, message: Message) -> Answer[str | bytes | None]:
        """Let something be said in a room; it may raise `Drop`, too.

        Returns:
            None to say it as it is, or other data in its place.
        """

    def happened(self, events: Sequence[Event]) -> Answer[None]:
        """Take 1 to 100 events, in their order; where it raises, the same ones come again."""
