# SPDX-License-Identifier: MIT
"""Twisted's requests as `RequestHead`, so that one gate serves WebSockets and HTTP alike."""

from typing import Any

from wsecho.core.http.requests import RequestHead


def request_head(request: Any) -> RequestHead:
    """Return a request's line and header fields, as they were read."""
    head: RequestHead = request.head
    return head
