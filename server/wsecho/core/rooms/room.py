# SPDX-License-Identifier: MIT
"""One room: who is in it, what was said, and where each message stands."""

from typing import Generic, Protocol, TypeVar

from attrs import define, field

from wsecho.core.rooms.authors import Author
from wsecho.core.rooms.history import History, Message
from wsecho.core.rooms.presence import Attendee, Presence
from wsecho.core.rooms.retries import Keyed, Receipt
from wsecho.core.rooms.rules import RoomRule
from wsecho.core.wire.positions import Position


class Member(Attendee, Protocol):
    """What a room must know of a member."""

    @property
    def wants_own(self) -> bool:
        """Whether the member gets back what it sent itself (`?self=0` says no)."""

    @property
    def hears(self) -> bool:
        """Whether messages are delivered to it; else it is only there."""

    @property
    def wants_presence(self) -> bool:
        """Whether it is told who comes and goes."""


M = TypeVar("M", bound=Member)


# Frozen objects take three times as long to make; each message makes these.
@define
class PublishRequest:
    """What somebody wants to say in a room.

    Attributes:
        payload: UTF-8 where it is text.
        is_binary: whether it is binary.
        publication: the WAMP publication id that it gets.
        keyed: makes a retry safe, where a key is given.
        time: Unix seconds when it was said, to be shown; None where ages are measured in these.
        author: who says it, None where nobody is known.
    """

    payload: bytes
    is_binary: bool
    publication: int
    keyed: Keyed | None = None
    time: float | None = None
    author: Author | None = None


@define
class Delivery(Generic[M]):
    """What became of something said.

    Attributes:
        receipt: for the publisher.
        message: what the audience gets; None where it was a repetition.
        audience: who gets it, in the order of joining.
    """

    receipt: Receipt
    message: Message | None
    audience: list[M]


@define(eq=False)
class Room(Generic[M]):
    """One room.

    Attributes:
        name: the room's name, decoded.
        last_used: seconds, when it was last joined, left, read or spoken into.
        history: what was said.
        presence: who is here, as others see it.
        rule: what holds here.
    """

    name: str
    last_used: float
    history: History
    presence: Presence
    rule: RoomRule = field(factory=RoomRule)
    # Dicts keep the order of joining, so that a fan-out is the same at each run.
    _hearing: dict[M, None] = field(factory=dict, init=False)
    _attending: dict[M, None] = field(factory=dict, init=False)
    _watching: dict[M, None] = field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._hearing) + len(self._attending)

    def __contains__(self, member: M) -> bool:
        return member in self._hearing or member in self._attending

    @property
    def position(self) -> Position:
        """Where the room stands."""
        return self.history.position

    def members(self) -> list[M]:
        """List the connections that are here."""
        return [*self._hearing, *self._attending]

    def watchers(self) -> list[M]:
        """List who is told of comings and goings."""
        return list(self._watching)

    def add(self, member: M) -> None:
        """Take a member in."""
        if member.wants_presence:
            self._watching[member] = None
        (self._hearing if member.hears else self._attending)[member] = None

    def reclassify(self, member: M) -> None:
        """Note that a member who is here has begun, or ceased, to be delivered to."""
        self._hearing.pop(member, None)
        self._attending.pop(member, None)
        (self._hearing if member.hears else self._attending)[member] = None

    def discard(self, member: M) -> None:
        """Let a member go, if it is here."""
        self._hearing.pop(member, None)
        self._attending.pop(member, None)
        self._watching.pop(member, None)

    def audience(self, sender: M | None) -> list[M]:
        """List who gets what `sender` says: a snapshot, so that members may go meanwhile."""
        if sender is None or sender.wants_own:
            return list(self._hearing)
        return [member for member in self._hearing if member is not sender]

    def take(self, message: Message, sender: M | None, now: float, age: float = 0.0) -> Delivery[M]:
        """Take a message in that has its place already, the next one, and its age in seconds."""
        self.history.append(message, now - age)
        self.history.expire(now)
        receipt = Receipt(message.position, message.publication)
        return Delivery(receipt, message, self.audience(sender))

    def publish(self, said: PublishRequest, sender: M | None, now: float) -> Delivery[M]:
        """Give what is said its place, and take it in."""
        time = now if said.time is None else said.time
        message = Message(
            self.history.next_position(),
            said.payload,
            said.is_binary,
            time,
            said.publication,
            said.author,
        )
        return self.take(message, sender, now)
