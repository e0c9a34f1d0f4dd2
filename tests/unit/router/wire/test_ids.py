# SPDX-License-Identifier: MIT
"""Identifiers, and the order of request ids."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.router.wire.errors import ProtocolViolationError
from wsecho.router.wire.ids import MAX_ID, AnyOrder, InOrder, draw_id


def accepts(order: InOrder | AnyOrder, request: int) -> bool:
    """Whether an id may be used now."""
    try:
        order.use(request)
    except ProtocolViolationError:
        return False
    return True


def test_global_ids_are_random_over_their_whole_range() -> None:
    """From 1 to 2^53."""
    source = random.Random(1)
    drawn = [draw_id(source) for _ in range(1000)]
    assert len(set(drawn)) == 1000
    assert all(1 <= number <= MAX_ID for number in drawn)
    assert max(drawn) > MAX_ID * 0.99
    assert min(drawn) < MAX_ID * 0.01


@given(st.lists(st.integers(1, 30)))
def test_in_order_takes_rising_ids(requests: list[int]) -> None:
    """Each higher than all before it."""
    order, highest = InOrder(), 0
    for request in requests:
        assert accepts(order, request) is (request > highest)
        highest = max(highest, request)


@given(st.lists(st.integers(1, 500), max_size=500))
def test_any_order_takes_each_id_once(requests: list[int]) -> None:
    """In whatever order, with whatever gaps."""
    order, seen = AnyOrder(), set[int]()
    for request in requests:
        assert accepts(order, request) is (request not in seen)
        seen.add(request)


def test_any_order_remembers_a_bounded_number() -> None:
    """Of ids with gaps; one that fell behind the window counts as used."""
    order = AnyOrder()
    for request in range(2, 100_000, 2):
        order.use(request)
    assert len(order._seen) <= AnyOrder.WINDOW
    with pytest.raises(ProtocolViolationError):
        order.use(1)
    order.use(99_997)


def test_any_order_forgets_a_run_without_gaps() -> None:
    """Nothing but a mark is kept of it."""
    order = AnyOrder()
    for request in range(1000, 0, -1):
        order.use(request)
    assert not order._seen
