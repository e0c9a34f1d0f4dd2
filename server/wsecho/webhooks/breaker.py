# SPDX-License-Identifier: MIT
"""A circuit breaker: an application that does not answer is left alone for a while.

==========  =====================================  ===========================================
state       a question                             goes on to
==========  =====================================  ===========================================
`CLOSED`    is asked                               `OPEN` at the fifth failure in a row
`OPEN`      is not asked, until its time is over   `TRYING` with the first question after that
`TRYING`    is not asked: one is under way         `CLOSED` if that succeeds, else `OPEN`,
                                                   for twice as long
==========  =====================================  ===========================================

What was asked before it opened, and ends later, says nothing of how it is now.
"""

from collections.abc import Callable
from enum import Enum
from typing import Final

from attrs import define, field

MAX_FAILURES: Final = 5
"""In a row, that open it."""

FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 30.0
"""Seconds that it stays open, at first and at most."""


class BreakerState(Enum):
    """What becomes of a question."""

    CLOSED = "it is asked"
    TRYING = "another one tries"
    OPEN = "it is not asked"


@define(eq=False)
class Breaker:
    """Lets questions through, or not.

    Args:
        now: seconds, by a clock that nobody sets.

    Attributes:
        state: what becomes of a question now.
        opened: how often it opened.
    """

    _now: Callable[[], float]
    state: BreakerState = field(default=BreakerState.CLOSED, init=False)
    opened: int = field(default=0, init=False)
    _failures: int = field(default=0, init=False)
    _wait: float = field(default=FIRST_WAIT, init=False)
    _until: float = field(default=0.0, init=False)
    _round: int = field(default=0, init=False)

    @property
    def is_closed(self) -> bool:
        """Whether questions are asked as they come."""
        return self.state is BreakerState.CLOSED

    @property
    def lets_through(self) -> bool:
        """Whether a question would be asked now."""
        return self.is_closed or (self.state is BreakerState.OPEN and self.seconds_left == 0)

    @property
    def seconds_left(self) -> float:
        """Seconds until one question tries again, 0 where one may now or is under way."""
        return max(0.0, self._until - self._now()) if self.state is BreakerState.OPEN else 0.0

    def begin(self) -> int:
        """Note that a question is asked, where it lets one through; return what to end it by."""
        if self.state is BreakerState.OPEN:
            self.state = BreakerState.TRYING
        return self._round

    def succeed(self, begun: int) -> None:
        """Note that it was answered."""
        if begun == self._round:
            self.state = BreakerState.CLOSED
            self._failures = 0
            self._wait = FIRST_WAIT

    def fail(self, begun: int) -> None:
        """Note that it was not."""
        if begun != self._round:
            return
        self._failures += 1
        if self.state is BreakerState.TRYING or self._failures >= MAX_FAILURES:
            self._open()

    def leave(self, begun: int) -> None:
        """Note that nobody waited for its end: another one may try in its place."""
        if begun == self._round and self.state is BreakerState.TRYING:
            self.state = BreakerState.OPEN

    def _open(self) -> None:
        self.state = BreakerState.OPEN
        self.opened += 1
        self._round += 1
        self._until = self._now() + self._wait
        self._wait = min(2 * self._wait, LONGEST_WAIT)
