# SPDX-License-Identifier: MIT
"""The doors, as the bus speaks to them: what fails there keeps nothing from the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen
from twisted.logger import Logger

if TYPE_CHECKING:
    from wsecho.bus.interface import BusListener
    from wsecho.core.rooms.presence import Change
    from wsecho.core.rooms.room import Delivery
    from wsecho.core.wire.positions import Position

_log = Logger()


def _note_failure() -> None:
    _log.failure("a door failed to take what came")


@frozen
class GuardedListener:
    """A `BusListener` whose faults are logged: the boundary between the bus and the doors.

    Args:
        listener: what may fail.
    """

    _listener: BusListener

    def on_publication(self, room: str, delivery: Delivery[Any], origin: Any) -> None:
        """Give a message to its audience."""
        try:
            self._listener.on_publication(room, delivery, origin)
        except Exception:  # noqa: BLE001  # the boundary
            _note_failure()

    def renew(self, room: str, position: Position) -> None:
        """Tell a room's members that its epoch has changed."""
        try:
            self._listener.renew(room, position)
        except Exception:  # noqa: BLE001  # the boundary
            _note_failure()

    def skip(self, room: str, epoch: str, after: int, upto: int) -> None:
        """Tell a room's members that the messages between two offsets are gone."""
        try:
            self._listener.skip(room, epoch, after, upto)
        except Exception:  # noqa: BLE001  # the boundary
            _note_failure()

    def announce(self, room: str, change: Change, but: Any = None) -> None:
        """Tell a room's members, but for one, that somebody came or went."""
        try:
            self._listener.announce(room, change, but)
        except Exception:  # noqa: BLE001  # the boundary
            _note_failure()
