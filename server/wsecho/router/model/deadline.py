# SPDX-License-Identifier: MIT
"""The moment at which a session ends by itself, unless it has got further by then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.router.model.hosts import SessionHost
    from wsecho.router.model.ports import Timer


class Deadline:
    """One call at a later time. Whatever is set takes the place of what was set before.

    Args:
        host: has the clock, and goes on whatever the call raises.
    """

    __slots__ = ("_host", "_timer")

    def __init__(self, host: SessionHost[Any]) -> None:
        self._host = host
        self._timer: Timer | None = None

    def set_after(self, delay: float, call: Callable[[], None]) -> None:
        """Call something after so many seconds."""
        self.cancel()
        self._timer = self._host.clock.call_later(delay, lambda: self._fire(call))

    def set_at(self, moment: float, call: Callable[[], None]) -> None:
        """Call something at a time of day, Unix seconds."""
        self.cancel()
        self._timer = self._host.clock.call_at(moment, lambda: self._fire(call))

    def cancel(self) -> None:
        """Call nothing."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fire(self, call: Callable[[], None]) -> None:
        self._timer = None
        self._host.safely(call)
