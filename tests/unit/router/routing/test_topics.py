# SPDX-License-Identifier: MIT
"""Topics, and whose they are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.router.patterns import patterns
from tests.unit.router.peers import Rooms
from wsecho.router import WampError
from wsecho.router.routing.topics import Topics
from wsecho.router.wire.uris import Match, matches


class Owner(Rooms):
    """Owns what begins with `a.`."""

    prefixes = ("a.",)  # type: ignore[assignment]


OWNER: Any = Owner()
OWNED = Topics(OWNER)
NOBODYS = Topics(None)


@pytest.mark.parametrize(
    ("topic", "spelling", "is_owned"),
    [
        ("a.B", "a.b", True),
        ("a.", "a.", True),
        # A prefix ends in a dot, so what only begins alike is nobody's, and stays as it is spelled.
        ("a", "a", False),
        ("aB.c", "aB.c", False),
        ("A.b", "A.b", False),
    ],
)
def test_only_owned_topics_have_an_owners_spelling(
    topic: str, spelling: str, *, is_owned: bool
) -> None:
    """Elsewhere topics are the application's own, letter by letter ("URIs")."""
    assert OWNED.canonical(topic) == spelling
    assert (OWNED.owner_of(topic) is OWNER) is is_owned
    assert NOBODYS.canonical(topic) == topic
    assert NOBODYS.owner_of(topic) is None


def test_what_the_owner_cannot_read_is_no_topic() -> None:
    """As it says."""
    with pytest.raises(WampError) as refused:
        OWNED.canonical("a.!")
    assert refused.value.uri == "wamp.error.invalid_uri"


@given(patterns(), st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=4))
def test_the_owner_hears_of_whoever_could_have_its_events(
    wanted: tuple[str, Match], parts: list[str]
) -> None:
    """No subscription to which an owned topic would match is missed, by whatever policy."""
    topic = ".".join(["a", *parts])
    if matches(*wanted, topic):
        assert OWNED.owner_reached(*wanted) is OWNER
    assert NOBODYS.owner_reached(*wanted) is None


@pytest.mark.parametrize(
    ("uri", "match"), [("b.", "prefix"), ("ab", "prefix"), ("b..", "wildcard"), ("a", "exact")]
)
def test_the_owner_does_not_hear_of_the_others(uri: str, match: Match) -> None:
    """Those whose events can be none of its own."""
    assert OWNED.owner_reached(uri, match) is None
