# SPDX-License-Identifier: MIT
"""How late the event loop is, by a timer that it should have called."""

from twisted.internet.task import Clock

from wsecho.ops.loop_lag import INTERVAL, LoopLag
from wsecho.server.stats import Stats


def test_what_blocks_the_loop_is_seen() -> None:
    """And that it goes on in time again; the longest is kept."""
    clock = Clock()
    stats = Stats(clock)
    service = LoopLag(clock, stats)
    service.startService()
    clock.advance(INTERVAL)
    assert (stats.lag, stats.longest_lag) == (0.0, 0.0)
    clock.advance(INTERVAL + 0.75)
    assert (stats.lag, stats.longest_lag) == (0.75, 0.75)
    clock.advance(INTERVAL)
    assert (stats.lag, stats.longest_lag) == (0.0, 0.75)
    service.stopService()


def test_it_measures_only_while_it_runs() -> None:
    """No timer is left behind; to stop what never began does no harm."""
    clock = Clock()
    service = LoopLag(clock, Stats(clock))
    service.stopService()
    service.startService()
    assert len(clock.getDelayedCalls()) == 1
    service.stopService()
    service.stopService()
    assert clock.getDelayedCalls() == []
