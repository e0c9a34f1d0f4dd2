# SPDX-License-Identifier: MIT
"""The index of patterns against the plain definition of matching."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.router.patterns import patterns, topics
from wsecho.router.model.matching import PatternIndex
from wsecho.router.wire.uris import MATCHES, Match, matches


@given(st.lists(st.tuples(st.booleans(), patterns()), max_size=30), st.lists(topics, max_size=10))
def test_the_index_agrees_with_the_definition(
    steps: list[tuple[bool, tuple[str, Match]]], asked: list[str]
) -> None:
    """After any additions and removals it finds what a search through all would find."""
    index: PatternIndex[tuple[str, Match]] = PatternIndex()
    model: dict[tuple[str, Match], None] = {}
    for add, pattern in steps:
        if add and pattern not in model:
            index.add(*pattern, pattern)
            model[pattern] = None
        elif not add and pattern in model:
            index.remove(*pattern)
            del model[pattern]
        for topic in asked:
            expected = {one for one in model if matches(*one, topic)}
            assert set(index.matches(topic)) == expected
            assert len(index.matches(topic)) == len(expected)
            assert index.best(topic) == (best_of(expected, topic) if expected else None)
    assert len(index) == len(model)
    assert {match: index.values(match) for match in MATCHES} == {
        match: [one for one in model if one[1] == match] for match in MATCHES
    }
    for pattern in model:
        index.remove(*pattern)
    assert not len(index)
    assert not index._masks


def best_of(found: set[tuple[str, Match]], topic: str) -> tuple[str, Match]:
    """The specification's rule, read word by word."""
    if (topic, "exact") in found:
        return topic, "exact"
    prefixes = [one for one in found if one[1] == "prefix"]
    if prefixes:
        return max(prefixes, key=lambda one: len(one[0]))
    wildcards = [one for one in found if one[1] == "wildcard"]
    while len(wildcards) > 1:
        wildcards = longest_first_portion(wildcards)
    return wildcards[0]


def longest_first_portion(wildcards: list[tuple[str, Match]]) -> list[tuple[str, Match]]:
    """Those of which the most comes before the first wildcard where they differ."""
    for place in range(wildcards[0][0].count(".") + 1):
        fixed = [one for one in wildcards if one[0].split(".")[place]]
        if fixed and len(fixed) < len(wildcards):
            return fixed
    raise AssertionError("two wildcard patterns that are one")


def test_the_cache_of_the_index_is_bounded() -> None:
    """By number, and no long URI is kept."""
    index: PatternIndex[int] = PatternIndex()
    index.add("a", "prefix", 1)
    for number in range(10_000):
        assert index.matches(f"a{number}") == (1,)
    index.matches("a" * 1000)
    assert len(index._cache) <= 4096
    assert max(map(len, index._cache)) <= 256
