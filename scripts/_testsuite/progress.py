# SPDX-License-Identifier: MIT
"""What a person sees while the clients work."""

from collections.abc import Callable, Sequence
from typing import TextIO

from .schedule import seconds

_SECONDS_BETWEEN_LINES = 20.0


class Progress:
    """Counts cases: in one line that is written over on a terminal, else in a line now and then."""

    def __init__(self, cases: Sequence[str], out: TextIO, clock: Callable[[], float]) -> None:
        self._total = len(cases)
        self._work = sum(map(seconds, cases))
        self._out = out
        self._clock = clock
        self._started = clock()
        self._last_line = self._started
        self._done = 0
        self._work_done = 0.0

    def case_done(self, case: str) -> None:
        """Count a case, and say so when it is time."""
        self._done += 1
        self._work_done += seconds(case)
        if self._out.isatty():
            self._out.write(f"\r{self.line()}\x1b[K")
            self._out.flush()
        elif self._clock() - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = self._clock()
            self._out.write(self.line() + "\n")
            self._out.flush()

    def line(self) -> str:
        """Say how far the run is; a case of a second and one of a millisecond weigh differently."""
        elapsed = self._clock() - self._started
        percent = min(99, round(100 * self._work_done / self._work))
        return f"{self._done}/{self._total} cases, {percent} % of the work, {minutes(elapsed)}"

    def close(self) -> None:
        """Clear the line on a terminal, for what is printed next."""
        if self._out.isatty():
            self._out.write("\r\x1b[K")
            self._out.flush()


def minutes(duration: float) -> str:
    """Write a duration as a clock does: `1:05`."""
    return f"{int(duration) // 60}:{int(duration) % 60:02}"
