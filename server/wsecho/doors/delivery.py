# SPDX-License-Identifier: MIT
"""What is said in the rooms, taken to everybody who is in them: one order for all who hear."""

from collections.abc import Generator, Sequence
from typing import Any

from wsecho.core.history import Message
from wsecho.core.hub import Hub
from wsecho.core.positions import Position
from wsecho.core.presence import Change
from wsecho.core.rooms import Delivery
from wsecho.doors.membership import Listener, Reading, RoomMember
from wsecho.doors.rounds import SLICE, Round, Rounds
from wsecho.lane.fan import Fan, Passage
from wsecho.lane.transport import LaneTransport


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
            message = _message_of(delivery)
            # Who comes before its turn is on no list, and who goes is passed over.
            passages = [fan.begin(fan.first.written(message)) for fan in fans]
            self._rounds.add(room, self._deliver_by_and_by(room, delivery, origin, passages))

    def renew(self, room: str, position: Position) -> None:
        """Tell everybody in a room that its epoch has changed, behind what is on its way."""

        def round_() -> Round:
            for member in members:
                member.renew(position)
            for listener in self.listeners:
                listener.renewed(room, position)
            yield from ()
            return len(members)

        members = self._hub.members(room)
        self._rounds.add(room, round_())

    def skip(self, room: str, epoch: str, after: int, upto: int) -> None:
        """Tell everybody in a room that messages are gone, behind those that are on their way."""

        def round_() -> Round:
            for member in members:
                member.skip(epoch, after, upto)
            for listener in self.listeners:
                listener.skipped(room, epoch, after, upto)
            yield from ()
            return len(members)

        members = self._hub.members(room)
        self._rounds.add(room, round_())

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

    def _deliver_by_and_by(
        self,
        room: str,
        delivery: Delivery[RoomMember],
        origin: Any,
        passages: Sequence[Passage[Reading]],
    ) -> Round:
        message, audience = _message_of(delivery), delivery.audience
        served = 0
        for begin in range(0, len(audience), SLICE):
            some = audience[begin : begin + SLICE]
            for member in some:
                member.deliver(message)
            served = yield from _rest_after(served + len(some))
        for passage in passages:
            while size := min(len(passage), SLICE):
                for reader in passage.advance(SLICE):
                    reader.deliver(message)
                served = yield from _rest_after(served + size)
        self._let_hear(room, message, origin)
        return served

    def _let_hear(self, room: str, message: Message, origin: Any) -> None:
        for listener in self.listeners:
            listener.heard(room, message, origin)
        message.forms = None


def _rest_after(served: int) -> Generator[int, None, int]:
    """Let others have their turn once a slice is served; return what was served since."""
    if served < SLICE:
        return served
    yield served
    return 0


def _message_of(delivery: Delivery[RoomMember]) -> Message:
    assert delivery.message is not None  # noqa: S101  # repetitions are not delivered
    return delivery.message
