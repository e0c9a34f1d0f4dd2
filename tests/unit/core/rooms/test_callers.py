# SPDX-License-Identifier: MIT
"""Who calls: whose keys count, and the id that others see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.rooms.callers import Caller, check_secret
from wsecho.core.wire.errors import BadRequest

SECRET = "0123456789abcdef"


def test_without_a_key_nothing_is_keyed() -> None:
    """A retry is then said again."""
    assert Caller("192.168.1.1:1").keyed(None) is None


def test_who_has_a_subject_has_keys_of_its_own() -> None:
    """From whatever address."""
    ours = [Caller(address, sub="ann").keyed("k") for address in ("192.0.2.1:1", "192.0.2.2:2")]
    assert ours[0] == ours[1]
    assert ours[0] != Caller("192.0.2.1:1", sub="bob").keyed("k")


def test_who_has_no_subject_shares_keys_and_answers_for_its_own() -> None:
    """One who comes back from another address finds its key; each address pays for what it used."""
    first, second = (Caller(address).keyed("k") for address in ("192.0.2.1", "192.0.2.2"))
    assert first is not None
    assert second is not None
    assert (first.key, first.caller) == (second.key, second.caller)
    assert first.payer != second.payer


def test_one_that_is_not_named_has_no_id() -> None:
    """Each of its connections is somebody."""
    assert Caller("192.0.2.1").member_id() is None


def test_an_id_says_nothing_of_the_secret() -> None:
    """It is the same for the same secret and subject, and only for these."""
    callers = [
        Caller("192.0.2.1", secret=SECRET),
        Caller("192.0.2.2", secret=SECRET),
        Caller("192.0.2.1", secret=SECRET, sub="ann"),
        Caller("192.0.2.1", secret=SECRET[::-1]),
    ]
    ids = [caller.member_id() for caller in callers]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert all(identifier and len(identifier) == 16 for identifier in ids)
    assert SECRET not in str(ids)


@pytest.mark.parametrize(
    ("member", "secret", "sub", "name", "known"),
    [
        (None, None, None, None, None),
        (None, None, None, "Ann", None),
        (None, None, "ann", None, "sub"),
        (None, None, "ann", "Ann", "sub"),
        (None, SECRET, None, None, "secret"),
        (None, SECRET, "ann", "Ann", "secret"),
        ("conn", None, None, None, "conn"),
        ("conn", None, "ann", "Ann", "conn"),
    ],
)
def test_who_says_it(
    member: str | None, secret: str | None, sub: str | None, name: str | None, known: str | None
) -> None:
    """The member; else whom the secret names; else a hash of the subject; else nobody."""
    caller = Caller("192.0.2.1", sub=sub, name=name, secret=secret)
    author = caller.author(member)
    if known is None:
        assert author is None
        return
    assert author is not None
    assert author.name == name
    ids = {"secret": caller.member_id(), "conn": "conn"}
    assert author.id == ids.get(known, author.id)
    assert author == Caller("192.0.2.9", sub=sub, name=name, secret=secret).author(member)


def test_a_subject_is_told_apart_from_others_and_hidden() -> None:
    """From one who has a secret beside it, too."""
    callers = [Caller("", sub="ann"), Caller("", sub="bob"), Caller("", sub="ann", secret=SECRET)]
    ids = [author.id for caller in callers if (author := caller.author()) is not None]
    assert len(set(ids)) == 3
    assert all(len(identifier) == 16 and "ann" not in identifier for identifier in ids)


@given(st.from_regex(r"[A-Za-z0-9_-]{16,64}", fullmatch=True) | st.none())
def test_a_secret_is_taken(secret: str | None) -> None:
    """One may do without."""
    assert check_secret(secret) == secret


@pytest.mark.parametrize("secret", ["", "a" * 15, "a" * 65, "a" * 16 + "\n", "a" * 15 + "\u00e9"])
def test_what_could_be_guessed_is_no_secret(secret: str) -> None:
    """Nor is what does not stand in an address as it is."""
    with pytest.raises(BadRequest, match="member is 16 to 64 characters"):
        check_secret(secret)
