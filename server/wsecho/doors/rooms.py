# SPDX-License-Identifier: MIT
"""Rooms as every door uses them: one order for all who hear, and all who watch are told."""

import secrets
from collections import deque
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any, Final, Protocol, TypeAlias

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from wsecho.bus.interface import Bus, Ear
from wsecho.bus.later import Later, gather, when
from wsecho.bus.memory import MemoryBus
from wsecho.core.callers import Caller
from wsecho.core.history import History, Message
from wsecho.core.hub import Hub, Joined, Rules
from wsecho.core.positions import Position
from wsecho.core.presence import Card, Change
from wsecho.core.retries import Receipt
from wsecho.core.rooms import Delivery, Said
from wsecho.doors.stats import Stats

# An id must not repeat by chance, nobody has to be kept from guessing it.
_IDS: Final = Random()  # noqa: S311


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


class Listener(Protocol):
    """Hears every message and every coming and going of every room, after its members."""

    def heard(self, room: str, message: Message, origin: Any) -> None:
        """Take one message; `origin` is what `Rooms.publish` was given."""

    def changed(self, room: str, change: Change) -> None:
        """Take note that somebody came or went."""

    def renewed(self, room: str, position: Position) -> None:
        """Take note that a room's epoch has changed; what follows stands behind this."""

    def skipped(self, room: str, epoch: str, after: int, upto: int) -> None:
        """Take note that the messages between two offsets are gone."""


MakeBus: TypeAlias = Callable[[Hub[Any], Ear, Callable[[], float]], Bus]
"""Makes a bus for a hub, whatever it brings, and the time."""


