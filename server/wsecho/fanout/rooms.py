# SPDX-License-Identifier: MIT
"""Rooms as every door uses them: who is in them, what is said there, and what they remember."""

import secrets
import time
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Any, Final, TypeAlias

from twisted.internet.interfaces import IReactorTime

from wsecho.bus.interface import Bus, BusListener, EventQueue
from wsecho.bus.memory import MemoryBus
from wsecho.core.limits.backpressure import FlowControlled
from wsecho.core.promise import Later
from wsecho.core.rooms.authors import Author
from wsecho.core.rooms.callers import Caller
from wsecho.core.rooms.history import History
from wsecho.core.rooms.hub import Hub, Joined, Rules
from wsecho.core.rooms.presence import Card, Change
from wsecho.core.rooms.retries import Keyed, Receipt
from wsecho.core.rooms.room import PublishRequest
from wsecho.core.rooms.rules import RoomRules
from wsecho.core.wire.errors import NotAvailable
from wsecho.core.wire.grants import Grants
from wsecho.core.wire.positions import Position
from wsecho.fanout.fanout import Fanout
from wsecho.fanout.membership import RoomMember
from wsecho.fanout.pace import RoomPace
from wsecho.fanout.witness import Witness
from wsecho.server.stats import Stats

# An id must not repeat by chance, nobody has to be kept from guessing it.
_IDS: Final = Random()  # noqa: S311


MakeBus: TypeAlias = Callable[[Hub[Any], BusListener, Callable[[], float]], Bus]
"""Makes a bus for a hub, whatever it brings, and the seconds by which ages are measured."""


