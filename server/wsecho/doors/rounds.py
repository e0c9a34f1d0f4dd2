# SPDX-License-Identifier: MIT
"""Messages on their way round: each room's in their order, a large room's a slice at a time."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime

SLICE: Final = 1024
"""Members that are sent to before others of the reactor have their turn."""

_AT_ONCE: Final = 64
"""Short rounds that are made before that."""

Round = Iterator[None]
"""Takes something to everybody in a room; it stops after each slice."""


class Rounds:
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

    def go(self, short: Callable[[], None]) -> None:
        """Make a round of no more than a slice, of a room that is quiet."""
        self._is_going = True
        try:
            short()
        finally:
            self._is_going = False
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
        try:
            for _ in range(_AT_ONCE):
                if not self._rooms or not self._take_turn():
                    return
        finally:
            self._is_going = False
            if self._rooms:
                self._later = self._clock.callLater(0, self._take_turns)

    def _take_turn(self) -> bool:
        """Go on in the room whose turn it is; tell whether that was a short one."""
        room, rounds = next(iter(self._rooms.items()))
        for _ in rounds[0]:
            # To the end of the line.
            self._rooms[room] = self._rooms.pop(room)
            return False
        rounds.popleft()
        if not rounds:
            del self._rooms[room]
        return True
