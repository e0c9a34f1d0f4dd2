# SPDX-License-Identifier: MIT
"""How late the event loop is: whatever blocks it delays everybody's messages."""

from typing import Final

from twisted.application.service import Service
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from wsecho.server.stats import Stats

INTERVAL: Final = 1.0
"""Seconds between two measurements."""


class LoopLag(Service):
    """Measures, as long as it runs, by how much a timer comes too late.

    Args:
        clock: the event loop's.
        stats: where it is noted.
    """

    def __init__(self, clock: IReactorTime, stats: Stats) -> None:
        self._clock = clock
        self._stats = stats
        self._next: IDelayedCall | None = None
        self._due = 0.0

    def startService(self) -> None:
        """Begin to measure."""
        super().startService()
        self._set()

    def stopService(self) -> None:
        """End it."""
        super().stopService()
        if self._next is not None and self._next.active():
            self._next.cancel()

    def _set(self) -> None:
        self._due = self._clock.seconds() + INTERVAL
        self._next = self._clock.callLater(INTERVAL, self._beat)

    def _beat(self) -> None:
        late = self._clock.seconds() - self._due
        self._set()
        self._stats.lagged(max(0.0, late))
