# SPDX-License-Identifier: MIT
"""For how long a message is said again, and how long to wait before the next time.

Exponential backoff with full jitter: those whom one outage cut off do not come back in step. What
the server asks for in `Retry-After` (RFC 9110 section 10.2.3) is waited for first.
"""

import random
import re
import time
from collections.abc import Callable
from typing import Final

from attrs import define, field

from wsecho.core.http.httpdates import read_http_date

MAX_SECONDS: Final = 270.0
"""For how long a message may be said again: servers remember its key for 300 seconds."""

_FIRST: Final = 0.25
_LONGEST: Final = 10.0
_DOUBLINGS: Final = 6


@define
class RetryBudget:
    """The time that is left for one message.

    Args:
        seconds: how much there is in all.
        clock: tells seconds.
        draw: chooses a number between two.
    """

    _seconds: float
    _clock: Callable[[], float] = time.monotonic
    _draw: Callable[[float, float], float] = random.uniform
    _failures: int = field(default=0, init=False)
    _end: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._end = self._clock() + self._seconds

    @property
    def left(self) -> float:
        """Seconds until it is used up; 0 or less where it is."""
        return self._end - self._clock()

    def pause(self, retry_after: float = 0) -> float | None:
        """Count a failure, and return how long to wait; None where the time is up by then.

        Args:
            retry_after: seconds that the server asked for.
        """
        longest = min(_LONGEST, _FIRST * 2 ** min(self._failures, _DOUBLINGS))
        self._failures += 1
        seconds = retry_after + self._draw(0, longest)
        return seconds if seconds < self.left else None


def read_retry_after(value: str | None, now: float) -> float:
    """Read the header `Retry-After`, in seconds: 0 where it is missing, past, or malformed.

    Args:
        value: a number of seconds, or a date.
        now: Unix time, from which a date counts.
    """
    if value is None:
        return 0
    if re.fullmatch(r"[0-9]{1,9}", value):
        return int(value)
    date = read_http_date(value, now)
    return 0 if date is None else max(0, date - now)
