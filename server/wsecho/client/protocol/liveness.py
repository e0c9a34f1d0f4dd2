# SPDX-License-Identifier: MIT
"""Whether the other end is still there: it is asked when it was silent, and must answer then."""

from typing import Final, Literal

from attrs import define, field

SILENCE: Final = 20.0
"""Seconds of silence after which the peer is asked by a ping (RFC 6455 section 5.5.2)."""

PATIENCE: Final = 20.0
"""Seconds that it has for its answer: so a dead peer is noticed after 40."""


@define
class Liveness:
    """What is known of one connection.

    Args:
        heard: when something came last, in seconds of the clock that all times here are of.
    """

    _heard: float
    _asked: float | None = field(default=None, init=False)
    _is_held: bool = field(default=False, init=False)

    @property
    def deadline(self) -> float | None:
        """When `check` has something to say, None for never."""
        if self._is_held:
            return None
        return self._heard + SILENCE if self._asked is None else self._asked + PATIENCE

    def heard(self, when: float) -> None:
        """Something came, of whatever kind."""
        if when > self._heard:
            self._heard, self._asked = when, None

    def hold(self) -> None:
        """Nothing is read any more: an answer would not be seen."""
        self._is_held = True

    def go_on(self, now: float) -> None:
        """What came is read again."""
        self._is_held, self._heard, self._asked = False, now, None

    def check(self, now: float) -> Literal["ping", "dead"] | None:
        """Tell what is to be done now."""
        deadline = self.deadline
        if deadline is None or now < deadline:
            return None
        if self._asked is not None:
            return "dead"
        self._asked = now
        return "ping"
