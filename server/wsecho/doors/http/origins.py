# SPDX-License-Identifier: MIT
"""Pages of other origins at the HTTP doors (Fetch standard, "CORS protocol")."""

import re
from typing import Any, Final

from twisted.web.server import Request

from wsecho.access.proxies import Sender
from wsecho.core.http.requests import RequestHead
from wsecho.core.wire.errors import WireError
from wsecho.doors.gate import Gate

_SHARED: Final = re.compile(r"(?:[A-Za-z]+://[^/]*)?/(?:broadcast|lp)(?:[/?]|$)")
"""The targets that pages of other origins may ask."""


def allow_origin(request: Any, gate: Gate) -> None:
    """Let a request's origin pass, and tell its browser so.

    The answer names that origin, never `*`: AutobahnJS sends credentials.

    Args:
        request: an `HttpRequest`.
        gate: says whose pages may come.

    Raises:
        Forbidden: it may not.
        BadRequest: a header that says where it comes from stands twice.
    """
    request.setHeader(b"vary", b"Origin")
    for name, value in origin_headers(request.head, gate, request.sender):
        request.setHeader(name.encode("latin-1"), value.encode("latin-1"))


def origin_headers(head: RequestHead, gate: Gate, sender: Sender) -> list[tuple[str, str]]:
    """List the header fields that let a request's page read the answer.

    Raises:
        Forbidden: its origin may not come.
        BadRequest: a header that says where it comes from stands twice.
    """
    gate.check_origin(head, sender)
    origin = head.one("origin")
    if origin is None:
        return []
    return [
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Credentials", "true"),
    ]


def readable_headers(head: RequestHead, gate: Gate, peer: str) -> list[tuple[str, str]]:
    """List the same for an answer that refuses, whoever asked: none where the origin may not come.

    Without them a page of another origin cannot tell what went wrong, and its `EventSource` gives
    up for good.
    """
    if not _SHARED.match(head.target):
        return []
    try:
        return [("Vary", "Origin"), *origin_headers(head, gate, gate.sender(head, peer))]
    except WireError:
        return []


def answer_preflight(request: Request, method: str) -> bytes:
    """Answer `OPTIONS` for an origin that was let pass."""
    request.setResponseCode(204)
    request.setHeader(b"access-control-allow-methods", method.encode())
    asked = request.getHeader(b"access-control-request-headers")
    request.setHeader(b"access-control-allow-headers", asked or b"content-type")
    request.setHeader(b"access-control-max-age", b"600")
    return b""
