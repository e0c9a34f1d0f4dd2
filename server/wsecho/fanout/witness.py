# SPDX-License-Identifier: MIT
"""Who comes and goes in the rooms of this process, for those who are told of it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from wsecho.core.events.texts import OF_PRESENCE
from wsecho.core.rooms.presence import Card, Change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from wsecho.bus.interface import EventQueue
    from wsecho.core.rooms.hub import Hub
    from wsecho.core.rooms.rules import RoomRules
    from wsecho.fanout.membership import RoomMember

_ALL: Final = Card("", None, "", 0.0)
"""Stands for all who are in a room where nobody is seen."""


class Witness:
    """The `EventSource` of this process.

    Args:
        hub: who is where.
        rules: what is told of which room.
        woken: called where there may be something to read and nothing was.

    Attributes:
        queue: where what happens waits; set once it is open.
    """

    queue: EventQueue

    def __init__(self, hub: Hub[RoomMember], rules: RoomRules, woken: Callable[[], None]) -> None:
        self._hub = hub
        self._rules = rules
        self.woken = woken
        # By room, where presence is off: whoever would be seen if it were not.
        self._unseen: defaultdict[str, set[RoomMember]] = defaultdict(set)

    def tells(self, room: str) -> frozenset[str]:
        """Return which events of a room are told."""
        return self._rules.of(room).tell

    def inside(self) -> Iterator[tuple[str, Card]]:
        """List who is in a room here of which comings and goings are told."""
        for room in self._hub.rooms():
            if self.tells(room.name) & OF_PRESENCE:
                for card in room.presence:
                    yield room.name, card
                if room.name in self._unseen:
                    yield room.name, _ALL

    def on_join(self, room: str, member: RoomMember, change: Change | None) -> None:
        """Take note that a connection has come, and of what others are told of it."""
        if change is not None:
            self.on_change(room, change)
        elif member.is_present and not self._rules.of(room).has_presence:
            unseen = self._unseen[room]
            unseen.add(member)
            if len(unseen) == 1:
                self.queue.enter(room, _ALL)

    def on_leave(self, room: str, member: RoomMember, outcome: Change | float | None) -> None:
        """Take note that a connection has gone, and of what others are told of it."""
        if isinstance(outcome, Change):
            self.on_change(room, outcome)
        elif room in self._unseen:
            self._unseen[room].discard(member)
            if not self._unseen[room]:
                del self._unseen[room]
                self.queue.leave(room, _ALL)

    def on_switch(self, room: str, changes: Iterable[Change]) -> None:
        """Take note that presence is on or off in a room from now on, which vacates nothing."""
        if self._rules.of(room).has_presence:
            for change in changes:
                self.on_change(room, change)
            if self._unseen.pop(room, None) is not None:
                self.queue.leave(room, _ALL)
            return
        unseen = {member for member in self._hub.members(room) if member.is_present}
        if unseen:
            self._unseen[room] = unseen
            self.queue.enter(room, _ALL)
        for change in changes:
            self.on_change(room, change)

    def on_change(self, room: str, change: Change) -> None:
        """Take note that a member came or went."""
        (self.queue.enter if change.action == "join" else self.queue.leave)(room, change.card)
