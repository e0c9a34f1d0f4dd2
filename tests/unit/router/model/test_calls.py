# SPDX-License-Identifier: MIT
"""Calls that ended before their caller had sent them all ("Progressive Call Invocations")."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wsecho.router.model.calls import SpentCalls


def test_only_the_last_chunk_ends_what_is_remembered() -> None:
    """Further ones may be on their way."""
    spent = SpentCalls()
    spent.add(5)
    assert not spent.ends(4, more=False)
    assert spent.ends(5, more=True)
    assert spent.ends(5, more=False)
    assert not spent.ends(5, more=False)


@given(st.lists(st.integers(1, 1_000), max_size=20, unique=True), st.integers(1, 20))
def test_beyond_the_bound_the_oldest_are_forgotten(added: list[int], bound: int) -> None:
    """A caller cannot fill the memory with calls that it never ends."""

    class Fewer(SpentCalls):
        LIMIT = bound  # type: ignore[misc]

    spent = Fewer()
    for request in added:
        spent.add(request)
    kept = set(added[-bound:])
    assert {request for request in added if spent.ends(request, more=True)} == kept


def test_the_bound_is_far_beyond_what_callers_do() -> None:
    """A thousand calls at once, each cut off midway."""
    spent = SpentCalls()
    for request in range(SpentCalls.LIMIT + 1):
        spent.add(request)
    assert not spent.ends(0, more=True)
    assert spent.ends(1, more=True)
