# SPDX-License-Identifier: MIT
"""Pages of other origins at the HTTP doors (Fetch standard, "CORS protocol")."""

from twisted.web.server import Request

from wsecho.core.errors import Forbidden
from wsecho.core.origins import Origins


def allow_origin(request: Request, origins: Origins) -> None:
    """Let a request's origin pass, and tell its browser so.

    The answer names that origin, never `*`: AutobahnJS sends credentials.

    Raises:
        Forbidden: it may not.
    """
    origin = _header(request, "origin")
    request.setHeader(b"vary", b"Origin")
    origins.check(origin, _header(request, "host"), _header(request, "sec-fetch-site"))
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


def _header(request: Request, name: str) -> str | None:
    values = request.requestHeaders.getRawHeaders(name) or []
    if len(values) > 1:
        raise Forbidden(f"the header {name} stands {len(values)} times")
    return values[0] if values else None
