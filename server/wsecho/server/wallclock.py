# SPDX-License-Identifier: MIT
"""The time of day: for what is shown, signed, or given in a token, and for nothing else.

Somebody may set it at any moment, in either direction. So no duration is measured by it: the
reactor's clock does that (`steady.py`).
"""

import time
from collections.abc import Callable
from typing import Final

from attrs import define, field, frozen
from twisted.internet.interfaces import IDelayedCall, IReactorTime

LOOK: Final = 30.0
"""Seconds after which an alarm looks again: the clock may have been set."""


@frozen
class WallClock:
    """The time of day, and calls at one.

    Args:
        clock: waits.

    Attributes:
        now: the time, Unix seconds.
    """

    _clock: IReactorTime
    now: Callable[[], float] = time.time

    def call_at(self, moment: float, call: Callable[[], object]) -> "Alarm":
        """Call something once it is so late, whoever sets the clock meanwhile.

        Args:
            moment: Unix seconds; in the past for at once, though not before this returns.
            call: is called once.
        """
        alarm = Alarm(self._clock, self.now, moment, call)
        alarm.wait()
        return alarm


@define(eq=False)
class Alarm:
    """A call at a time of day. Made by `WallClock.call_at`."""

    _clock: IReactorTime
    _now: Callable[[], float]
    _moment: float
    _call: Callable[[], object]
    _next: IDelayedCall | None = field(default=None, init=False)

    def wait(self) -> None:
        """Wait for the time, or for the next look."""
        left = min(max(0.0, self._moment - self._now()), LOOK)
        self._next = self._clock.callLater(left, self._look)

    def active(self) -> bool:
        """Tell whether it is still to be called."""
        return self._next is not None

    def cancel(self) -> None:
        """Do not call; after it was, this does no harm."""
        waiting, self._next = self._next, None
        if waiting is not None:
            waiting.cancel()

    def _look(self) -> None:
        self._next = None
        if self._now() < self._moment:
            self.wait()
        else:
            self._call()
