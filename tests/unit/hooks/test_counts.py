# SPDX-License-Identifier: MIT
"""How long questions take is counted as Prometheus wants it."""

from hypothesis import given
from hypothesis import strategies as st

from wsecho.hooks.counts import BOUNDS, QuestionCounts


@given(st.lists(st.floats(0, 100)))
def test_each_question_is_in_one_bucket(times: list[float]) -> None:
    """And in all above it, once they are added up."""
    counts = QuestionCounts()
    for seconds in times:
        counts.time(seconds)
    found = dict(counts.cumulated())
    assert found["+Inf"] == len(times)
    for bound in BOUNDS:
        assert found[str(bound)] == sum(seconds <= bound for seconds in times)
