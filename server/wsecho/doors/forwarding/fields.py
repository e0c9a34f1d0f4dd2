# SPDX-License-Identifier: MIT
"""What is passed on of a request, and of its answer; all else is each side's own."""

from typing import Any, Final

from twisted.web.http_headers import Headers

from wsecho.access.signatures import Signed

SIGNATURE: Final = b"wsecho-forwarded"
"""The request's header field that holds the signature."""

REFUSED: Final = b"wsecho-refused"
"""The answer's, where the signature was not taken: the cause."""

REQUEST_FIELDS: Final = (b"content-type", b"last-event-id")
ANSWER_FIELDS: Final = (b"content-type", b"x-accel-buffering", b"retry-after", b"allow")


def signed_of(request: Any, node: str, target: bytes, body: bytes) -> Signed:
    """Return what a signature is for, as either side sees the request.

    Args:
        request: the request, the client's or the other node's.
        node: whom it is for.
        target: its path and query, as they go from node to node.
        body: its body.
    """
    return Signed(
        node=node,
        method=request.method.decode("latin-1"),
        target=target.decode("latin-1"),
        fields=tuple((request.getHeader(name) or b"").decode("latin-1") for name in REQUEST_FIELDS),
        body=body,
    )


def passed_on(request: Any) -> Headers:
    """Return the header fields of a request that are passed on."""
    found = Headers()
    for name in REQUEST_FIELDS:
        value = request.getHeader(name)
        if value is not None:
            found.addRawHeader(name, value)
    return found
