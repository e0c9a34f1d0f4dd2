# SPDX-License-Identifier: MIT
"""How long to wait before something is tried again."""

from hypothesis import given
from hypothesis import strategies as st

from wsecho.client.protocol.backoff import FIRST, LONGEST, Backoff


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 100)), max_size=40))
def test_waits_are_drawn_from_all_of_a_growing_bound(draws: list[tuple[float, float]]) -> None:
    """Full jitter: from nothing up to the bound; what the server asks for comes first."""
    drawn = iter([draw for draw, _ in draws])
    backoff = Backoff(lambda: next(drawn))
    for failures, (draw, retry) in enumerate(draws):
        most = min(LONGEST, FIRST * 2**failures)
        assert backoff.next(retry) == retry + draw * most


def test_what_worked_begins_with_short_waits_again() -> None:
    """As at first."""
    backoff = Backoff(lambda: 1.0)
    waits = [backoff.next() for _ in range(20)]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST
    backoff.reset()
    assert backoff.next() == FIRST
