# SPDX-License-Identifier: MIT
"""Sockets that are sent the same octets: many sends in one call, and no object for each."""

from array import array
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import compress
from typing import Any, Generic, Protocol, TypeVar

from wsecho.lane import speedups
from wsecho.lane.writing import WritingTransport


class Fanned(Protocol):
    """Whose connection is in a group."""

    def left_group(self) -> None:
        """Take note that it is in it no more: it is sent to by itself from now on."""

    def was_sent(self, messages: int, octets: int) -> None:
        """Count what was sent to it."""


F = TypeVar("F", bound=Fanned)


class _Snapshot(Generic[F]):
    """Who was in a group at one time; what stands at one place in each belongs together."""

    def __init__(
        self,
        descriptors: "array[int]",
        transports: Iterable[WritingTransport],
        members: Iterable[F],
    ) -> None:
        self.descriptors = descriptors[:]
        self.transports = tuple(transports)
        self.members = tuple(members)

    def __len__(self) -> int:
        return len(self.members)

    @cached_property
    def places(self) -> dict[WritingTransport, int]:
        """Where each stands: seldom asked for, as most stay."""
        return {transport: place for place, transport in enumerate(self.transports)}


class GroupSend(Generic[F]):
    """Frames on their way to everybody who was in a group when they began.

    Made by `SendGroup.begin`.

    Args:
        group: sends.
        snapshot: who was in it.
        frame: the first.
    """

    def __init__(self, group: "SendGroup[F]", snapshot: _Snapshot[F], frame: bytes) -> None:
        self._group = group
        self._snapshot = snapshot
        self._frames = [frame]
        self._messages = 1
        self._octets = len(frame)
        self._sent = 0
        # Places of those who left before it was their turn.
        self._left: set[int] = set()

    def __len__(self) -> int:
        """Count those whose turn is yet to come."""
        return len(self._snapshot) - self._sent

    def is_for(self, group: "SendGroup[F]") -> bool:
        """Tell whether one that a group began now would be for the same connections."""
        return self._group is group and group.snapshot is self._snapshot

    def add(self, frame: bytes) -> None:
        """Take another frame along, before any has gone and while this `is_for` its group."""
        self._frames.append(frame)
        self._messages += 1
        self._octets += len(frame)
        self._group.owe(frame)

    def advance(self, most: int) -> list[F]:
        """Send to some more of them.

        Args:
            most: how many.

        Returns:
            those among them who have left meanwhile, and are to be sent to by themselves.
        """
        if len(self._frames) > 1:
            self._frames = [b"".join(self._frames)]
        [frame] = self._frames
        snapshot, begin = self._snapshot, self._sent
        # First: who leaves because of what is sent now has been sent it.
        end = self._sent = min(begin + most, len(snapshot))
        if not len(self):
            self._group.passed(self)
        descriptors = snapshot.descriptors[begin:end]
        transports: Sequence[WritingTransport] = snapshot.transports[begin:end]
        gone: list[F] = []
        if self._left:
            stay = [place not in self._left for place in range(begin, end)]
            gone = [snapshot.members[place] for place in range(begin, end) if place in self._left]
            descriptors = array("i", compress(descriptors, stay))
            transports = list(compress(transports, stay))
        self._group.send_to(descriptors, transports, frame)
        return gone

    def leave(self, transport: WritingTransport, member: F) -> None:
        """Pass over a connection that leaves the group, and take back what it was counted for."""
        place = self._snapshot.places.get(transport)
        if place is not None and place >= self._sent and place not in self._left:
            self._left.add(place)
            member.was_sent(-self._messages, -self._octets)


class SendGroup(Generic[F]):
    """Connections that take at once what they are sent, in no order.

    One that does not, or is about to end, leaves by itself before anything else is written to it.
    """

    def __init__(self) -> None:
        # What stands at one place in each of these belongs together.
        self._descriptors: array[int] = array("i")
        self._transports: list[WritingTransport] = []
        self._members: list[F] = []
        self._counted: list[int] = []
        self._places: dict[WritingTransport, int] = {}
        # What each member was sent is the difference to when it was last counted.
        self._messages = 0
        self._octets = 0
        self._octets_counted: list[int] = []
        self._passages: list[GroupSend[F]] = []
        # Passages that began while nobody came or went share it.
        self.snapshot: _Snapshot[F] | None = None

    def __len__(self) -> int:
        return len(self._members)

    @property
    def first(self) -> F:
        """Anybody whose connection is in it."""
        return self._members[0]

    def put(self, transport: WritingTransport, member: F) -> None:
        """Take in a connection that is clear."""
        self.snapshot = None
        self._places[transport] = len(self._members)
        self._descriptors.append(transport.fileno())
        self._transports.append(transport)
        self._members.append(member)
        self._counted.append(self._messages)
        self._octets_counted.append(self._octets)
        transport.group = self

    def take_out(self, transport: WritingTransport) -> None:
        """Let a connection go, and whose it is know; the last takes its place."""
        self.snapshot = None
        place = self._places.pop(transport)
        member = self._members[place]
        self._count(place)
        for sending in self._passages:
            sending.leave(transport, member)
        last = len(self._members) - 1
        if place != last:
            self._places[self._transports[last]] = place
        columns: tuple[Any, ...] = (
            self._descriptors,
            self._transports,
            self._members,
            self._counted,
            self._octets_counted,
        )
        for column in columns:
            value = column.pop()
            if place != last:
                column[place] = value
        transport.group = None
        member.left_group()

    def send(self, frame: bytes) -> None:
        """Send octets to everybody in it."""
        self.owe(frame)
        self.send_to(self._descriptors, self._transports, frame)

    def send_to(
        self, descriptors: "array[int]", transports: Sequence[WritingTransport], frame: bytes
    ) -> None:
        """Send octets to some who are in it, and have been counted for them.

        Args:
            descriptors: their sockets.
            transports: the same connections at the same places.
            frame: the octets.
        """
        late = speedups.send_to_all(descriptors, frame)
        # To keep something takes a connection out, which moves others.
        for transport, sent in [(transports[place], sent) for place, sent in late]:
            if sent < 0:
                transport.failed(OSError(-sent, "cannot be sent to"))
            else:
                transport.keep(frame, sent)

    def begin(self, frame: bytes) -> GroupSend[F]:
        """Have octets go to everybody who is in it now, some at a time; they count from now on."""
        self.owe(frame)
        if self.snapshot is None:
            self.snapshot = _Snapshot(self._descriptors, self._transports, self._members)
        sending = GroupSend(self, self.snapshot, frame)
        self._passages.append(sending)
        return sending

    def owe(self, frame: bytes) -> None:
        """Count octets that go to everybody who is in it now."""
        self._messages += 1
        self._octets += len(frame)

    def passed(self, sending: GroupSend[F]) -> None:
        """Take note that a sending has come to its end."""
        self._passages.remove(sending)

    def count(self) -> None:
        """Have everybody's counts say all there is."""
        for place in range(len(self._members)):
            self._count(place)

    def _count(self, place: int) -> None:
        messages = self._messages - self._counted[place]
        if messages:
            octets = self._octets - self._octets_counted[place]
            self._counted[place], self._octets_counted[place] = self._messages, self._octets
            self._members[place].was_sent(messages, octets)
