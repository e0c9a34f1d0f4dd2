# SPDX-License-Identifier: MIT
"""What is said in the rooms, taken to everybody who is in them: one order for all who hear."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from wsecho.core.limits.backpressure import FlowControlled
from wsecho.core.limits.scheduler import FanoutScheduler, Round
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.hub import Hub
from wsecho.core.rooms.presence import Change
from wsecho.core.rooms.room import Delivery
from wsecho.core.wire.positions import Position
from wsecho.fanout.batch import Batch
from wsecho.fanout.membership import Reading, RoomListener, RoomMember
from wsecho.lane.send_group import SendGroup
from wsecho.lane.transport import LaneTransport

_CHANGES: Final = 64
"""Comings and goings that are told of at a time, where they are many."""

MAX_WAITING: Final = 4
"""Rounds of a room, each of a batch at most, behind which its publishers are not read from."""


class Fanout:
    """Takes what the bus brings to the members, and then to all who listen.

    Delivering may have somebody speak in turn (a WAMP session that ends leaves its testament).
    What is said then waits until the message before has reached everyone.

    Args:
        hub: who is where.
        later: calls something in another turn of the loop.

    Attributes:
        listeners: hear of every room.
    """

    def __init__(self, hub: Hub[RoomMember], later: Callable[[Callable[[], None]], object]) -> None:
        self._hub = hub
        self._scheduler = FanoutScheduler(later, MAX_WAITING)
        self.listeners: list[RoomListener] = []
        # By room, and there by the form that its members are written to in.
        self._groups: dict[str, dict[str, SendGroup[Reading]]] = {}
        # What has yet to go round in a room, and takes along what else is said there.
        self._batches: dict[str, Batch] = {}

    # -- who is sent to together with others

    def join_group(self, reader: Reading, room: str, transport: LaneTransport) -> None:
        """Have a member that takes what it is sent be sent to together with others of its kind."""
        groups = self._groups.setdefault(room, {})
        group = groups.get(reader.form)
        if group is None:
            group = groups[reader.form] = SendGroup()
        group.put(transport, reader)
        self._hub.reclassify(room, reader)

    def left_group(self, reader: Reading, room: str) -> None:
        """Take note that a member has left its group."""
        groups = self._groups[room]
        if not len(groups[reader.form]):
            del groups[reader.form]
            if not groups:
                del self._groups[room]
        self._hub.reclassify(room, reader)

    def count(self) -> None:
        """Have the counts of all who are sent to together say all there is."""
        for groups in self._groups.values():
            for group in groups.values():
                group.count()

    # -- what the bus brings

    def on_publication(self, room: str, delivery: Delivery[RoomMember], origin: Any) -> None:
        """Deliver a message, behind those that are being delivered."""
        groups = list(self._groups[room].values()) if room in self._groups else []
        size = len(delivery.audience) + sum(map(len, groups))
        deliver = self._deliver
        if not self._scheduler.take(room, size, deliver, room, delivery, origin, groups):
            self._take_round(room, delivery, origin, groups)

    def together(self, say: Callable[[], None]) -> None:
        """Have what is said by a call go round once all of it is said, in one send for each."""
        self._scheduler.together(say)

    def check(self, room: str, sender: FlowControlled[Any]) -> None:
        """Hold a sender back that has just spoken in a room, if too much is on its way there."""
        self._scheduler.check(room, sender)

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

    def tell_by_and_by(
        self, room: str, changes: Sequence[Change], tell: Callable[[str, Change], None]
    ) -> None:
        """Tell of many who are seen from now on, or are not any more, leaving the loop to others.

        Args:
            room: the room.
            changes: what happened.
            tell: tells of one; not of somebody who has left meanwhile.
        """

        def round_() -> Round:
            for begin in range(0, len(changes), _CHANGES):
                here = {card.id for card in self._hub.present(room)}
                some = changes[begin : begin + _CHANGES]
                for change in some:
                    if change.action == "leave" or change.card.id in here:
                        tell(room, change)
                yield len(some) * (1 + len(self._hub.watchers(room)))
            return 0

        self._close_batch(room)
        self._scheduler.add(room, round_())

    # -- the rest is our own

    def _deliver(
        self,
        room: str,
        delivery: Delivery[RoomMember],
        origin: Any,
        groups: Sequence[SendGroup[Reading]],
    ) -> None:
        message = _message_of(delivery)
        # First: who is delivered to by itself may end and have others be told, and whoever leaves
        # a group by that is on no list.
        for group in groups:
            group.send(group.first.written(message))
        for member in delivery.audience:
            member.deliver(message)
        self._let_hear(room, message, origin)

    def _tell(
        self,
        room: str,
        tell_member: Callable[[RoomMember], None],
        tell_listener: Callable[[RoomListener], None],
    ) -> None:
        members = self._hub.members(room)

        def round_() -> Round:
            for member in members:
                tell_member(member)
            for listener in self.listeners:
                tell_listener(listener)
            yield from ()
            return len(members)

        self._close_batch(room)
        self._scheduler.add(room, round_())

    def _take_round(
        self,
        room: str,
        delivery: Delivery[RoomMember],
        origin: Any,
        groups: Sequence[SendGroup[Reading]],
    ) -> None:
        message, audience = _message_of(delivery), delivery.audience
        batch = self._batches.get(room)
        if batch is None or not batch.add(message, origin, audience, groups):
            batch = self._batches[room] = Batch(message, origin, audience, groups)
            self._scheduler.add(room, self._roll(room, batch))

    def _roll(self, room: str, batch: Batch) -> Round:
        self._close_batch(room, batch)
        served = yield from batch.roll()
        for message, origin in batch.messages:
            self._let_hear(room, message, origin)
        return served

    def _close_batch(self, room: str, batch: Batch | None = None) -> None:
        """Have what is said now stand behind what goes round next."""
        if batch is None or self._batches.get(room) is batch:
            self._batches.pop(room, None)

    def _let_hear(self, room: str, message: Message, origin: Any) -> None:
        for listener in self.listeners:
            listener.heard(room, message, origin)
        message.forms = None


def _message_of(delivery: Delivery[RoomMember]) -> Message:
    assert delivery.message is not None  # noqa: S101  # repetitions are not delivered
    return delivery.message
