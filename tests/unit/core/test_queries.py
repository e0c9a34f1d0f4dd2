# SPDX-License-Identifier: MIT
"""The query of a room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.errors import BadRequest
from wsecho.core.handshake import split_target
from wsecho.core.positions import Position
from wsecho.core.queries import RoomQuery


def read(query: str) -> RoomQuery:
    """The query behind a path."""
    return RoomQuery.read(split_target(f"/broadcast/a?{query}")[1])


def test_nothing_asked_for_is_the_live_room() -> None:
    """With what one sends oneself, without presence."""
    assert read("") == RoomQuery(None, None, wants_own=True, wants_presence=False, secret=None)


def test_each_parameter_is_read_and_unknown_ones_are_ignored() -> None:
    """Percent-encoded too."""
    assert read("after=e%3A7&history=3&self=0&presence=1&member=0123456789abcdef&x=y") == RoomQuery(
        Position("e", 7), 3, wants_own=False, wants_presence=True, secret="0123456789abcdef"
    )


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("after=", "position"),
        ("after=e:01", "position"),
        ("after=e:9007199254740992", "position"),
        ("after=e:1&after=e:1", "after"),
        ("history=-1", "history"),
        ("history=1.0", "history"),
        ("history=%D9%A1", "history"),
        ("history=99999999999999999999", "history"),
        ("self=2", "self"),
        ("presence=yes", "presence"),
        ("member=short", "member"),
        ("member=" + "x" * 65, "member"),
        ("member=0123456789abcde%0A", "member"),
    ],
)
def test_a_malformed_parameter_is_named(query: str, name: str) -> None:
    """In the reason of the 400."""
    with pytest.raises(BadRequest, match=name):
        read(query)


@given(st.text(alphabet=st.characters(max_codepoint=0x7E, min_codepoint=0x21), max_size=80))
def test_any_query_is_read_or_refused(query: str) -> None:
    """Never anything else."""
    try:
        read(query)
    except BadRequest:
        return
