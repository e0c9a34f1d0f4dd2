# SPDX-License-Identifier: MIT
"""Rooms: who is in them, what was said, and where each message stands."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from attrs import define, field, frozen

from wsecho.core.history import History, Message
from wsecho.core.positions import Position
from wsecho.core.retries import Receipt, Retries


class Member(Protocol):
    """What a room must know of a member: nothing but which messages it wants."""

    @property
    def wants_own(self) -> bool:
        """Whether the member gets back what it sent itself (`?self=0` says no)."""


M = TypeVar("M", bound=Member)


@frozen
class Rules:
    """What a hub keeps, and for how long.

    Attributes:
        history: messages that a room remembers at most.
        history_ttl: seconds that a message, and an unused room, are kept.
    """

    history: int = 1000
    history_ttl: float = 600.0


@frozen
class Said:
    """What somebody wants to say in a room.

    Attributes:
        payload: UTF-8 where it is text.
        is_binary: whether it is binary.
        publication: the WAMP publication id that it gets.
        key: makes a retry safe, where one is given.
        caller: whose key it is.
    """

    payload: bytes
    is_binary: bool
    publication: int
    key: str | None = None
    caller: str = ""


@frozen
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
    """

    name: str
    last_used: float
    history: History
    _retries: Retries = field(factory=Retries, init=False)
    # A dict keeps the order of joining, so that a fan-out is the same at each run.
    _members: dict[M, None] = field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, member: M) -> bool:
        return member in self._members

    def add(self, member: M) -> None:
        """Take a member in."""
        self._members[member] = None

    def discard(self, member: M) -> None:
        """Let a member go, if it is here."""
        self._members.pop(member, None)

    def audience(self, sender: M | None) -> list[M]:
        """List who gets what `sender` says: a snapshot, so that members may go meanwhile."""
        if sender is None or sender.wants_own:
            return list(self._members)
        return [member for member in self._members if member is not sender]

    def publish(self, said: Said, sender: M | None, now: float) -> Delivery[M]:
        """Take a message in, unless it came before under its key.

        Raises:
            KeyReusedError: something else was said under the key.
        """
        if said.key is not None:
            receipt = self._retries.find(
                said.caller, said.key, said.payload, is_binary=said.is_binary, now=now
            )
            if receipt is not None:
                return Delivery(receipt, None, [])
        message = self._append(said, now)
        receipt = Receipt(message.position, message.publication)
        if said.key is not None:
            self._retries.remember(
                said.caller, said.key, said.payload, receipt, is_binary=said.is_binary, now=now
            )
        return Delivery(receipt, message, self.audience(sender))

    def _append(self, said: Said, now: float) -> Message:
        message = Message(
            self.history.next_position(), said.payload, said.is_binary, now, said.publication
        )
        self.history.append(message)
        self.history.expire(now)
        return message


class Hub(Generic[M]):
    """All rooms of this process. Any use makes a room; one unused for long goes.

    Args:
        rules: what is kept.
        draw_epoch: makes a fresh random word of `A-Z a-z 0-9 _ -` for each new room.
    """

    def __init__(self, rules: Rules, draw_epoch: Callable[[], str]) -> None:
        self._rules = rules
        self._draw_epoch = draw_epoch
        self._rooms: dict[str, Room[M]] = {}

    def __len__(self) -> int:
        return len(self._rooms)

    def __contains__(self, name: str) -> bool:
        return name in self._rooms

    def names(self) -> list[str]:
        """List the rooms that there are."""
        return list(self._rooms)

    def use(self, name: str, now: float) -> Room[M]:
        """Return the room of that name, made where there is none, and note its use."""
        room = self._rooms.get(name)
        if room is None:
            rules = self._rules
            history = History(self._draw_epoch(), rules.history, rules.history_ttl)
            room = self._rooms[name] = Room(name, now, history)
        room.last_used = now
        return room

    def read(self, name: str, now: float) -> History:
        """Return what a room remembers at this time; reading is a use."""
        history = self.use(name, now).history
        history.expire(now)
        return history

    def position(self, name: str, now: float) -> Position:
        """Return where a room stands; asking is a use."""
        return self.use(name, now).history.position

    def join(self, name: str, member: M, now: float) -> Room[M]:
        """Take a member into a room and return the room."""
        room = self.use(name, now)
        room.add(member)
        return room

    def leave(self, name: str, member: M, now: float) -> None:
        """Let a member leave; one that is not there, or a room that is gone, is no error."""
        room = self._rooms.get(name)
        if room is not None and member in room:
            room.discard(member)
            room.last_used = now

    def publish(self, name: str, said: Said, sender: M | None, now: float) -> Delivery[M]:
        """Take a message into a room and list who gets it.

        Raises:
            KeyReusedError: something else was said under its key.
        """
        return self.use(name, now).publish(said, sender, now)

    def sweep(self, now: float) -> int:
        """Drop the rooms that stood empty and unused for their time; return how many."""
        for room in self._rooms.values():
            room.history.expire(now)
        stale = [
            room.name
            for room in self._rooms.values()
            if not len(room) and now - room.last_used >= self._rules.history_ttl
        ]
        for name in stale:
            del self._rooms[name]
        return len(stale)
