# SPDX-License-Identifier: MIT
"""The events of a server that is one process: they wait in memory, and go with it."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Final

from wsecho.core.events.event_log import EventLog
from wsecho.core.events.occupancy import Occupancy
from wsecho.core.events.texts import message_event, occupied_event, presence_event, vacated_event

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wsecho.bus.interface import EventSource
    from wsecho.core.events.batches import EventsRead
    from wsecho.core.rooms.history import Message
    from wsecho.core.rooms.presence import Action, Card


class MemoryEvents:
    """The `EventQueue` of one process, which leads always.

    Args:
        listeners: the names of those who are told.
        source: what is asked of this process.
        now: seconds, by which waits are measured.
        time_of_day: the time, Unix seconds.
    """

    outlives: Final = False

    def __init__(
        self,
        listeners: Sequence[str],
        source: EventSource,
        now: Callable[[], float],
        time_of_day: Callable[[], float] = time.time,
    ) -> None:
        self._source = source
        self._now = now
        self._time_of_day = time_of_day
        # A later run's events sort behind those of this one.
        self._log = EventLog(f"{self._milliseconds():013d}-{secrets.token_hex(3)}", listeners)
        self._occupancy = Occupancy()

    def enter(self, room: str, card: Card) -> None:
        """Note that somebody is in a room."""
        is_new = self._occupancy.enter(room, card.id)
        told = self._source.tells(room)
        if is_new and "occupied" in told:
            self._append(occupied_event(room))
        self._tell_change(room, "join", card, told)

    def leave(self, room: str, card: Card) -> None:
        """Note that somebody is in a room no more."""
        self._occupancy.leave(room, card.id, self._now())
        self._tell_change(room, "leave", card, self._source.tells(room))

    def on_message(self, room: str, message: Message) -> None:
        """Take note of what was said."""
        if "message" in self._source.tells(room):
            self._append(message_event(room, message))

    def sweep(self, *, closes: bool = False) -> None:
        """Find which rooms are vacated."""
        for room in self._occupancy.vacate(float("inf") if closes else self._now()):
            if "vacated" in self._source.tells(room):
                self._append(vacated_event(room))

    def renew(self) -> None:
        """All is known, whatever is told of it."""

    def lead(self, lost: Callable[[], None]) -> None:
        """There is nobody else."""

    def cede(self) -> None:
        """There is nobody else."""

    def read(self, listener: str) -> EventsRead:
        """Read what waits for a listener."""
        return self._log.read(listener, self._milliseconds())

    def take(self, listener: str, last: int, *, is_told: bool) -> None:
        """Note that a listener has taken all up to a number, or will not be told it any more."""
        (self._log.take if is_told else self._log.give_up)(listener, last)

    def _tell_change(self, room: str, action: Action, card: Card, told: frozenset[str]) -> None:
        if card.id and action in told:
            self._append(presence_event(room, action, card))

    def _append(self, text: str) -> None:
        self._log.append(text, self._milliseconds())
        self._source.woken()

    def _milliseconds(self) -> int:
        return int(self._time_of_day() * 1000)
