# SPDX-License-Identifier: MIT
"""What rooms ask of those who are in them, and of those who listen to all of them."""

from typing import Any, Protocol

from wsecho.core.rooms.callers import Caller
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.presence import Change
from wsecho.core.wire.positions import Position
from wsecho.lane.transport import LaneTransport


class RoomMember(Protocol):
    """One connection in a room, whatever door it came through."""

    @property
    def door(self) -> str:
        """The door that it came by, as others see it."""

    @property
    def caller(self) -> Caller:
        """Who it is."""

    @property
    def hears(self) -> bool:
        """Whether messages are delivered to it; else it is only there."""

    @property
    def is_present(self) -> bool:
        """Whether others see it; else it only waits for what is said."""

    @property
    def wants_own(self) -> bool:
        """Whether it gets back what it said itself."""

    @property
    def wants_presence(self) -> bool:
        """Whether it is told who comes and goes."""

    def deliver(self, message: Message) -> None:
        """Send it a message of the room."""

    def tell(self, change: Change) -> None:
        """Tell it that somebody came or went."""

    def renew(self, position: Position) -> None:
        """Tell it that the room's epoch has changed; what follows stands behind this."""

    def skip(self, epoch: str, after: int, upto: int) -> None:
        """Tell it that the messages between two offsets are gone."""


class Reading(RoomMember, Protocol):
    """A member that is sent what others of its kind are sent."""

    @property
    def form(self) -> str:
        """Its kind: under this name a message keeps the bytes."""

    @property
    def transport(self) -> LaneTransport | None:
        """Where it is in a group: what it is sent by."""

    def written(self, message: Message) -> bytes:
        """Write a message for its kind."""

    def left_group(self) -> None:
        """Take note that it is sent to by itself from now on."""

    def was_sent(self, messages: int, octets: int) -> None:
        """Count what was sent to it."""


class RoomListener(Protocol):
    """Hears every message and every coming and going of every room, after its members."""

    def heard(self, room: str, message: Message, origin: Any) -> None:
        """Take one message; `origin` is what `Rooms.publish` was given."""

    def changed(self, room: str, change: Change) -> None:
        """Take note that somebody came or went."""

    def renewed(self, room: str, position: Position) -> None:
        """Take note that a room's epoch has changed; what follows stands behind this."""

    def skipped(self, room: str, epoch: str, after: int, upto: int) -> None:
        """Take note that the messages between two offsets are gone."""
