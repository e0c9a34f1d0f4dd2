# SPDX-License-Identifier: MIT
"""The pace of those who publish by POST: one for each address, and only so many are kept."""

import pytest
from twisted.internet.task import Clock

from wsecho.core.limits.rates import Rates
from wsecho.core.rooms.callers import Caller
from wsecho.core.wire.errors import OverRate
from wsecho.doors.broadcast import pace
from wsecho.doors.broadcast.pace import Pace
from wsecho.server.stats import Stats

ANN = Caller("192.0.2.1:1000")


def make_pace(clock: Clock, rates: Rates) -> tuple[Pace, Stats]:
    """A pace, and what it counts."""
    stats = Stats(clock)
    return Pace(rates, clock, stats), stats


def test_a_burst_passes_and_then_what_the_rate_allows() -> None:
    """Each refusal says how long to wait, and counts."""
    clock = Clock()
    keeper, stats = make_pace(clock, Rates(messages=2.0))
    for _ in range(2):
        keeper.check(ANN, 1)
    with pytest.raises(OverRate) as refused:
        keeper.check(ANN, 1)
    assert dict(refused.value.headers)["Retry-After"] == "1"
    assert stats.limits == {"message-rate": 1}
    clock.advance(0.5)
    keeper.check(ANN, 1)


def test_another_port_is_the_same_and_another_address_is_not() -> None:
    """A new connection buys nothing."""
    keeper, _ = make_pace(Clock(), Rates(messages=1.0))
    keeper.check(ANN, 1)
    with pytest.raises(OverRate):
        keeper.check(Caller("192.0.2.1:2000"), 1)
    keeper.check(Caller("192.0.2.2:1000"), 1)


def test_to_foresee_counts_no_message() -> None:
    """It only tells whether the body should come."""
    keeper, _ = make_pace(Clock(), Rates(messages=1.0))
    for _ in range(3):
        keeper.foresee(ANN, 1)
    keeper.check(ANN, 1)
    with pytest.raises(OverRate):
        keeper.foresee(ANN, 1)


def test_who_was_silent_longest_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are at most so many meters."""
    monkeypatch.setattr(pace, "MAX_METERS", 2)
    keeper, _ = make_pace(Clock(), Rates(messages=1.0))
    first, second, third = (Caller(f"192.0.2.{number}") for number in range(1, 4))
    for caller in (first, second):
        keeper.check(caller, 1)
    with pytest.raises(OverRate):
        keeper.check(first, 1)
    keeper.check(third, 1)
    keeper.check(second, 1)
    with pytest.raises(OverRate):
        keeper.check(third, 1)
