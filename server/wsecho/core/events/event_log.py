# SPDX-License-Identifier: MIT
"""The events that wait in this process, in order and bounded; each listener has its own place."""

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Final

from attrs import define, field

from wsecho.core.events.batches import MAX_EVENTS, EventsRead, WaitingEvent

MAX_WAITING: Final = 10_000
"""Events that wait at most."""

MAX_WAITING_BYTES: Final = 64 << 20
"""Bytes that those that wait take at most, by `event_cost`."""

_COST: Final = 100


def event_cost(text: str) -> int:
    """Bytes that an event is counted for while it waits."""
    return len(text) + _COST


@define
class _Place:
    taken: int = 0
    given_up: int = 0


@define(eq=False)
class EventLog:
    """The log.

    Args:
        run: begins the ids of its events; no other log has it, and later ones sort behind.
        listeners: who has a place in it, from its beginning on.
        most: events that wait at most; the oldest go.
        most_bytes: bytes that those that wait take at most, by `event_cost`.
    """

    run: str
    _listeners: Iterable[str]
    _most: int = MAX_WAITING
    _most_bytes: int = MAX_WAITING_BYTES
    last: int = field(default=0, init=False)
    _entries: deque[WaitingEvent] = field(factory=deque, init=False)
    _size: int = field(default=0, init=False)
    _places: dict[str, _Place] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._places = {listener: _Place() for listener in self._listeners}

    def append(self, text: str, time: int) -> None:
        """Have an event wait; the oldest go where they are too many."""
        self.last += 1
        self._entries.append(WaitingEvent(self.last, time, text))
        self._size += event_cost(text)
        while len(self._entries) > 1 and (
            len(self._entries) > self._most or self._size > self._most_bytes
        ):
            self._forget()

    def read(self, listener: str, time: int) -> EventsRead:
        """Read what waits for a listener, enough for a batch."""
        place = self._places[listener]
        first = self.last - len(self._entries) + 1
        gone = max(place.taken, place.given_up, first - 1)
        begin = gone + 1 - first
        entries = tuple(islice(self._entries, begin, begin + MAX_EVENTS))
        return EventsRead(self.run, place.taken, gone, time, entries, self.last)

    def take(self, listener: str, last: int) -> None:
        """Note that a listener has taken all up to a number."""
        place = self._places[listener]
        place.taken = max(place.taken, last)
        self._let_go()

    def give_up(self, listener: str, last: int) -> None:
        """Tell a listener all up to a number as missed, and no more of it."""
        place = self._places[listener]
        place.given_up = max(place.given_up, last)
        self._let_go()

    def waiting(self, listener: str) -> int:
        """Count what a listener has yet to take, what it has missed included."""
        return self.last - self._places[listener].taken

    def _let_go(self) -> None:
        needed = min(max(place.taken, place.given_up) for place in self._places.values())
        while self._entries and self._entries[0].number <= needed:
            self._forget()

    def _forget(self) -> None:
        self._size -= event_cost(self._entries.popleft().text)
