# SPDX-License-Identifier: MIT
"""URIs, and what a pattern of them covers."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.unit.router.patterns import patterns, topics
from wsecho.router.wire.uris import (
    MATCHES,
    Match,
    is_pattern,
    is_reserved,
    is_uri,
    matches,
    may_reach,
)


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
