# SPDX-License-Identifier: MIT
"""When a token is to be asked for again."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.client.protocol.renewal import MARGIN, Renewal, expiry_of
from wsecho.core.wire.base64url import encode


def jwt(claims: object) -> str:
    """Something with the shape of a JWT."""
    return f"head.{encode(json.dumps(claims).encode())}.signature"


def test_a_jwt_says_when_it_expires() -> None:
    """In Unix seconds (RFC 7519 section 4.1.4)."""
    assert expiry_of(jwt({"exp": 1_700_000_000})) == 1_700_000_000
    assert expiry_of(jwt({"exp": 1.5})) == 1.5


@pytest.mark.parametrize(
    "token",
    [
        *("", "opaque", "a.b.c", "a.ä.c", f"a.{encode(b'{}')}.c", f"a.{encode(b'[' * 9_000)}.c"),
        *map(jwt, ([], None, {"exp": "soon"}, {"exp": None}, {"exp": [1]})),
        *(jwt({"exp": value}) for value in (float("inf"), float("nan"), 10**400)),
    ],
    ids=range(14),
)
def test_what_does_not_say_is_asked_for_each_time(token: str) -> None:
    """It is no fault: the server may know such tokens."""
    assert expiry_of(token) is None


@given(st.text())
def test_no_token_breaks_it(token: str) -> None:
    """Whatever the function gave."""
    assert expiry_of(token) is None


@given(st.floats(1, 1e9))
def test_a_token_is_renewed_before_it_expires(seconds: float) -> None:
    """With a fifth of its time left."""
    renewal = Renewal()
    renewal.take("token", seconds, 100.0)
    assert renewal.renew_at is not None
    assert 100.0 < renewal.renew_at < 100.0 + seconds
    assert renewal.is_good(100.0) is (seconds > MARGIN)
    assert not renewal.is_good(100.0 + seconds)


def test_the_same_token_again_is_not_asked_for_in_haste() -> None:
    """A function that has nothing better yet is not asked again and again."""
    renewal = Renewal()
    now, asked = 0.0, 0
    while now < 60.0:
        renewal.take("token", 60.0 - now, now)
        assert renewal.renew_at is not None
        now, asked = renewal.renew_at, asked + 1
    assert asked < 10


def test_a_token_that_does_not_count_is_not_shown_again() -> None:
    """Until one was accepted."""
    renewal = Renewal()
    renewal.take("token", 1_000.0, 0.0)
    assert (renewal.rejected(), renewal.is_good(0.0), renewal.renew_at) == (1, False, None)
    assert renewal.rejected() == 2
    renewal.accepted()
    assert renewal.is_good(0.0)
    assert renewal.rejected() == 1


def test_a_token_is_not_in_its_repr() -> None:
    """What is logged must not have it."""
    renewal = Renewal()
    renewal.take("secret", 10.0, 0.0)
    assert "secret" not in repr(renewal)
    renewal.failed(8.0)
    assert renewal.renew_at is not None
    renewal.stop()
    assert renewal.renew_at is None
