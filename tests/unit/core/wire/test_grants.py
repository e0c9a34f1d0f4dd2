# SPDX-License-Identifier: MIT
"""What a token's claims allow."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.wire.errors import Forbidden, Unauthorized
from wsecho.core.wire.grants import EVERYTHING, NOTHING, Grants

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda values: (
        st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values, max_size=3)
    ),
    max_leaves=6,
)


def test_globs_are_over_whole_names() -> None:
    """With `*`, `?` and `[…]`, a slash being nothing special."""
    grants = Grants.of_claims({"rooms": {"join": ["team-*", "a?c"]}})
    for room in ("team-", "team-1/x", "abc"):
        assert grants.may("join", room)
    for room in ("team", "xteam-1", "ac", "abcd", "TEAM-1"):
        assert not grants.may("join", room)
    assert not grants.may("publish", "team-1")


def test_prefixes_are_over_uris() -> None:
    """Of the string, not of components."""
    grants = Grants.of_claims({"wamp": {"call": ["com.example.", "org"]}})
    assert grants.may_wamp("call", "com.example.add")
    assert grants.may_wamp("call", "organic")
    assert not grants.may_wamp("call", "com.example")
    assert not grants.may_wamp("register", "com.example.add")


def test_what_is_absent_is_not_granted() -> None:
    """No claim, no right."""
    grants = Grants.of_claims({"exp": 1})
    assert grants == NOTHING
    assert not grants.may_operate()
    with pytest.raises(Forbidden, match="publish to the room 'x'"):
        grants.check("publish", "x")


def test_without_tokens_everything_is_allowed() -> None:
    """Rooms with any name too."""
    for action in ("join", "publish", "operate"):
        EVERYTHING.check(action, "any\nthing")
    assert EVERYTHING.may_operate()
    assert EVERYTHING.may_wamp("register", "x")


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"rooms": "*"}, "rooms"),
        ({"rooms": {"join": "*"}}, "rooms.join"),
        ({"rooms": {"join": [1]}}, "rooms.join"),
        ({"wamp": []}, "wamp"),
        ({"wamp": {"call": None}}, "wamp.call"),
    ],
)
def test_a_wrong_shape_is_a_bad_token(claims: dict[str, Any], name: str) -> None:
    """The reason names the claim."""
    with pytest.raises(Unauthorized, match=f"the token's claim {name} is no"):
        Grants.of_claims(claims)


@given(st.dictionaries(st.sampled_from(["rooms", "wamp", "x"]), JSON))
def test_any_claims_are_read_or_refused(claims: dict[str, Any]) -> None:
    """Never anything else."""
    try:
        grants = Grants.of_claims(claims)
    except Unauthorized:
        return
    grants.may("join", "room")
