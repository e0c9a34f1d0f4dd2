# SPDX-License-Identifier: MIT
"""Who has many connections lets the others go first."""

from hypothesis import given
from hypothesis import strategies as st

from wsecho.workers.balance import FRESH, Loads, Share


def test_one_far_above_the_mean_waits_until_it_is_not() -> None:
    """Or until nobody tells it the mean."""
    share = Share()
    assert share.accepts(10**6, 0)
    share.hear(100.0, 1)
    assert share.accepts(141, 2)
    assert not share.accepts(142, 2)
    share.hear(200.0, 3)
    assert share.accepts(142, 4)
    share.hear(1.0, 5)
    assert not share.accepts(142, 6)
    assert share.accepts(142, 5 + FRESH)


def test_the_mean_is_of_those_that_told_lately() -> None:
    """One that hangs, or is gone, is not waited for."""
    loads = Loads()
    assert loads.mean(0) is None
    loads.tell(1, 10, 0)
    loads.tell(2, 30, 1)
    loads.tell(3, 80, 1)
    assert loads.mean(1) == 40
    loads.forget(3)
    assert loads.mean(1) == 20
    assert loads.mean(FRESH) == 30
    assert loads.mean(1 + FRESH) is None


@given(st.lists(st.integers(0, 10**5), min_size=1, max_size=32))
def test_somebody_always_accepts(counts: list[int]) -> None:
    """Whatever the loads are: nobody is below the mean only where all are at it."""
    loads = Loads()
    for serial, count in enumerate(counts):
        loads.tell(serial, count, 0)
    mean = loads.mean(0)
    assert mean is not None
    share = Share()
    share.hear(mean, 0)
    assert share.accepts(min(counts), 0)
