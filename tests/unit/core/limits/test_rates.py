# SPDX-License-Identifier: MIT
"""Token buckets: a second's worth is the burst, and over time the rate holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.limits.rates import Meter, Rates


def test_a_seconds_worth_is_the_burst() -> None:
    """Then one has to wait for the next."""
    meter = Meter(Rates(messages=4))
    assert [meter.count(0, 0.0) for _ in range(4)] == [0, 0, 0, 0]
    assert meter.count(0, 0.0) == pytest.approx(0.25)
    assert meter.count(0, 0.25) == 0


@pytest.mark.parametrize(
    ("rates", "exceeded"),
    [
        (Rates(messages=2), "message-rate"),
        (Rates(octets=20), "byte-rate"),
        (Rates(messages=100, octets=20), "byte-rate"),
        (Rates(messages=2, octets=1000), "message-rate"),
    ],
)
def test_it_says_which_rate_was_exceeded(rates: Rates, exceeded: str) -> None:
    """By the name of its option."""
    meter = Meter(rates)
    assert [meter.count(10, 0.0) for _ in range(2)] == [0, 0]
    assert meter.count(10, 0.0) == pytest.approx(0.5)
    assert meter.exceeded == exceeded


def test_what_was_not_counted_costs_nothing() -> None:
    """A message over one rate does not use up the other."""
    meter = Meter(Rates(messages=10, octets=100))
    assert meter.count(100, 0.0) == 0
    for _ in range(20):
        assert meter.count(50, 0.0) > 0
    assert meter.count(50, 0.5) == 0


def test_a_message_larger_than_the_burst_passes_a_full_bucket() -> None:
    """And is paid for afterwards."""
    meter = Meter(Rates(octets=100))
    assert meter.count(300, 0.0) == 0
    assert meter.count(1, 1.0) > 0
    assert meter.count(1, 2.1) == 0


def test_idling_saves_no_more_than_a_second() -> None:
    """However long it was."""
    meter = Meter(Rates(messages=2))
    assert [meter.count(0, 1000.0) > 0 for _ in range(3)] == [False, False, True]


@given(
    st.floats(0.5, 50),
    st.lists(st.floats(0, 3, allow_nan=False), min_size=1, max_size=100),
)
def test_over_any_time_no_more_than_the_rate_passes(rate: float, pauses: list[float]) -> None:
    """Beside one burst."""
    meter = Meter(Rates(messages=rate))
    now, passed = 0.0, 0
    for pause in pauses:
        now += pause
        passed += meter.count(1, now) == 0
    assert passed <= rate * (now + 1) + 1


@given(
    st.floats(0.5, 50),
    st.lists(st.floats(-10_000, 10_000, allow_nan=False), min_size=1, max_size=50),
)
def test_a_clock_that_goes_back_takes_nothing_away(rate: float, moves: list[float]) -> None:
    """Whoever waits as long as it was told may speak, by whatever clock."""
    meter = Meter(Rates(messages=rate))
    now = 0.0
    for moved in moves:
        now += moved
        wait = meter.count(1, now)
        assert wait <= 1 / rate + 1e-6
        if wait:
            now += wait + 1e-6
            assert meter.count(1, now) == 0
