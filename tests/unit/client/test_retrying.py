# SPDX-License-Identifier: MIT
"""How long is waited, and when it is given up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.client.retrying import MAX_SECONDS, RetryBudget, read_retry_after
from wsecho.core.http.httpdates import write_http_date
from wsecho.core.rooms.retries import KEEP

NOW = 1_764_460_800


class Clock:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Tell its time."""
        return self.now


def longest(_: float, most: float) -> float:
    """Draw the largest number."""
    return most


def test_pauses_double_up_to_a_bound() -> None:
    """And begin anew with each message."""
    budget = RetryBudget(1000, Clock(), longest)
    assert [budget.pause() for _ in range(8)] == [0.25, 0.5, 1, 2, 4, 8, 10, 10]
    assert RetryBudget(1000, Clock(), longest).pause() == 0.25


def test_pauses_are_drawn_from_all_of_it() -> None:
    """From nothing up, so that nobody comes back in step with others."""
    drawn: list[tuple[float, float]] = []

    def lowest(*bounds: float) -> float:
        low, high = bounds
        drawn.append((low, high))
        return low

    budget = RetryBudget(1000, Clock(), lowest)
    assert [budget.pause(), budget.pause(retry_after=3)] == [0, 3]
    assert drawn == [(0, 0.25), (0, 0.5)]


@given(
    seconds=st.floats(0.001, MAX_SECONDS),
    steps=st.lists(st.tuples(st.floats(0, 20), st.floats(0, 40), st.floats(0, 1)), max_size=60),
)
def test_no_attempt_begins_when_the_time_is_up(
    seconds: float, steps: list[tuple[float, float, float]]
) -> None:
    """However long each takes, and whatever the server asks for; what it asks for is kept to."""
    clock = Clock()
    share = 0.0
    budget = RetryBudget(seconds, clock, lambda low, high: low + share * (high - low))
    for taken, retry_after, share in steps:  # noqa: B007  # the draw reads it
        clock.now += taken
        pause = budget.pause(retry_after)
        if pause is None:
            break
        assert retry_after <= pause <= retry_after + 10
        clock.now += pause
        assert budget.left > -1e-9
        assert clock.now < seconds + 1e-9


def test_a_key_outlives_all_retries() -> None:
    """With time to spare for the last attempt."""
    assert MAX_SECONDS + 15 < KEEP


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, 0),
        ("0", 0),
        ("5", 5),
        ("999999999", 999_999_999),
        ("1000000000", 0),
        ("-5", 0),
        ("1.5", 0),
        ("\u0665", 0),
        ("soon", 0),
        ("", 0),
        (write_http_date(NOW + 90), 90),
        (write_http_date(NOW - 90), 0),
        ("Sun, 30 Nov 2025 00:01:30 +0000", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float) -> None:
    """Whatever else it is counts as if it were not there."""
    assert read_retry_after(value, NOW) == seconds
