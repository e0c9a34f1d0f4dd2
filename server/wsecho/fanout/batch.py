# SPDX-License-Identifier: MIT
"""Messages that wait to go round a large room, and go round together: one send for all of them."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from wsecho.core.limits.scheduler import SLICE, Round, in_slices, rest_after
from wsecho.core.rooms.history import Message
from wsecho.fanout.membership import Reading, RoomMember
from wsecho.lane.send_group import SendGroup

MAX_MESSAGES: Final = 64
"""Messages that go round together."""

MAX_OCTETS: Final = 1 << 14
"""Octets, of their payloads, after which no more are taken along: a socket takes as many at once,
and nobody else waits much longer than for one message."""


class Batch:
    """Takes some messages to everybody in a room, a slice of the members at a time.

    Args:
        message: the first.
        origin: what `Rooms.publish` was given with it.
        audience: who is delivered to by itself.
        groups: those who are sent to together.
    """

    def __init__(
        self,
        message: Message,
        origin: Any,
        audience: Sequence[RoomMember],
        groups: Sequence[SendGroup[Reading]],
    ) -> None:
        self.messages = [(message, origin)]
        self._audience = audience
        self._octets = len(message.payload)
        # Who comes later is in none of these, and who goes is passed over.
        self._passages = [group.begin(group.first.written(message)) for group in groups]

    def add(
        self,
        message: Message,
        origin: Any,
        audience: Sequence[RoomMember],
        groups: Sequence[SendGroup[Reading]],
    ) -> bool:
        """Take another message along, before any has gone; tell whether it may go with these.

        It may where it goes to the same members, and all of them are sent to together.
        """
        octets = self._octets + len(message.payload)
        is_full = len(self.messages) >= MAX_MESSAGES or octets > MAX_OCTETS
        if is_full or self._audience or audience or len(groups) != len(self._passages):
            return False
        pairs = list(zip(self._passages, groups, strict=True))
        if not all(passage.is_for(group) for passage, group in pairs):
            return False
        self.messages.append((message, origin))
        self._octets = octets
        for passage, group in pairs:
            passage.add(group.first.written(message))
        return True

    def roll(self) -> Round:
        """Go round, and let others have their turn after each slice."""
        served = yield from in_slices(self._audience, self._deliver_to)
        for passage in self._passages:
            while size := min(len(passage), SLICE):
                self._deliver_to(passage.advance(SLICE))
                served = yield from rest_after(served + size)
        return served

    def _deliver_to(self, members: Iterable[RoomMember]) -> None:
        for member in members:
            for message, _ in self.messages:
                member.deliver(message)
