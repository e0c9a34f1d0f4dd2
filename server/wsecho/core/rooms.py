# SPDX-License-Identifier: MIT
"""Rooms and who is in them."""

from typing import Generic, Protocol, TypeVar

from attrs import define, field


class Member(Protocol):
    """What a room must know of a member: nothing but which messages it wants."""

    @property
    def wants_own(self) -> bool:
        """Whether the member gets back what it sent itself (`?self=0` says no)."""


M = TypeVar("M", bound=Member)


@define(eq=False)
class Room(Generic[M]):
    """One room.

    Attributes:
        name: the room's name, decoded.
        last_used: seconds, on the caller's clock, when it was last joined, left or spoken into.
    """

    name: str
    last_used: float
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


class Hub(Generic[M]):
    """All rooms of this process. Any use makes a room; one unused for long goes.

    Args:
        idle_ttl: seconds that a room stays after its last member, message or join.
    """

    def __init__(self, *, idle_ttl: float) -> None:
        self._idle_ttl = idle_ttl
        self._rooms: dict[str, Room[M]] = {}

    def __len__(self) -> int:
        return len(self._rooms)

    def __contains__(self, name: str) -> bool:
        return name in self._rooms

    def use(self, name: str, now: float) -> Room[M]:
        """Return the room of that name, made where there is none, and note its use."""
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = Room(name, now)
        room.last_used = now
        return room

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

    def publish(self, name: str, sender: M | None, now: float) -> list[M]:
        """Note a message in a room and list who gets it, in the order of joining."""
        return self.use(name, now).audience(sender)

    def sweep(self, now: float) -> int:
        """Drop the rooms that stood empty and unused for `idle_ttl`; return how many."""
        stale = [
            room.name
            for room in self._rooms.values()
            if not len(room) and now - room.last_used >= self._idle_ttl
        ]
        for name in stale:
            del self._rooms[name]
        return len(stale)
