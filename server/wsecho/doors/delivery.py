# SPDX-License-Identifier: MIT
"""What is said in the rooms, taken to everybody who is in them: one order for all who hear."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from wsecho.core.history import Message
from wsecho.core.hub import Hub
from wsecho.core.positions import Position
from wsecho.core.presence import Change
from wsecho.core.rooms import Delivery
from wsecho.doors.membership import Listener, Reading, RoomMember
from wsecho.doors.rounds import SLICE, Round, Rounds
from wsecho.doors.wave import Wave
from wsecho.lane.fan import Fan
from wsecho.lane.transport import LaneTransport

MOST_WAITING: Final = 4
"""Rounds of a room, each of no more than a wave, behind which its publishers are not read from."""


class Deliveries:
    """Takes what the bus brings to the members, and then to all who listen.

    Delivering may have somebody speak in turn (a WAMP session that ends leaves its testament).
    What is said then waits until the message before has reached everyone.

    Args:
        hub: who is where.
        rounds: what is on its way.

    Attributes:
        listeners: hear of every room.
    """

    def __init__(self, hub: Hub[RoomMember], rounds: Rounds) -> None:
        self._hub = hub
        self._rounds = rounds
        self.listeners: list[Listener] = []
        # By room, and there by the form that its members are written to in.
        self._fans: dict[str, dict[str, Fan[Reading]]] = {}
        # What has yet to go round in a room, and takes along what else is said there.
        self._waves: dict[str, Wave] = {}
        # By room: who is to speak again once less is on its way there.
        self._held: dict[str, list[Callable[[], None]]] = {}

    # -- who is sent to together with others

    def join_fan(self, reader: Reading, room: str, transport: LaneTransport) -> None:
        """Have a member that takes what it is sent be sent to together with others of its kind."""
        fans = self._fans.setdefault(room, {})
        fan = fans.get(reader.form)
        if fan is None:
            fan = fans[reader.form] = Fan()
        fan.put(transport, reader)
        self._hub.sort(room, reader)

    def left_fan(self, reader: Reading, room: str) -> None:
        """Take note that a member has left its fan."""
        fans = self._fans[room]
        if not len(fans[reader.form]):
            del fans[reader.form]
            if not fans:
                del self._fans[room]
        self._hub.sort(room, reader)

    def count(self) -> None:
        """Have the counts of all who are sent to together say all there is."""
        for fans in self._fans.values():
            for fan in fans.values():
                fan.count()

    # -- what the bus brings

    def hear(self, room: str, delivery: Delivery[RoomMember], origin: Any) -> None:
        """Deliver a message, behind those that are being delivered."""
        fans = list(self._fans[room].values()) if room in self._fans else []
        size = len(delivery.audience) + sum(map(len, fans))
        if size <= SLICE and self._rounds.is_quiet(room):
            self._rounds.go(lambda: self._deliver(room, delivery, origin, fans))
        else:
            self._take_round(room, delivery, origin, fans)

    def together(self, say: Callable[[], None]) -> None:
        """Have what is said by a call go round once all of it is said, in one send for each."""
        self._rounds.go(say)

    def is_behind(self, room: str) -> bool:
        """Tell whether so much is on its way in a room that no more should be said just now."""
        return self._rounds.waiting(room) > MOST_WAITING

    def when_relieved(self, room: str, call: Callable[[], None]) -> None:
        """Call something once less is on its way in a room that is behind."""
        self._held.setdefault(room, []).append(call)

    def renew(self, room: str, position: Position) -> None:
        """Tell everybody in a room that its epoch has changed, behind what is on its way."""
        self._tell(
            room,
            lambda member: member.renew(position),
            lambda listener: listener.renewed(room, position),
        )

    def skip(self, room: str, epoch: str, after: int, upto: int) -> None:
        """Tell everybody in a room that messages are gone, behind those that are on their way."""
        self._tell(
            room,
            lambda member: member.skip(epoch, after, upto),
            lambda listener: listener.skipped(room, epoch, after, upto),
        )

    def announce(self, room: str, change: Change, but: RoomMember | None = None) -> None:
        """Tell those who watch a room that somebody came or went."""
        for member in self._hub.watchers(room):
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
        # First: who is delivered to by itself may end and have others be told, and whoever leaves
        # a fan by that is on no list.
        for fan in fans:
            fan.send(fan.first.written(message))
        for member in delivery.audience:
            member.deliver(message)
        self._let_hear(room, message, origin)

    def _tell(
        self,
        room: str,
        tell_member: Callable[[RoomMember], None],
        tell_listener: Callable[[Listener], None],
    ) -> None:
        members = self._hub.members(room)

        def round_() -> Round:
            try:
                for member in members:
                    tell_member(member)
                for listener in self.listeners:
                    tell_listener(listener)
                yield from ()
            finally:
                self._relieve(room)
            return len(members)

        self._close_wave(room)
        self._rounds.add(room, round_())

    def _take_round(
        self,
        room: str,
        delivery: Delivery[RoomMember],
        origin: Any,
        fans: Sequence[Fan[Reading]],
    ) -> None:
        message, audience = _message_of(delivery), delivery.audience
        wave = self._waves.get(room)
        if wave is None or not wave.add(message, origin, audience, fans):
            wave = self._waves[room] = Wave(message, origin, audience, fans)
            self._rounds.add(room, self._roll(room, wave))

    def _roll(self, room: str, wave: Wave) -> Round:
        self._close_wave(room, wave)
        try:
            served = yield from wave.roll()
            for message, origin in wave.messages:
                self._let_hear(room, message, origin)
        finally:
            self._relieve(room)
        return served

    def _relieve(self, room: str) -> None:
        # The round that ends is counted yet.
        if self._held and self._rounds.waiting(room) <= MOST_WAITING // 2 + 1:
            for call in self._held.pop(room, ()):
                call()

    def _close_wave(self, room: str, wave: Wave | None = None) -> None:
        """Have what is said now stand behind what goes round next."""
        if wave is None or self._waves.get(room) is wave:
            self._waves.pop(room, None)

    def _let_hear(self, room: str, message: Message, origin: Any) -> None:
        for listener in self.listeners:
            listener.heard(room, message, origin)
        message.forms = None


def _message_of(delivery: Delivery[RoomMember]) -> Message:
    assert delivery.message is not None  # noqa: S101  # repetitions are not delivered
    return delivery.message
