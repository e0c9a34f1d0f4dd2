# SPDX-License-Identifier: MIT
"""Messages on their way round: each room's in their order, a large room's a slice at a time."""

from collections import deque
from collections.abc import Callable, Generator
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime

SLICE: Final = 1024
"""Members that are sent to before others of the reactor have their turn."""

_LEAST: Final = 16
"""What a round takes at least, as so many members: no room's is free."""

Round = Generator[int, None, int]
"""Takes something to everybody in a room. It stops after each slice but the last, and says each
time how many members that was."""


class FanoutScheduler:
    """What is on its way in each room.

    Sending may have somebody speak in turn (a WAMP session that ends leaves its testament). What
    is said then waits until the message before has reached everyone.

    Args:
        clock: goes on later.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        # Each room's rounds in their order. The rooms take turns, the first is next.
        self._rooms: dict[str, deque[Round]] = {}
        self._is_going = False
        self._later: IDelayedCall | None = None

    def is_quiet(self, room: str) -> bool:
        """Tell whether what is said in a room now can be taken to everybody at once."""
        return not self._is_going and room not in self._rooms

    def waiting(self, room: str) -> int:
        """Count a room's rounds that are under way or wait."""
        return len(self._rooms.get(room, ()))

    def go(self, short: Callable[[], None]) -> None:
        """Make a round of no more than a slice, of a room that is quiet; or let much be said.

        What is said meanwhile goes round when it is over.
        """
        before, self._is_going = self._is_going, True
        try:
            short()
        finally:
            self._is_going = before
            if not before:
                self._go_on()

    def add(self, room: str, one: Round) -> None:
        """Make a round behind the room's others."""
        self._rooms.setdefault(room, deque()).append(one)
        if not self._is_going:
            self._go_on()

    def _go_on(self) -> None:
        if self._rooms and self._later is None:
            self._take_turns()

    def _take_turns(self) -> None:
        self._later = None
        self._is_going = True
        left = SLICE
        try:
            while self._rooms and left > 0:
                left -= max(self._take_turn(), _LEAST)
        finally:
            self._is_going = False
            if self._rooms:
                self._later = self._clock.callLater(0, self._take_turns)

    def _take_turn(self) -> int:
        """Go on in the room whose turn it is; tell for how many members."""
        room, scheduler = next(iter(self._rooms.items()))
        try:
            served = next(scheduler[0])
        except StopIteration as end:
            scheduler.popleft()
            if not scheduler:
                del self._rooms[room]
            # One that failed before ends without saying anything.
            return end.value or 0
        # To the end of the line.
        self._rooms[room] = self._rooms.pop(room)
        return served
