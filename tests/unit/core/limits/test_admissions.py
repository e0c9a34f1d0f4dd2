# SPDX-License-Identifier: MIT
"""How many connections there may be, in all and of one address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.limits.admissions import LOCAL, Admissions, Counts, Place, address_key, counted_as
from wsecho.core.wire.errors import OverLimit, TooMany, WireError


def test_as_many_as_there_may_be_in_all() -> None:
    """Whoever leaves makes place, once."""
    admissions = Admissions(2)
    first, _ = admissions.enter(), admissions.enter()
    with pytest.raises(OverLimit) as caught:
        admissions.enter()
    assert (caught.value.status, dict(caught.value.headers)) == (503, {"Retry-After": "5"})
    first.leave()
    first.leave()
    assert len(admissions) == 1
    admissions.enter()
    assert admissions.refused == {"max-connections": 1}


def test_as_many_as_this_node_can_have() -> None:
    """However few there are in all."""
    admissions = Admissions(9)
    admissions.most_here = 1
    first = admissions.enter()
    with pytest.raises(OverLimit):
        admissions.enter()
    first.leave()
    admissions.enter()
    assert admissions.refused == {"max-connections": 1}


def test_those_of_other_nodes_count() -> None:
    """As each has told last, until it is gone."""
    admissions = Admissions(5)
    admissions.enter()
    admissions.hear("B", Counts(2, {}))
    admissions.hear("C", Counts(9, {}))
    admissions.hear("C", Counts(1, {}))
    last = admissions.enter()
    with pytest.raises(OverLimit):
        admissions.enter()
    last.leave()
    admissions.keep_nodes({"A", "B"})
    for _ in range(2):
        admissions.enter()
    with pytest.raises(OverLimit):
        admissions.enter()


def test_what_is_to_be_told() -> None:
    """Only what has changed, and nothing where nothing has."""
    admissions = Admissions(9, 9)
    assert admissions.changes() is None
    place = admissions.admit("192.0.2.1")
    nameless = admissions.enter()
    assert admissions.changes() == Counts(2, {"192.0.2.1": 1})
    assert admissions.changes() is None
    nameless.leave()
    assert admissions.changes() == Counts(1, {})
    assert admissions.everything() == Counts(1, {"192.0.2.1": 1})
    place.leave()
    assert admissions.changes() == Counts(0, {"192.0.2.1": 0})


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("192.0.2.1:80", "192.0.2.1:81", True),
        ("192.0.2.1:80", "192.0.2.1", True),
        ("192.0.2.1:80", "[::ffff:192.0.2.1]:80", True),
        ("192.0.2.1", "192.0.2.11", False),
        ("[2001:db8::1]:80", "2001:db8::ffff:0:0:1", True),
        ("[2001:db8::1]:80", "[2001:db8:0:1::1]:80", False),
        ("[fe80::1%eth0]:80", "[fe80::2%eth1]:80", True),
        ("a local socket", "/run/some.sock", True),
        ("a local socket", "192.0.2.1", False),
    ],
)
def test_who_is_one(one: str, other: str, *, are_one: bool) -> None:
    """Whatever the port; and whoever has no address is one with all others who have none."""
    admissions = Admissions(most_per_address=1)
    admissions.admit(one)
    if are_one:
        with pytest.raises(TooMany):
            admissions.admit(other)
    else:
        admissions.admit(other)
    assert admissions.of(one) == 1
    assert (counted_as(one) == counted_as(other)) is are_one


def test_a_place_of_which_nothing_is_known() -> None:
    """Counts in all, and as nobody's; a session of a local client counts with it."""
    admissions = Admissions(most_per_address=2)
    admissions.enter().another()
    place = admissions.admit("a local socket")
    place.another()
    with pytest.raises(TooMany):
        place.another()
    assert (len(admissions), admissions.of("")) == (4, 0)
    assert admissions.everything().by_address == {LOCAL: 2}


def test_as_many_as_one_address_may_have() -> None:
    """Another address is not touched, and who is refused takes no place."""
    admissions = Admissions(0, 1)
    first = admissions.admit("192.0.2.1:1000")
    with pytest.raises(TooMany) as caught:
        admissions.admit("192.0.2.1:2000")
    assert (caught.value.status, dict(caught.value.headers)) == (429, {"Retry-After": "5"})
    admissions.admit("192.0.2.2:1000")
    assert len(admissions) == 2
    first.leave()
    admissions.admit("192.0.2.1:3000")
    assert admissions.refused == {"max-connections-per-address": 1}


def test_a_proxys_connection_is_whose_request_it_carries() -> None:
    """From request to request; one that is refused leaves it whose it was."""
    admissions = Admissions(0, 1)
    proxied = admissions.enter()
    proxied.belongs_to("192.0.2.1")
    proxied.belongs_to("192.0.2.1")
    admissions.admit("192.0.2.2")
    with pytest.raises(TooMany):
        proxied.belongs_to("192.0.2.2")
    assert admissions.of("192.0.2.1") == 1
    proxied.belongs_to("192.0.2.3")
    assert (admissions.of("192.0.2.1"), admissions.of("192.0.2.3")) == (0, 1)


def test_a_session_takes_a_further_place_for_the_same_client() -> None:
    """Within the same bounds."""
    admissions = Admissions(0, 2)
    place = admissions.admit("[2001:db8::1]:80")
    place.another()
    with pytest.raises(TooMany):
        place.another()
    Admissions().enter().another()


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.1:80", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
        ("[2001:db8:0:1:2::3]:80", "2001:db8:0:1::/64"),
        ("2001:db8:0:1::", "2001:db8:0:1::/64"),
        ("2001:db8:0:1::/64", "2001:db8:0:1::/64"),
        ("a local socket", None),
        ("/run/wsecho.sock", None),
        ("", None),
    ],
)
def test_what_an_address_counts_as(address: str, key: str | None) -> None:
    """IPv6 by its network, IPv4 as itself however it is written, anything else as nothing."""
    assert address_key(address) == key


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=60))
def test_the_counts_are_those_of_a_plain_model(steps: list[tuple[int, int]]) -> None:
    """Whoever comes, moves and goes, in any order."""
    admissions = Admissions(6, 3)
    held: list[tuple[Place, str]] = []
    for action, number in steps:
        address = f"192.0.2.{number % 4}"
        try:
            if action < 2:
                held.append((admissions.admit(address), address))
            elif held and action == 2:
                place, _ = held[number % len(held)]
                place.belongs_to(address)
                held[number % len(held)] = (place, address)
            elif held:
                held.pop(number % len(held))[0].leave()
        except WireError:
            of_it = sum(1 for _, whose in held if whose == address)
            assert of_it == 3 or len(held) == 6
        assert len(admissions) == len(held) <= 6
        for n in range(4):
            whose = f"192.0.2.{n}"
            assert admissions.of(whose) == sum(1 for _, owner in held if owner == whose) <= 3
    for place, _ in held:
        place.leave()
    assert not admissions._by_address
