# SPDX-License-Identifier: MIT
"""Retained events are bounded by topics and by bytes, on every node alike."""

from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wsecho.router import Publication
from wsecho.router.model.retained import Retained

IDS = count(1)


def said(topic: str, *args: Any) -> Publication:
    """A publication."""
    return Publication(next(IDS), topic, list(args))


def topics(retained: Retained) -> list[str]:
    """Those that have one, the one that was set longest ago first."""
    return [each.topic for each in retained]


def test_beyond_so_many_bytes_the_oldest_go() -> None:
    """One of any size is kept alone; one that is set again counts once."""
    retained = Retained(100, 1_000)
    for name in "abc":
        assert retained.keep(said(name, "x" * 200)) == []
    for _ in range(10):
        retained.keep(said("a", "x" * 200))
    assert topics(retained) == ["b", "c", "a"]
    dropped = retained.keep(said("d", b"x" * 500))
    assert [each.topic for each in dropped] == ["b", "c"]
    retained.keep(said("e", {"k": ["x" * 5_000]}))
    assert topics(retained) == ["e"]
    retained.keep(said("f"))
    assert topics(retained) == ["f"]


def test_a_deep_payload_is_counted() -> None:
    """However deep."""
    deep: list[Any] = ["x" * 1_000]
    for _ in range(50_000):
        deep = [deep]
    retained = Retained(100, 2_000)
    retained.keep(said("a"))
    retained.keep(said("b", deep))
    assert topics(retained) == ["b"]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 400)), max_size=30))
def test_merging_all_is_as_keeping_each(steps: list[tuple[str, int]]) -> None:
    """So nodes that hear at different times retain the same."""
    one, other = Retained(3, 900), Retained(3, 900)
    all_of_them = [said(topic, "x" * size) for topic, size in steps]
    for place, each in enumerate(all_of_them):
        each.time = float(place)
        one.keep(each)
    other.merge(all_of_them)
    assert [each.id for each in one] == [each.id for each in other]
