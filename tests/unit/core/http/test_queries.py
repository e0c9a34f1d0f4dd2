# SPDX-License-Identifier: MIT
"""The query of a room."""

from contextlib import suppress
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.http.handshake import split_target
from wsecho.core.http.queries import PollQuery, RoomQuery
from wsecho.core.wire.errors import BadRequest
from wsecho.core.wire.positions import Position


def test_all_parameters_are_read() -> None:
    """And unknown ones ignored."""
    _, query = split_target("/?after=e:1&history=2&self=0&presence=1&wait=3&limit=4&x=5")
    assert RoomQuery.read(query) == RoomQuery(
        after=Position("e", 1),
        history=2,
        wants_own=False,
        wants_presence=True,
    )
    assert PollQuery.read(query) == PollQuery(3.0, 4)


def test_what_is_not_given_has_its_default() -> None:
    """Live, with one's own, without presence; answered now, a hundred messages at most."""
    _, query = split_target("/")
    assert RoomQuery.read(query) == RoomQuery()
    assert PollQuery.read(query) == PollQuery(0.0, 100)


@pytest.mark.parametrize(
    "query",
    [
        *("after=", "after=e", "history=", "history=1.0", "history=9007199254740992"),
        *("wait=-1", "wait=61", "wait=+1", "wait=1e1", "wait=\u0661", "limit=0", "limit=1001"),
        *("self=true", "presence=", "limit=1&limit=1", f"wait={'0' * 99}"),
    ],
)
def test_a_malformed_parameter_is_named(query: str) -> None:
    """In the reason of a 400."""
    _, found = split_target(f"/?{query}")
    name = "position" if query.startswith("after") else query.partition("=")[0]
    read = PollQuery.read if name in {"wait", "limit"} else RoomQuery.read
    with pytest.raises(BadRequest, match=name):
        read(found)


NAMES = st.sampled_from(["after", "history", "self", "presence", "wait", "limit", "x"])


@given(st.lists(st.tuples(NAMES, st.text(max_size=6) | st.integers().map(str)), max_size=5))
def test_any_query_is_read_or_refused(pairs: list[tuple[str, str]]) -> None:
    """What is read is within its bounds."""
    _, query = split_target(f"/?{urlencode(pairs)}")
    with suppress(BadRequest):
        RoomQuery.read(query)
        poll = PollQuery.read(query)
        assert 0 <= poll.wait <= 60
        assert 1 <= poll.limit <= 1000
