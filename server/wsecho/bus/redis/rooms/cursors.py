# SPDX-License-Identifier: MIT
"""How far rooms were seen here that are not followed any more, and where new ones begin."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import Final

from attrs import define, field

from wsecho.core.rooms.log_follower import Cursor
from wsecho.core.rooms.rules import RoomRules

_EPOCH_BYTES: Final = 9

MAX_SEEN: Final = 50_000
"""Rooms that are not followed any more, but whose last message is remembered."""


def _draw() -> str:
    return secrets.token_urlsafe(_EPOCH_BYTES)


@define(eq=False)
class Cursors:
    """What each script about a room is told of what this node knows.

    Args:
        rules: how long each room lasts after its last use.
    """

    _rules: RoomRules
    _seen: OrderedDict[str, Cursor] = field(factory=OrderedDict, init=False)
    # Where a new epoch has to begin, it is this one; another after each time that it may have been
    # used in the room.
    _fresh: str = field(factory=_draw, init=False)

    def get(self, room: str) -> Cursor:
        """Return how far a room was seen."""
        return self._seen.get(room, Cursor())

    def remember(self, room: str, seen: Cursor) -> None:
        """Note how far a room was seen that is not followed; never less far than before."""
        if not seen.epoch:
            return
        self.draw_after(seen.epoch)
        known = self._seen.pop(room, seen)
        is_further = known.epoch == seen.epoch and known.offset > seen.offset
        self._seen[room] = known if is_further else seen
        if len(self._seen) > MAX_SEEN:
            self._seen.popitem(last=False)

    @property
    def fresh(self) -> str:
        """The epoch of a room that begins now."""
        return self._fresh

    def lasting(self, room: str) -> str:
        """Write the milliseconds that a room lasts after its last use."""
        return str(max(1, int(self._rules.of(room).history_ttl * 1000)))

    def stand(self, room: str, seen: Cursor) -> list[bytes | str]:
        """Write what each script about a room begins with."""
        return [self._fresh, seen.epoch, str(seen.offset), self.lasting(room)]

    def draw(self) -> None:
        """Draw another epoch for rooms that begin."""
        self._fresh = _draw()

    def draw_after(self, epoch: str) -> None:
        """Draw another, where a room may have begun with this one."""
        if epoch == self._fresh:
            self.draw()
