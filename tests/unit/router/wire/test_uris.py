# SPDX-License-Identifier: MIT
"""URIs, and the index of patterns against the plain definition of matching."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.router.model.matching import PatternIndex
from wsecho.router.wire.uris import (
    MATCHES,
    Match,
    is_pattern,
    is_reserved,
    is_uri,
    matches,
    may_reach,
)

# Few letters and short, so that patterns and topics do meet.
part = st.sampled_from(["a", "b", "ab"])
topics = st.lists(part, min_size=1, max_size=4).map(".".join)
loose = st.lists(st.sampled_from(["", "a", "b", "ab"]), min_size=1, max_size=4).map(".".join)


@st.composite
def patterns(draw: st.DrawFn) -> tuple[str, Match]:
    """A pattern that may be subscribed to."""
    match = draw(st.sampled_from(MATCHES))
    uri = draw(loose if match == "wildcard" else topics)
    if match == "prefix":
        uri = uri[: draw(st.integers(0, len(uri)))]
    return uri, match


@pytest.mark.parametrize(
    "uri", ["a", "com.my_app.x1", "Com.ÄÖ.名前", "a-b.%2E", "a/b:c", "a" * 999]
)
def test_uris(uri: str) -> None:
    """The specification's loose rule: no strict one."""
    assert is_uri(uri)
    assert all(is_pattern(uri, match) for match in MATCHES)


@pytest.mark.parametrize(
    "value",
    [
        *("", ".", "a.", ".a", "a..b", "a b", "a#b", "a\n", "a\tb", "a\u00a0b", "a\u2028b"),
        *("\0a", "a\x1f", "a\x7f", "a\x85", "\ud800", "a" * 999 + " "),
        *(None, 7, True, b"a.b", ["a"], {"a": 1}),
    ],
)
def test_no_uris(value: object) -> None:
    """Empty components, white space, `#`, control characters, lone surrogates, other types."""
    assert not is_uri(value)
    assert not is_pattern(value, "exact")


def test_patterns_may_have_empty_components() -> None:
    """A prefix the last one, a wildcard any."""
    assert all(is_pattern(uri, "prefix") for uri in ("", "a", "a.", "a.b"))
    assert not any(is_pattern(uri, "prefix") for uri in (".", "a..", ".a", "a..b", "a b", None))
    assert all(is_pattern(uri, "wildcard") for uri in ("", ".", "a..b", "..", "a."))
    assert not any(is_pattern(uri, "wildcard") for uri in ("a .", "#.", "\n", 5))


def test_reserved_uris() -> None:
    """`wamp` as the first component."""
    assert is_reserved("wamp")
    assert is_reserved("wamp.x")
    assert not is_reserved("wampum")
    assert not is_reserved("com.wamp")


@given(patterns(), topics)
def test_may_reach_never_misses(pattern: tuple[str, Match], topic: str) -> None:
    """If a pattern covers a topic under a prefix, it may reach that prefix."""
    for cut in range(topic.count(".")):
        prefix = ".".join(topic.split(".")[: cut + 1]) + "."
        if matches(*pattern, topic):
            assert may_reach(*pattern, prefix)


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
