# SPDX-License-Identifier: MIT
"""When a batch that was not taken comes again, and when it is given up."""

from typing import Final

from attrs import define, field

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
GIVE_UP: Final = 3600.0
"""Seconds after its first attempt that a batch is given up."""


@define(eq=False)
class Attempts:
    """The attempts at one batch.

    Attributes:
        begun: seconds, when the first was made.
        count: how many have failed.
    """

    begun: float
    count: int = field(default=0, init=False)

    def failed(self, now: float, retry_after: float | None = None) -> float | None:
        """Return how many seconds to wait before the next; None where there is none.

        Args:
            now: seconds.
            retry_after: how long whoever did not take it wants to be left alone, at least.
        """
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * float(1 << min(self.count, 10)))
        self.count += 1
        left = self.begun + GIVE_UP - now
        if left <= 0:
            return None
        # The last attempt is made when the hour ends, however long it was to wait.
        return min(left, max(pause, retry_after or 0.0))
