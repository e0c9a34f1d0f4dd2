# SPDX-License-Identifier: MIT
"""Sockets that are sent the same octets: many sends in one call, and no object for each."""

from array import array
from collections.abc import Sequence
from typing import Any, Generic, Protocol, TypeVar

from wsecho.lane import wire
from wsecho.lane.transport import LaneTransport


class Fanned(Protocol):
    """Whose connection is in a fan."""

    def left_fan(self) -> None:
        """Take note that it is in it no more: it is sent to by itself from now on."""

    def was_sent(self, messages: int, octets: int) -> None:
        """Count what was sent to it."""


F = TypeVar("F", bound=Fanned)


class Fan(Generic[F]):
    """Connections that take at once what they are sent, in no order.

    One that does not, or is about to end, leaves by itself before anything else is written to it.
    """

    def __init__(self) -> None:
        # What stands at one place in each of these belongs together.
        self._descriptors: array[int] = array("i")
        self._transports: list[LaneTransport] = []
        self._members: list[F] = []
        self._counted: list[int] = []
        self._places: dict[LaneTransport, int] = {}
        # What each member was sent is the difference to when it was last counted.
        self._messages = 0
        self._octets = 0
        self._octets_counted: list[int] = []

    def __len__(self) -> int:
        return len(self._members)

    @property
    def first(self) -> F:
        """Anybody whose connection is in it."""
        return self._members[0]

    def members(self) -> list[F]:
        """List whose connections are in it."""
        return list(self._members)

    def put(self, transport: LaneTransport, member: F) -> None:
        """Take in a connection that is clear."""
        self._places[transport] = len(self._members)
        self._descriptors.append(transport.fileno())
        self._transports.append(transport)
        self._members.append(member)
        self._counted.append(self._messages)
        self._octets_counted.append(self._octets)
        transport.fan = self

    def take_out(self, transport: LaneTransport) -> None:
        """Let a connection go, and whose it is know; the last takes its place."""
        place = self._places.pop(transport)
        self._count(place)
        member = self._members[place]
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
        transport.fan = None
        member.left_fan()

    def send(self, frame: bytes) -> None:
        """Send octets to everybody in it."""
        self._messages += 1
        self._octets += len(frame)
        self._send(self._descriptors, self._transports, frame)

    def send_to(self, transports: Sequence[LaneTransport], frame: bytes) -> None:
        """Send octets to some who are in it."""
        descriptors = array("i", [transport.fileno() for transport in transports])
        for transport in transports:
            self._members[self._places[transport]].was_sent(1, len(frame))
        self._send(descriptors, transports, frame)

    def count(self) -> None:
        """Have everybody's counts say all there is."""
        for place in range(len(self._members)):
            self._count(place)

    def _send(
        self, descriptors: "array[int]", transports: Sequence[LaneTransport], frame: bytes
    ) -> None:
        late = wire.send_to_all(descriptors, frame)
        # To keep something takes a connection out, which moves others.
        for transport, sent in [(transports[place], sent) for place, sent in late]:
            if sent < 0:
                transport.failed(OSError(-sent, "cannot be sent to"))
            else:
                transport.keep(frame, sent)

    def _count(self, place: int) -> None:
        messages = self._messages - self._counted[place]
        if messages:
            octets = self._octets - self._octets_counted[place]
            self._counted[place], self._octets_counted[place] = self._messages, self._octets
            self._members[place].was_sent(messages, octets)
