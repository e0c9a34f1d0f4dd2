# SPDX-License-Identifier: MIT
"""What is done again and again for as long as the server runs, whatever becomes of one round.

Twisted's `LoopingCall` and `TimerService` end with the first round that raises, and say so where
nobody looks. What this server must never cease to do, such as its signs of life, is done by these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.application.service import Service
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from wsecho.core.wire.errors import WireError

if TYPE_CHECKING:
    from collections.abc import Callable


class Loop:
    """Does something every so often until it is stopped.

    A round that fails is logged, once until one has succeeded again, and the next comes in its
    time.

    Args:
        what: is done, in a few words for the log.
        call: does it.
        clock: Twisted's.
    """

    _log = Logger()

    def __init__(self, what: str, call: Callable[[], None], clock: Any) -> None:
        self._what = what
        self._call = call
        self._has_failed = False
        self._looping = LoopingCall(self._go_round)
        self._looping.clock = clock

    def start(self, interval: float, *, now: bool = False) -> None:
        """Begin.

        Args:
            interval: seconds from one round to the next.
            now: whether the first is made at once.
        """
        self._looping.start(interval, now=now)

    def stop(self) -> None:
        """End; twice is no harm."""
        if self._looping.running:
            self._looping.stop()

    def _go_round(self) -> None:
        try:
            self._call()
        except Exception as error:  # noqa: BLE001  # the boundary: other rounds are to come
            if not self._has_failed:
                self._has_failed = True
                self._complain(error)
        else:
            if self._has_failed:
                self._has_failed = False
                self._log.info("{what} succeeds again", what=self._what)

    def _complain(self, error: Exception) -> None:
        text = "{what} failed, and will be tried again and again"
        if isinstance(error, WireError):
            self._log.warn(f"{text}: {{reason}}", what=self._what, reason=str(error))
        else:
            self._log.failure(text, what=self._what)


class Chore(Service):
    """A loop that runs while its service does.

    Args:
        what: is done, in a few words for the log.
        interval: seconds from one round to the next; the first is made at the start.
        call: does it.
        clock: Twisted's.
    """

    def __init__(self, what: str, interval: float, call: Callable[[], None], clock: Any) -> None:
        self._interval = interval
        self._loop = Loop(what, call, clock)

    def startService(self) -> None:
        """Begin."""
        super().startService()
        self._loop.start(self._interval, now=True)

    def stopService(self) -> None:
        """End."""
        super().stopService()
        self._loop.stop()
