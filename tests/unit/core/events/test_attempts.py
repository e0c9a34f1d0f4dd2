# SPDX-License-Identifier: MIT
"""When a batch comes again."""

from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.events.attempts import GIVE_UP, LONGEST_PAUSE, Attempts


def test_the_pauses_double() -> None:
    """Up to a minute."""
    attempts = Attempts(10.0)
    assert [attempts.failed(10.0) for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


@given(took=st.floats(0, 20), retry_after=st.none() | st.floats(0, 1e6))
def test_it_ends_after_an_hour_and_no_sooner(took: float, retry_after: float | None) -> None:
    """However long each attempt takes, and whatever is asked for; the last is made at the end."""
    attempts, now = Attempts(0.0), 0.0
    while True:
        now += took
        pause = attempts.failed(now, retry_after)
        if pause is None:
            break
        assert 0 < pause <= max(LONGEST_PAUSE, retry_after or 0.0)
        now += pause
    assert GIVE_UP <= now <= GIVE_UP + took + 1e-6
    assert attempts.count < 1000


def test_whoever_wants_to_be_left_alone_is() -> None:
    """For as long as he says, but no shorter than otherwise."""
    attempts = Attempts(0.0)
    assert attempts.failed(0.0, 90.0) == 90.0
    assert attempts.failed(0.0, 0.5) == 2.0
