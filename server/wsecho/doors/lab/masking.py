# SPDX-License-Identifier: MIT
"""What of a request may be told to others: nothing that lets somebody in elsewhere."""

import json
from typing import Final
from urllib.parse import unquote_plus

from wsecho.access.presented import TOKEN_SUBPROTOCOL
from wsecho.core.http.requests import RequestHead
from wsecho.core.lab.record import RecordedHead

MASK: Final = "…"

_SECRET: Final = frozenset({"authorization", "proxy-authorization", "cookie"})
_PROTOCOLS: Final = "sec-websocket-protocol"


def masked_head(head: RequestHead) -> RecordedHead:
    """Return a request as it may be noted, its headers' names as the client wrote them."""
    fields = tuple((name, _masked(name.lower(), value)) for name, value in head.as_written())
    return RecordedHead(_without_token(head.target), fields)


def write_head_step(
    head: RequestHead,
    address: str,
    extensions: str,
    subprotocol: str | None,
    *,
    is_secure: bool,
) -> bytes:
    """Write what the step `head` sends: cookies of others' would be read by any page that asks.

    Args:
        head: the request.
        address: the client's.
        extensions: those that are in force.
        subprotocol: the one that is, None for none.
        is_secure: whether the client came by TLS.
    """
    told = {
        **masked_head(head).write(),
        "address": address,
        "tls": is_secure,
        "extensions": extensions,
        "subprotocol": subprotocol,
    }
    return json.dumps(told, ensure_ascii=False).encode()


def _masked(name: str, value: str) -> str:
    if name in _SECRET:
        # The scheme is no secret, where there is one.
        scheme, space, _ = value.partition(" ")
        return f"{scheme} {MASK}" if space and name != "cookie" else MASK
    if name != _PROTOCOLS or TOKEN_SUBPROTOCOL not in value:
        return value
    return ", ".join(
        f"{TOKEN_SUBPROTOCOL}{MASK}" if one.startswith(TOKEN_SUBPROTOCOL) else one
        for one in (part.strip() for part in value.split(","))
    )


def _without_token(target: str) -> str:
    path, mark, query = target.partition("?")
    pairs = [
        f"{name}={MASK}" if unquote_plus(name) == "token" else f"{name}{equals}{value}"
        for name, equals, value in (pair.partition("=") for pair in query.split("&"))
    ]
    return f"{path}{mark}{'&'.join(pairs)}"
