# SPDX-License-Identifier: MIT
"""How long to wait before something is tried again.

Exponential backoff with full jitter, so that those whom one outage cut off do not come back in
step; what the server asks for is waited for first.
"""

from collections.abc import Callable
from typing import Final

from attrs import define, field

FIRST: Final = 0.25
LONGEST: Final = 10.0
_DOUBLINGS: Final = 6


@define
class Backoff:
    """The waits between attempts, longer with each that failed.

    Args:
        draw: chooses a number from 0.0 to 1.0.
    """

    _draw: Callable[[], float]
    _failures: int = field(default=0, init=False)

    def next(self, retry: float = 0.0) -> float:
        """Return how many seconds to wait now.

        Args:
            retry: what the server asks for, in seconds.
        """
        most: float = min(LONGEST, FIRST * 2 ** min(self._failures, _DOUBLINGS))
        self._failures += 1
        return retry + self._draw() * most

    def reset(self) -> None:
        """Begin with short waits again: it worked."""
        self._failures = 0
