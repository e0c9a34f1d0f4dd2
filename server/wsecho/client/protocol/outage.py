# SPDX-License-Identifier: MIT
"""The time without a connection: how long it has lasted, and when the next attempt is."""

from collections.abc import Callable
from typing import Final

from attrs import Factory, define, field

from wsecho.client.errors import Error
from wsecho.client.protocol.backoff import Backoff
from wsecho.client.protocol.refusals import Refusal

ENTERING: Final = 30.0
"""Seconds until entering is given up, where nothing else is asked for."""


@define
class Outage:
    """What is between two connections.

    Args:
        give_up_after: seconds that it may last; None for any, `ENTERING` at first.
        draw: chooses a number from 0.0 to 1.0.

    Attributes:
        retry_at: when the next attempt is.
        comeback: seconds that the server wants to be left alone, once it stops.
    """

    _give_up_after: float | None
    _draw: Callable[[], float]
    retry_at: float = field(default=0.0, init=False)
    comeback: float = field(default=0.0, init=False)
    _backoff: Backoff = field(
        default=Factory(lambda self: Backoff(self._draw), takes_self=True), init=False
    )
    _began: float | None = field(default=None, init=False)
    _is_entering: bool = field(default=True, init=False)

    @property
    def gives_up_at(self) -> float | None:
        """When it has lasted for too long; None for never, or where there is none."""
        return None if self._began is None or self.patience is None else self._began + self.patience

    @property
    def patience(self) -> float | None:
        """Seconds that it may last, None for any."""
        if self._give_up_after is None and self._is_entering:
            return ENTERING
        return self._give_up_after

    def begin(self, now: float) -> None:
        """Note that there is no connection, unless that is known."""
        if self._began is None:
            self._began = now

    def begin_anew(self, now: float) -> None:
        """Note that what was before did not count: nobody wanted a connection."""
        self._began = now

    def end(self) -> None:
        """Note that the room was joined."""
        self._began, self._is_entering = None, False

    def worked(self) -> None:
        """Begin with short waits again."""
        self._backoff.reset()

    def wait(self, refusal: Refusal, now: float) -> float | Error:
        """Return how long to wait until the next attempt, or why there is none."""
        pause = self._backoff.next(max(refusal.retry, self.comeback))
        self.retry_at = now + pause
        if self.gives_up_at is None or self.retry_at <= self.gives_up_at:
            return pause
        reason = f"given up after {self.patience:g} s: {refusal.error.reason}"
        return type(refusal.error)(reason, refusal.error.code)
