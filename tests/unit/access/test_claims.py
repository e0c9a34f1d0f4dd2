# SPDX-License-Identifier: MIT
"""What a token says: who, until when, for whom and from whom."""

import math
from typing import Any

import pytest

from wsecho.access.claims import MAX_NAME, OF_ANYBODY, Claims, Terms
from wsecho.core.wire.errors import BadToken


@pytest.mark.parametrize("value", [1, 0, 1.5, (1 << 53) - 1])
def test_a_time_is_any_number_of_seconds(value: float) -> None:
    """RFC 7519 section 2: a NumericDate may have a fraction."""
    claims = Claims.read({"exp": value, "nbf": value})
    assert (claims.expires, claims.begins) == (value, value)


@pytest.mark.parametrize("claim", ["exp", "nbf"])
@pytest.mark.parametrize("value", [-1, 1 << 53, math.nan, math.inf, True, "1", None, [1], {}])
def test_what_is_no_time_is_named(claim: str, value: Any) -> None:
    """A claim that is there is not taken for absent, whatever its shape."""
    with pytest.raises(BadToken, match=f"claim {claim} is no time"):
        Claims.read({"exp": 1, claim: value})


def test_a_token_must_end_unless_it_may_last() -> None:
    """WAMP-CRA's users have no end."""
    with pytest.raises(BadToken, match="exp is missing"):
        Claims.read({})
    assert Claims.read({}, may_last=True).expires is None


@pytest.mark.parametrize(
    ("now", "reason"), [(9.9, "not valid yet"), (10, None), (19.9, None), (20, "has expired")]
)
def test_the_time_for_it(now: float, reason: str | None) -> None:
    """From its beginning on, and no more at its end (RFC 7519 section 4.1.4)."""
    claims = Claims.read({"nbf": 15, "exp": 15}, leeway=5.0)
    if reason is None:
        claims.check_time(now)
        return
    with pytest.raises(BadToken, match=reason):
        claims.check_time(now)


@pytest.mark.parametrize("claim", ["sub", "name"])
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        *(("", "1 to 200"), ("x" * (MAX_NAME + 1), "1 to 200"), (7, "1 to 200")),
        *(([], "1 to 200"), ("a\nb", "control"), ("a\x7f", "control")),
        *(("a\ud800", "control"), ("a\u2028b", "control"), ("a\u2029", "control")),
    ],
)
def test_a_name_that_others_see_begins_no_line(claim: str, value: Any, reason: str) -> None:
    """It goes into logs, too."""
    with pytest.raises(BadToken, match=f"claim {claim} .*{reason}"):
        Claims.read({"exp": 1, claim: value})


def test_names_are_as_given() -> None:
    """In any language; null is none."""
    claims = Claims.read({"exp": 1, "sub": "\u00e4" * MAX_NAME, "name": None})
    assert (claims.sub, claims.name) == ("\u00e4" * MAX_NAME, None)


@pytest.mark.parametrize(
    ("terms", "claims", "reason"),
    [
        (OF_ANYBODY, {}, None),
        (OF_ANYBODY, {"iss": 7}, None),
        (OF_ANYBODY, {"aud": "us"}, "another audience"),
        (OF_ANYBODY, {"aud": []}, "another audience"),
        (OF_ANYBODY, {"aud": None}, "neither a string nor a list"),
        (Terms(audiences={"us"}), {"aud": "us"}, None),
        (Terms(audiences={"us"}), {"aud": ["them", "us"]}, None),
        (Terms(audiences={"us"}), {"aud": ["them", 7]}, "neither a string nor a list"),
        (Terms(audiences={"us"}), {"aud": "US"}, "another audience"),
        (Terms(audiences={"us"}), {}, "aud is missing"),
        (Terms(issuers={"me"}), {"iss": "me"}, None),
        (Terms(issuers={"me"}), {"iss": ["me"]}, "another issuer"),
        (Terms(issuers={"me"}), {"iss": "you"}, "another issuer"),
        (Terms(issuers={"me"}), {}, "iss is missing"),
    ],
)
def test_for_whom_and_from_whom(terms: Terms, claims: dict[str, Any], reason: str | None) -> None:
    """Who does not find itself in `aud` refuses the token (RFC 7519 section 4.1.3)."""
    if reason is None:
        terms.check(claims)
        return
    with pytest.raises(BadToken, match=reason):
        terms.check(claims)