class Rooms:
    """The rooms of this process, on a bus that may carry what is said to others.

    Args:
        rules: what rooms keep.
        clock: measures ages, and calls later.
        stats: where readers count what is left out for them.
        make_bus: makes what carries messages between processes.
        time_of_day: the time, Unix seconds, that others are shown.
        room_rules: what holds in each room; None where that is the same in all of them.

    Attributes:
        rules: what holds in each room.
        fanout: takes what is said to everybody in a room.
        pace: holds those to the rooms' rates who have no place there.
    """

    def __init__(
        self,
        rules: Rules,
        clock: IReactorTime,
        stats: Stats,
        make_bus: MakeBus = MemoryBus,
        time_of_day: Callable[[], float] = time.time,
        room_rules: RoomRules | None = None,
    ) -> None:
        self.stats = stats
        self.hub: Hub[RoomMember] = Hub(rules, draw_word, room_rules)
        self.rules = self.hub.room_rules
        self.fanout = Fanout(self.hub, partial(clock.callLater, 0))
        self.bus: Bus = make_bus(self.hub, self.fanout, clock.seconds)
        self._clock = clock
        self._time_of_day = time_of_day
        self.pace = RoomPace(self.rules, clock.seconds, stats.limits)
        self._witness: Witness | None = None
        stats.counters.append(self.fanout.count)

    def seconds(self) -> float:
        """Return the time by which ages are measured: no time of day."""
        return self._clock.seconds()

    def time_of_day(self) -> float:
        """Return the time that others are shown, Unix seconds."""
        return self._time_of_day()

    def open_events(self, listeners: Sequence[str], woken: Callable[[], None]) -> EventQueue:
        """Have what happens wait for those who are told, from now on.

        Args:
            listeners: their names.
            woken: called where there may be something to read and nothing was.
        """
        self._witness = Witness(self.hub, self.rules, woken)
        queue = self._witness.queue = self.bus.open_events(listeners, self._witness)
        return queue

    def attach(self, room: str, after: Position | None = None) -> Later[None]:
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

    def ask_to_join(self, room: str) -> Later[None]:
        """See whether a room may be seen, which `attach` does by itself; nobody is asked here."""
        return None

    def belong_to(self, sender: FlowControlled[Any]) -> None:
        """Take note of whose these rooms are: they are everybody's."""

    def present_as(self, caller: Caller) -> None:
        """Take note of who that is from now on: nobody asks here."""

    def check_flow(self, room: str, sender: FlowControlled[Any]) -> None:
        """Hold a sender back that has just spoken in a room, if too much is on its way.

        Many could else say more than goes round, and all of it would have to be kept; or more than
        Redis takes, and others would wait for it.
        """
        pressure = self.bus.pressure
        if pressure is not None:
            pressure.check(sender)
        self.fanout.check(room, sender)

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
        joined = self.hub.join(room, member, self.seconds(), self._time_of_day())
        if joined.change is not None:
            self.bus.tell(room, joined.change, member)
        if self._witness is not None:
            self._witness.on_join(room, member, joined.change)
        return joined

    def leave(self, room: str, member: RoomMember) -> None:
        """Let a member leave a room; twice is no harm."""
        outcome = self.hub.leave(room, member, self.seconds())
        if isinstance(outcome, Change):
            self.bus.tell(room, outcome)
        elif outcome is not None:
            self._clock.callLater(max(0.0, outcome - self.seconds()), self._settle, room)
        if self._witness is not None:
            self._witness.on_leave(room, member, outcome)

    def read(self, room: str) -> History:
        """Return what a room remembers; reading is a use.

        Raises:
            OverLimit: there are too many rooms.
        """
        return self.hub.read(room, self.seconds())

    def members(self, room: str) -> list[Card]:
        """List who is in a room that is current here, who came first first; asking is a use.

        Raises:
            OverLimit: there are too many rooms.
            NotAvailable: the room keeps no list of them.
        """
        if not self.rules.of(room).has_presence:
            raise NotAvailable(f"the room {room!r} keeps no list of its members: presence is off")
        return self.bus.members(room)

    def check_publisher(self, room: str, grants: Grants) -> None:
        """Let somebody say something in a room who has no place there.

        Raises:
            Forbidden: it is not granted.
        """
        self.rules.of(room).check_publisher(grants, room)

    def publish(
        self,
        room: str,
        payload: bytes,
        *,
        is_binary: bool,
        sender: RoomMember | None = None,
        keyed: Keyed | None = None,
        publication: int | None = None,
        origin: Any = None,
        author: Author | None = None,
    ) -> Later[Receipt]:
        """Say something in a room.

        Args:
            room: its name, checked.
            payload: UTF-8 where it is text.
            is_binary: whether it is binary.
            sender: the member that speaks, where a member does.
            keyed: makes a retry safe.
            publication: the WAMP publication id, where there is one already.
            origin: handed on to the listeners.
            author: who says it, None where nobody is known.

        Raises:
            KeyReusedError: something else was said under the key.
            OverLimit: there are too many rooms, or keys of whoever says it.
            BusUnavailable: it cannot be said now.
        """
        number = publication or draw_publication()
        said = PublishRequest(payload, is_binary, number, keyed, self._time_of_day(), author)
        return self.bus.publish(room, said, sender, origin)

    def publish_to_all(
        self,
        rooms: list[str],
        payload: bytes,
        *,
        is_binary: bool,
        keyed: Keyed | None,
        author: Author | None = None,
    ) -> Later[dict[str, Receipt]]:
        """Say the same in many rooms: in all, or in none.

        Raises:
            KeyReusedError: something else was said under the key in one of them.
            OverLimit: there are too many rooms, or keys of whoever says it.
            TooLarge: it is too much for so many rooms.
            BusUnavailable: it cannot be said now; the result may be that too, or `BusTimeout` where
                it is not known in which of them it was said.
        """
        time = self._time_of_day()
        said = {
            room: PublishRequest(payload, is_binary, draw_publication(), keyed, time, author)
            for room in rooms
        }
        return self.bus.publish_to_all(said)

    def refresh(self) -> None:
        """Have all rooms go by the rules in force now, which are others."""
        for room, changes in self.hub.refresh().items():
            if self._witness is not None:
                self._witness.on_switch(room, changes)
            self.fanout.tell_by_and_by(room, changes, self.bus.tell)
        if self._witness is not None:
            self._witness.queue.renew()

    def sweep(self) -> None:
        """Let go of what is too old."""
        self.hub.sweep(self.seconds())

    def _settle(self, room: str) -> None:
        for change in self.hub.settle(room, self.seconds()):
            self.bus.tell(room, change)
            if self._witness is not None:
                self._witness.on_change(room, change)


def draw_word() -> str:
    """Draw a random word that nobody can guess: an epoch, or a member's id."""
    return secrets.token_urlsafe(9)


def draw_publication() -> int:
    """Draw a WAMP id of global scope: 1 to 2**53, at random (WAMP, "IDs")."""
    return _IDS.getrandbits(53) + 1
