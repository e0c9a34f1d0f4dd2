# SPDX-License-Identifier: MIT
"""The testaments of one session ("Testament Meta API")."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.router.peers import World
from wsecho.router import WampError
from wsecho.router.model import testaments as model
from wsecho.router.model.testaments import DESTROYED, DETACHED, MAX_TESTAMENTS, ORDER
from wsecho.router.wire.requests import Publish

WILL = Publish(0, "com.will", None, None)


@given(st.lists(st.sampled_from(ORDER), max_size=12))
def test_they_are_published_in_the_order_of_their_names(scopes: list[str]) -> None:
    """The detached ones first, each scope in the order of their making: here and on other nodes."""
    session = World().peer().session
    testaments = model.Testaments()
    made = [testaments.add(scope, WILL) for scope in scopes]
    taken = testaments.take()
    assert taken == sorted(made, key=lambda each: each.name(session))
    assert [each.scope for each in taken] == sorted(scopes, key=ORDER.index)
    for scope in ORDER:
        numbers = [each.number for each in taken if each.scope == scope]
        assert numbers == sorted(numbers)
    assert testaments.take() == []


def test_a_scope_is_flushed_alone() -> None:
    """What was in it is returned, for other nodes to drop it too."""
    testaments = model.Testaments()
    detached, destroyed = (testaments.add(scope, WILL) for scope in (DETACHED, DESTROYED))
    assert testaments.flush(DETACHED) == [detached]
    assert testaments.flush(DETACHED) == []
    assert testaments.take() == [destroyed]


def test_one_is_dropped_once() -> None:
    """It may have been flushed, or taken, by the time that it turns out to be void."""
    testaments = model.Testaments()
    first, second = (testaments.add(DESTROYED, WILL) for _ in range(2))
    for _ in range(2):
        testaments.discard(first)
    assert testaments.take() == [second]


def test_both_scopes_count_for_the_bound() -> None:
    """The one beyond is refused and not kept; what was dropped makes room."""
    testaments = model.Testaments()
    for number in range(MAX_TESTAMENTS):
        testaments.add(ORDER[number % 2], WILL)
    with pytest.raises(WampError) as refused:
        testaments.add(DESTROYED, WILL)
    assert refused.value.uri == "wsecho.error.over_limit"
    testaments.flush(DETACHED)
    testaments.add(DESTROYED, WILL)
    assert len(testaments.take()) == MAX_TESTAMENTS // 2 + 1
