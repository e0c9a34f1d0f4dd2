# SPDX-License-Identifier: MIT
"""Twisted's requests as `RequestHead`, so that one gate serves WebSockets and HTTP alike."""

from twisted.web.http import Request

from wsecho.core.requests import RequestHead


def request_head(request: Request) -> RequestHead:
    """Return a request's line and header fields."""
    return RequestHead(
        method=request.method.decode("latin-1"),
        target=request.uri.decode("latin-1"),
        version=request.clientproto.removeprefix(b"HTTP/").decode("latin-1"),
        headers=tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, values in request.requestHeaders.getAllRawHeaders()
            for value in values
        ),
    )