class Rooms:
    """The rooms, with their deliveries in order.

    Delivering may have somebody speak in turn (a WAMP session that ends leaves its testament).
    What is said then waits until the message before has reached everyone.

    Args:
        rules: what rooms keep.
        clock: the time, Unix seconds, and calls at a later one.
        stats: where readers count what is left out for them.
        make_bus: makes what carries messages between processes.
    """

    def __init__(
        self,
        rules: Rules,
        clock: IReactorTime,
        stats: Stats,
        make_bus: MakeBus = MemoryBus,
    ) -> None:
        self.stats = stats
        self.hub: Hub[RoomMember] = Hub(rules, draw_word)
        self.bus: Bus = make_bus(self.hub, self, clock.seconds)
        self.listeners: list[Listener] = []
        self._clock = clock
        self._waiting: deque[tuple[str, Delivery[RoomMember], Any]] = deque()
        self._delivering = False

    def seconds(self) -> float:
        """Return the time."""
        return self._clock.seconds()

    def attach(self, room: str, after: Position | None = None) -> Deferred[None] | None:
        """Make a room current here, as one must before it is joined or read.

        Args:
            room: its name, checked.
            after: a place that somebody wants to go on from.

        Returns:
            None where there is nothing to wait for.

        Raises:
            OverLimit: there are too many rooms.
            BusUnavailable: it cannot be had now.
        """
        return self.bus.attach(room, after)

    def check(self, room: str) -> None:
        """See to it that a room takes one more member.

        Raises:
            OverLimit: it is full, or there are too many rooms.
        """
        self.hub.check(room, self.seconds())

    def join(self, room: str, member: RoomMember) -> Joined[RoomMember]:
        """Take a member into a room, and tell those who watch.

        Raises:
            OverLimit: the room is full, or there are too many rooms.
        """
        joined = self.hub.join(room, member, self.seconds())
        if joined.change is not None:
            self.bus.tell(room, joined.change, member)
        return joined

    def leave(self, room: str, member: RoomMember) -> None:
        """Let a member leave a room; twice is no harm."""
        outcome = self.hub.leave(room, member, self.seconds())
        if isinstance(outcome, Change):
            self.bus.tell(room, outcome)
        elif outcome is not None:
            self._clock.callLater(max(0.0, outcome - self.seconds()), self._settle, room)

    def read(self, room: str) -> History:
        """Return what a room remembers; reading is a use.

        Raises:
            OverLimit: there are too many rooms.
        """
        return self.hub.read(room, self.seconds())

    def members(self, room: str) -> Later[list[Card]]:
        """List who is in a room, who came first first; asking is a use.

        Raises:
            OverLimit: there are too many rooms.
            BusUnavailable: it cannot be known now.
        """
        return self.bus.members(room)

    def publish(
        self,
        room: str,
        payload: bytes,
        *,
        is_binary: bool,
        sender: RoomMember | None = None,
        key: str | None = None,
        caller: str = "",
        publication: int | None = None,
        origin: Any = None,
    ) -> Later[Receipt]:
        """Say something in a room.

        Args:
            room: its name, checked.
            payload: UTF-8 where it is text.
            is_binary: whether it is binary.
            sender: the member that speaks, where a member does.
            key: makes a retry safe.
            caller: whose key it is.
            publication: the WAMP publication id, where there is one already.
            origin: handed on to the listeners.

        Raises:
            KeyReusedError: something else was said under the key.
            OverLimit: there are too many rooms.
            BusUnavailable: it cannot be said now.
        """
        said = Said(payload, is_binary, publication or draw_publication(), key, caller)
        return self.bus.publish(room, said, sender, origin)

    def publish_to_all(
        self, rooms: list[str], payload: bytes, *, is_binary: bool, key: str | None, caller: str
    ) -> Later[dict[str, Receipt]]:
        """Say the same in many rooms: in all, or in none where that can be known beforehand.

        Raises:
            KeyReusedError: something else was said under the key in one of them.
            OverLimit: there are too many rooms.
            BusUnavailable: it cannot be said now.
        """
        say = partial(self.publish, payload=payload, is_binary=is_binary, key=key, caller=caller)
        checked = self.bus.check_keys(rooms, Said(payload, is_binary, 0, key, caller))
        return when(checked, lambda _: gather({room: say(room) for room in rooms}))

    def sweep(self) -> None:
        """Let go of what is too old."""
        self.hub.sweep(self.seconds())

    # -- what the bus brings

    def hear(self, room: str, delivery: Delivery[RoomMember], origin: Any) -> None:
        """Deliver a message, behind those that are being delivered."""
        self._waiting.append((room, delivery, origin))
        self._deliver()

    def renew(self, room: str, position: Position) -> None:
        """Tell everybody in a room that its epoch has changed."""
        for member in self.hub.members(room):
            member.renew(position)
        for listener in self.listeners:
            listener.renewed(room, position)

    def skip(self, room: str, epoch: str, after: int, upto: int) -> None:
        """Tell everybody in a room that messages are gone."""
        for member in self.hub.members(room):
            member.skip(epoch, after, upto)
        for listener in self.listeners:
            listener.skipped(room, epoch, after, upto)

    def announce(self, room: str, change: Change, but: RoomMember | None = None) -> None:
        """Tell those who watch a room that somebody came or went."""
        for member in self.hub.watchers(room):
            if member is not but:
                member.tell(change)
        for listener in self.listeners:
            listener.changed(room, change)

    # -- the rest is our own

    def _deliver(self) -> None:
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._waiting:
                room, delivery, origin = self._waiting.popleft()
                message = delivery.message
                assert message is not None  # noqa: S101  # only such ones wait
                for member in delivery.audience:
                    member.deliver(message)
                for listener in self.listeners:
                    listener.heard(room, message, origin)
                message.forms = None
        finally:
            self._delivering = False

    def _settle(self, room: str) -> None:
        for change in self.hub.settle(room, self.seconds()):
            self.bus.tell(room, change)


def draw_word() -> str:
    """Draw a random word that nobody can guess: an epoch, or a member's id."""
    return secrets.token_urlsafe(9)


def draw_publication() -> int:
    """Draw a WAMP id of global scope: 1 to 2**53, at random (WAMP, "IDs")."""
    return _IDS.randint(1, 1 << 53)
