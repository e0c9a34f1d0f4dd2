# SPDX-License-Identifier: MIT
"""The ways in which a request presents a token."""

import pytest

from wsecho.access.presented import presented_token
from wsecho.core.http.handshake import Query
from wsecho.core.http.requests import RequestHead
from wsecho.core.wire.errors import BadRequest

PROTOCOL = "sec-websocket-protocol"


def presented(*fields: tuple[str, str], query: tuple[tuple[str, str], ...] = ()) -> str | None:
    """The token of a request."""
    return presented_token(RequestHead("GET", "/", "1.1", fields), Query(query))


@pytest.mark.parametrize(
    ("fields", "query", "token"),
    [
        ((), (), None),
        ([("authorization", "Bearer a.b.c")], (), "a.b.c"),
        ([("authorization", "bEARER  a.b.c ")], (), "a.b.c"),
        ([("authorization", "Basic abc")], (), None),
        ((), [("token", "a.b.c")], "a.b.c"),
        ([(PROTOCOL, "wsecho.v1, wsecho.token.a.b.c")], (), "a.b.c"),
        ([(PROTOCOL, "wsecho.v1"), (PROTOCOL, "wsecho.token.a.b.c")], (), "a.b.c"),
        ([(PROTOCOL, "wsecho.v1")], (), None),
        ([("authorization", "Bearer a"), (PROTOCOL, "wsecho.token.a")], [("token", "a")], "a"),
        ([("authorization", "Basic abc")], [("token", "a")], "a"),
        ([("authorization", "Bearer")], (), ""),
        ((), [("token", "")], ""),
    ],
)
def test_a_token_stands_in_one_of_three_places(
    fields: list[tuple[str, str]], query: list[tuple[str, str]], token: str | None
) -> None:
    """Or in several, if it is the same; an empty one is one that is bad, not none."""
    assert presented(*fields, query=tuple(query)) == token


@pytest.mark.parametrize(
    ("fields", "query"),
    [
        ([("authorization", "Bearer a")], [("token", "b")]),
        ([("authorization", "Bearer a")], [("token", "")]),
        ([("authorization", "Bearer a"), (PROTOCOL, "wsecho.token.b")], []),
        ([(PROTOCOL, "wsecho.token.a, wsecho.token.b")], []),
    ],
)
def test_two_different_ones_are_none(
    fields: list[tuple[str, str]], query: list[tuple[str, str]]
) -> None:
    """Nobody guesses which was meant."""
    with pytest.raises(BadRequest, match="two different tokens"):
        presented(*fields, query=tuple(query))
