# SPDX-License-Identifier: MIT
"""The time without a connection."""

from hypothesis import given
from hypothesis import strategies as st

from wsecho.client.errors import OverLimit, Unavailable
from wsecho.client.protocol.outage import ENTERING, Outage
from wsecho.client.protocol.refusals import passing, refused_by_frame

SECONDS = st.floats(0.5, 1_000)


@given(st.none() | SECONDS, st.lists(st.tuples(st.floats(0, 20), st.floats(0, 1)), min_size=200))
def test_no_attempt_is_made_once_it_has_lasted_too_long(
    patience: float | None, steps: list[tuple[float, float]]
) -> None:
    """Each is made before that, and is waited for as long as the server asks."""
    draws = iter([draw for _, draw in steps])
    outage, now = Outage(patience, lambda: next(draws)), 100.0
    outage.begin(now)
    for retry, _ in steps:
        pause = outage.wait(passing("why", retry), now)
        if not isinstance(pause, float):
            assert isinstance(pause, Unavailable)
            assert "why" in pause.reason
            assert outage.retry_at > 100.0 + (patience or ENTERING)
            break
        assert retry <= pause <= retry + 10.0
        now += pause
        assert now == outage.retry_at <= 100.0 + (patience or ENTERING)


def test_once_it_was_joined_it_may_last_for_as_long_as_it_takes() -> None:
    """Unless something else is asked for."""
    outage = Outage(None, lambda: 0.5)
    outage.begin(0.0)
    assert outage.gives_up_at == ENTERING
    outage.end()
    outage.begin(100.0)
    assert [outage.patience, outage.gives_up_at] == [None, None]
    assert outage.wait(passing("x", 10_000.0), 100.0) == 10_000.125
    bounded = Outage(5.0, lambda: 0.5)
    bounded.begin(0.0)
    bounded.begin(3.0)
    assert bounded.gives_up_at == 5.0
    bounded.begin_anew(3.0)
    assert bounded.gives_up_at == 8.0


def test_a_server_that_stops_is_left_alone_for_as_long_as_it_asks() -> None:
    """And waits grow with each attempt, until one worked."""
    outage = Outage(None, lambda: 1.0)
    outage.end()
    outage.comeback = 7.0
    assert outage.wait(passing("x"), 0.0) == 7.25
    outage.comeback = 0.0
    assert outage.wait(passing("x"), 0.0) == 0.5
    outage.worked()
    assert outage.wait(passing("x"), 0.0) == 0.25


def test_what_the_server_said_at_last_is_what_is_told() -> None:
    """Under its code."""
    outage = Outage(0.1, lambda: 1.0)
    outage.begin(0.0)
    error = outage.wait(refused_by_frame("over_limit", "full"), 0.0)
    assert isinstance(error, OverLimit)
    assert error.reason == "given up after 0.1 s: full"
