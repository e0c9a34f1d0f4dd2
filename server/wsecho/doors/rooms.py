# SPDX-License-Identifier: MIT
"""Rooms as every door uses them: one order for all who hear, and all who watch are told."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import Random
from typing import Any, Final, Protocol, TypeAlias, TypeVar

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
from wsecho.doors.rounds import SLICE, Rounds
from wsecho.doors.stats import Stats
from wsecho.lane.fan import Fan
from wsecho.lane.transport import LaneTransport

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


class Reading(RoomMember, Protocol):
    """A member that is sent what others of its kind are sent."""

    @property
    def form(self) -> str:
        """Its kind: under this name a message keeps the bytes."""

    @property
    def tap(self) -> LaneTransport | None:
        """Where it is in a fan: what it is sent by."""

    def written(self, message: Message) -> bytes:
        """Write a message for its kind."""

    def left_fan(self) -> None:
        """Take note that it is sent to by itself from now on."""

    def was_sent(self, messages: int, octets: int) -> None:
        """Count what was sent to it."""


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


R = TypeVar("R", bound=RoomMember)

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
        self._rounds = Rounds(clock)
        self._fans: dict[str, dict[str, Fan[Reading]]] = {}
        stats.counters.append(self._count)

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

    def fan(self, reader: Reading, room: str, transport: LaneTransport) -> None:
        """Have a member that takes what it is sent be sent to together with others of its kind."""
        fans = self._fans.setdefault(room, {})
        fan = fans.get(reader.form)
        if fan is None:
            fan = fans[reader.form] = Fan()
        fan.put(transport, reader)
        self.hub.sort(room, reader)

    def unfanned(self, reader: Reading, room: str) -> None:
        """Take note that a member has left its fan."""
        fans = self._fans[room]
        if not len(fans[reader.form]):
            del fans[reader.form]
            if not fans:
                del self._fans[room]
        self.hub.sort(room, reader)

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
        fans = list(self._fans[room].values()) if room in self._fans else []
        size = len(delivery.audience) + sum(map(len, fans))
        if size <= SLICE and self._rounds.is_quiet(room):
            self._rounds.go(lambda: self._deliver(room, delivery, origin, fans))
        else:
            # Who comes or goes before its turn is on no list, or is passed over.
            fanned = [(fan, fan.members()) for fan in fans]
            self._rounds.add(room, self._deliver_by_and_by(room, delivery, origin, fanned))

    def renew(self, room: str, position: Position) -> None:
        """Tell everybody in a room that its epoch has changed, behind what is on its way."""

        def round_() -> Iterator[None]:
            for member in members:
                member.renew(position)
            for listener in self.listeners:
                listener.renewed(room, position)
            yield from ()

        members = self.hub.members(room)
        self._rounds.add(room, round_())

    def skip(self, room: str, epoch: str, after: int, upto: int) -> None:
        """Tell everybody in a room that messages are gone, behind those that are on their way."""

        def round_() -> Iterator[None]:
            for member in members:
                member.skip(epoch, after, upto)
            for listener in self.listeners:
                listener.skipped(room, epoch, after, upto)
            yield from ()

        members = self.hub.members(room)
        self._rounds.add(room, round_())

    def announce(self, room: str, change: Change, but: RoomMember | None = None) -> None:
        """Tell those who watch a room that somebody came or went."""
        for member in self.hub.watchers(room):
            if member is not but:
                member.tell(change)
        for listener in self.listeners:
            listener.changed(room, change)

    # -- the rest is our own

    def _deliver(
        self,
        room: str,
        delivery: Delivery[RoomMember],
        origin: Any,
        fans: Sequence[Fan[Reading]],
    ) -> None:
        message = _message_of(delivery)
        for member in delivery.audience:
            member.deliver(message)
        for fan in fans:
            if len(fan):
                fan.send(fan.first.written(message))
        self._let_hear(room, message, origin)

    def _deliver_by_and_by(
        self,
        room: str,
        delivery: Delivery[RoomMember],
        origin: Any,
        fans: Sequence[tuple[Fan[Reading], list[Reading]]],
    ) -> Iterator[None]:
        message = _message_of(delivery)
        for members in _slices(delivery.audience):
            for member in members:
                member.deliver(message)
            if len(members) == SLICE:
                yield
        for fan, fanned in fans:
            for readers in _slices(fanned):
                _deliver_to(readers, message, fan)
                if len(readers) == SLICE:
                    yield
        self._let_hear(room, message, origin)

    def _let_hear(self, room: str, message: Message, origin: Any) -> None:
        for listener in self.listeners:
            listener.heard(room, message, origin)
        message.forms = None

    def _count(self) -> None:
        for fans in self._fans.values():
            for fan in fans.values():
                fan.count()

    def _settle(self, room: str) -> None:
        for change in self.hub.settle(room, self.seconds()):
            self.bus.tell(room, change)


def _deliver_to(members: Sequence[Reading], message: Message, fan: Fan[Reading]) -> None:
    """Deliver to members who were in a fan when the message came."""
    together = [member.tap for member in members if member.tap is not None]
    alone = [member for member in members if member.tap is None]
    if together:
        fan.send_to(together, fan.first.written(message))
    for member in alone:
        member.deliver(message)


def _slices(members: Sequence[R]) -> Iterator[Sequence[R]]:
    return (members[begin : begin + SLICE] for begin in range(0, len(members), SLICE))


def _message_of(delivery: Delivery[RoomMember]) -> Message:
    assert delivery.message is not None  # noqa: S101  # repetitions are not delivered
    return delivery.message


def draw_word() -> str:
    """Draw a random word that nobody can guess: an epoch, or a member's id."""
    return secrets.token_urlsafe(9)


def draw_publication() -> int:
    """Draw a WAMP id of global scope: 1 to 2**53, at random (WAMP, "IDs")."""
    return _IDS.randint(1, 1 << 53)
