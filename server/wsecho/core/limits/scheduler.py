# SPDX-License-Identifier: MIT
"""What goes to many, on its way: in order within its queue, a slice of the loop's time at a time.

A queue is a room, or a realm. What goes to everybody there is a *round*, and rounds of one queue
never pass one another. The queues take turns, and all of them together leave the loop to others
after each slice. Who says more than goes round is held back.
"""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any, Final, TypeVar, TypeVarTuple

from wsecho.core.limits.backpressure import Backpressure, FlowControlled

SLICE: Final = 1024
"""Members that are sent to before others of the loop have their turn."""

_LEAST: Final = 16
"""What a round takes at least, as so many members: none is free."""

Round = Generator[int, None, int]
"""Takes something to everybody of a queue. It stops after each slice but the last, and says each
time how many members that was."""

M = TypeVar("M")
P = TypeVarTuple("P")


class FanoutScheduler:
    """The rounds that are on their way, by queue.

    Sending may have somebody speak in turn (a WAMP session that ends leaves its testament). What
    is said then waits until the round before has reached everyone.

    Args:
        later: calls something in another turn of the loop.
        bound: rounds of a queue behind which its senders are held back.
    """

    def __init__(self, later: Callable[[Callable[[], None]], object], bound: int) -> None:
        self._call_later = later
        self._bound = bound
        # Each queue's rounds in their order. The queues take turns, the first is next.
        self._queues: dict[str, deque[Round]] = {}
        # Where senders are held back.
        self._pressures: dict[str, Backpressure] = {}
        self._is_going = False
        self._is_due = False

    def take(self, queue: str, size: int, send: Callable[[*P], None], *args: *P) -> bool:
        """Send to so many members at once, if nothing is before that; whether it was sent.

        What is said meanwhile goes round when it is over.
        """
        if self._is_going or size > SLICE or queue in self._queues:
            return False
        self._is_going = True
        try:
            send(*args)
        finally:
            self._is_going = False
            if self._queues:
                self._go_on()
        return True

    def together(self, say: Callable[[], None]) -> None:
        """Let much be said, and have it go round when all of it is."""
        before, self._is_going = self._is_going, True
        try:
            say()
        finally:
            self._is_going = before
            if self._queues and not before:
                self._go_on()

    def add(self, queue: str, one: Round) -> None:
        """Make a round behind the queue's others."""
        self._queues.setdefault(queue, deque()).append(one)
        if not self._is_going:
            self._go_on()

    def check(self, queue: str, sender: FlowControlled[Any]) -> None:
        """Hold a sender back that has just said something, if too much goes round already."""
        rounds = self._queues.get(queue)
        if rounds is not None and len(rounds) > self._bound:
            pressure = self._pressures.get(queue)
            if pressure is None:
                level = partial(self._waiting, queue)
                pressure = self._pressures[queue] = Backpressure(level, self._bound)
            pressure.check(sender)

    def _waiting(self, queue: str) -> int:
        return len(self._queues.get(queue, ()))

    def _go_on(self) -> None:
        if not self._is_due:
            self._take_turns()

    def _take_turns(self) -> None:
        self._is_due = False
        self._is_going = True
        left = SLICE
        try:
            while self._queues and left > 0:
                left -= max(self._take_turn(), _LEAST)
        finally:
            self._is_going = False
            if self._queues:
                self._is_due = True
                self._call_later(self._take_turns)

    def _take_turn(self) -> int:
        """Go on in the queue whose turn it is; tell for how many members."""
        queue, rounds = next(iter(self._queues.items()))
        try:
            served = next(rounds[0])
        except StopIteration as end:
            rounds.popleft()
            if not rounds:
                del self._queues[queue]
            self._relieve(queue)
            # One that failed before ends without saying anything.
            return end.value or 0
        # To the end of the line.
        self._queues[queue] = self._queues.pop(queue)
        return served

    def _relieve(self, queue: str) -> None:
        pressure = self._pressures.get(queue)
        if pressure is not None:
            pressure.relieve()
            if not pressure:
                del self._pressures[queue]


def in_slices(members: Sequence[M], serve: Callable[[Sequence[M]], None]) -> Round:
    """Make a round that serves members a slice at a time."""
    served = 0
    for begin in range(0, len(members), SLICE):
        some = members[begin : begin + SLICE]
        serve(some)
        served = yield from rest_after(served + len(some))
    return served


def rest_after(served: int) -> Round:
    """Let others have their turn once a slice is served; return what was served since."""
    if served < SLICE:
        return served
    yield served
    return 0
