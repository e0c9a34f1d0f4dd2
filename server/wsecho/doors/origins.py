# SPDX-License-Identifier: MIT
"""Pages of other origins at the HTTP doors (Fetch standard, "CORS protocol")."""

from twisted.web.server import Request

from wsecho.doors.gate import Gate
from wsecho.doors.heads import request_head
from wsecho.doors.peers import peer_name


def allow_origin(request: Request, gate: Gate) -> None:
    """Let a request's origin pass, and tell its browser so.

    The answer names that origin, never `*`: AutobahnJS sends credentials.

    Raises:
        Forbidden: it may not.
        BadRequest: a header that says where it comes from stands twice.
    """
    head = request_head(request)
    request.setHeader(b"vary", b"Origin")
    gate.check_origin(head, peer_name(request))
    origin = head.one("origin")
    if origin is not None:
        request.setHeader(b"access-control-allow-origin", origin.encode("latin-1"))
        request.setHeader(b"access-control-allow-credentials", b"true")


def answer_preflight(request: Request, method: str) -> bytes:
    """Answer `OPTIONS` for an origin that was let pass."""
    request.setResponseCode(204)
    request.setHeader(b"access-control-allow-methods", method.encode())
    asked = request.getHeader(b"access-control-request-headers")
    request.setHeader(b"access-control-allow-headers", asked or b"content-type")
    request.setHeader(b"access-control-max-age", b"600")
    return b""
