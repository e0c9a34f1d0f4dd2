# SPDX-License-Identifier: MIT
"""Leases of one process; those of all nodes are in `tests/support/bus_contract.py`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.rooms.leases import Claim, HeldError, LeaseTable

RULES = ["single", "first", "random"]


def test_nothing_is_left_of_a_place_that_nobody_holds() -> None:
    """Nor of whose turn it was there."""
    claims = LeaseTable()
    claims.claim(Claim("p", "a", "first", is_shared=True))
    assert [claims.take_turn("p"), claims.take_turn("p"), len(claims)] == [0, 1, 1]
    claims.cede("p", "nobody")
    claims.cede("q", "a")
    assert len(claims) == 1
    claims.cede("p", "a")
    assert len(claims) == 0
    assert claims.take_turn("p") == 0


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["claim", "cede"]),
            st.sampled_from("ab"),
            st.sampled_from("xyz"),
            st.sampled_from(RULES),
        )
    )
)
def test_a_place_never_has_holders_that_do_not_go_together(
    steps: list[tuple[str, str, str, str]],
) -> None:
    """One alone, or several under one rule; ranks count up in the order of the claims."""
    claims = LeaseTable()
    held: dict[str, dict[str, tuple[str, int]]] = {"a": {}, "b": {}}
    last = 0
    for verb, place, holder, rule in steps:
        holders = held[place]
        if verb == "cede":
            claims.cede(place, holder)
            holders.pop(holder, None)
            continue
        others = [other for name, (other, _) in holders.items() if name != holder]
        asked = Claim(place, holder, rule, is_shared=rule != "single")
        if others and (rule == "single" or set(others) != {rule}):
            with pytest.raises(HeldError) as refused:
                claims.claim(asked)
            assert refused.value.rule in others
        else:
            rank = claims.claim(asked)
            assert rank == holders[holder][1] if holder in holders else rank > last
            last = max(last, rank)
            holders[holder] = rule, rank
    assert len(claims) == sum(map(bool, held.values()))
