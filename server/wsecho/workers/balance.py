# SPDX-License-Identifier: MIT
"""Connections go to whoever is awake first; who has far more than the others lets them go first.

Without that, a worker that is new keeps few for as long as the others' clients stay. Each worker
tells its parent how many it has, the parent tells all of them the mean, and one that is far above
accepts nothing until it is no longer.
"""

from math import inf
from typing import Final

from attrs import define, field

INTERVAL: Final = 0.25
"""Seconds between two tellings."""

FRESH: Final = 2.0
"""Seconds for which one counts: a worker that hangs must not keep the others from accepting."""

_RATIO: Final = 1.25
_SLACK: Final = 16


@define(eq=False)
class Loads:
    """The parent's half: how many connections the workers have."""

    _told: dict[int, tuple[float, int]] = field(factory=dict)

    def tell(self, serial: int, connections: int, now: float) -> None:
        """Note what a worker tells."""
        self._told[serial] = (now, connections)

    def told_at(self, serial: int) -> float:
        """Return when a worker told the last time; the beginning of time if it never has."""
        return self._told.get(serial, (-inf, 0))[0]

    def forget(self, serial: int) -> None:
        """Forget a worker that accepts no more."""
        self._told.pop(serial, None)

    def mean(self, now: float) -> float | None:
        """Return the mean of those that told lately, None where there is none."""
        found = [count for time, count in self._told.values() if now - time < FRESH]
        return sum(found) / len(found) if found else None


@define(eq=False)
class Share:
    """A worker's half: whether it accepts."""

    _heard_at: float = 0.0
    _mean: float | None = None

    def hear(self, mean: float, now: float) -> None:
        """Note what the parent tells."""
        self._heard_at, self._mean = now, mean

    def accepts(self, connections: int, now: float) -> bool:
        """Tell whether this worker takes more.

        Args:
            connections: how many it has.
            now: the time.
        """
        if self._mean is None or now - self._heard_at >= FRESH:
            return True
        return connections <= _RATIO * self._mean + _SLACK
