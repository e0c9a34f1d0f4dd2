# SPDX-License-Identifier: MIT
"""The ways in which a request presents a token."""

from typing import Final

from wsecho.core.http.handshake import Query
from wsecho.core.http.requests import RequestHead
from wsecho.core.wire.errors import BadRequest

TOKEN_SUBPROTOCOL: Final = "wsecho.token."  # noqa: S105  # no password, but what begins one
"""What begins a subprotocol that carries a token; it is never the one chosen."""

_BEARER: Final = "bearer"


def presented_token(head: RequestHead, query: Query) -> str | None:
    """Return the token of a request, None where there is none.

    It stands in `Authorization: Bearer`, in `?token=` or, since a browser's WebSocket sets no
    headers, in a subprotocol that is offered beside others.

    Raises:
        BadRequest: there are two different ones.
    """
    found = set(_offered(head))
    scheme, _, credentials = (head.one("authorization") or "").partition(" ")
    # Another scheme is some proxy's business.
    if scheme.lower() == _BEARER:
        found.add(credentials.strip())
    in_query = query.parameter("token")
    if in_query is not None:
        found.add(in_query)
    if len(found) > 1:
        raise BadRequest("two different tokens are presented")
    return found.pop() if found else None


def _offered(head: RequestHead) -> list[str]:
    return [
        name.removeprefix(TOKEN_SUBPROTOCOL)
        for name in head.tokens("sec-websocket-protocol")
        if name.startswith(TOKEN_SUBPROTOCOL)
    ]
