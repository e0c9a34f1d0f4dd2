# SPDX-License-Identifier: MIT
"""Timers that nobody sets: the reactor's go by the wall clock, until this is called.

Twisted asks `time.time` when a call is due. A wall clock that is set back by an hour would have
everything wait for an hour: pings, long-polls, a worker's signs of life. One that is set forward
would have all of it happen at once.
"""

from time import monotonic
from typing import Any


def steady(reactor: Any) -> None:
    """Have a reactor measure time by a clock that only goes forward.

    What it was asked to call before is called when it would have been.

    Args:
        reactor: Twisted's, before or after it runs.
    """
    if reactor.seconds is monotonic:
        return
    moved = monotonic() - reactor.seconds()
    reactor.seconds = monotonic
    # All by the same: the reactor keeps them in the order of their times.
    for call in reactor.getDelayedCalls():
        call.time += moved
        call.seconds = monotonic
