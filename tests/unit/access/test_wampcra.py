# SPDX-License-Identifier: MIT
"""WAMP-CRA's file, and its signature."""

import pytest
from autobahn.wamp.auth import compute_wcs
from hypothesis import given
from hypothesis import strategies as st

from wsecho.access.wampcra import read_logins, sign_challenge

GOOD = """
[ann]
secret = "sixteen or more characters"
name = "Ann"
rooms = { join = ["team-*"] }

["bob@example.org"]
secret = "another secret, longer"
exp = 2_000_000_000
"""


def test_a_file() -> None:
    """The authid is the sub; a login may last."""
    logins = read_logins(GOOD.encode())
    ann, bob = logins["ann"], logins["bob@example.org"]
    assert (ann.claims.sub, ann.claims.name, ann.claims.expires) == ("ann", "Ann", None)
    assert ann.claims.grants.may("join", "team-1")
    assert bob.claims.expires == 2_000_000_000
    assert "sixteen" not in repr(ann)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x", "not TOML"),
        ("ann = 1", "ann is no table"),
        ("[ann]", "secret of ann"),
        ("[ann]\nsecret = 'short'", "16 characters"),
        ("[ann]\nsecret = 'sixteen or more characters'\nsub = 'bob'", "sub of ann"),
        ("[ann]\nsecret = 'sixteen or more characters'\nrooms = 'x'", "ann: .*rooms is no"),
        ("['a\\n']\nsecret = 'sixteen or more characters'\n[\"a\\n\"]", "secret of|control"),
        ("[ann]\nsecret = 'sixteen or more characters'\nexp = 2026-01-01", "exp is no time"),
    ],
)
def test_what_is_no_file(text: str, reason: str) -> None:
    """One reason, naming the table."""
    with pytest.raises(ValueError, match=reason):
        read_logins(text.encode())


@given(st.text(), st.text())
def test_the_signature_is_autobahns(secret: str, challenge: str) -> None:
    """As every client computes it."""
    assert sign_challenge(secret, challenge) == compute_wcs(secret.encode(), challenge.encode())
