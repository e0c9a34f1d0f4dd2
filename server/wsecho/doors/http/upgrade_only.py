# SPDX-License-Identifier: MIT
"""What an address that only speaks WebSocket tells somebody who came with plain HTTP."""

from twisted.web.resource import Resource

from wsecho.doors.http.request import HttpRequest

_HOW = """\
This address speaks WebSocket (RFC 6455). From a terminal:

    python -m pip install websockets
    python -m websockets {url}

From a browser's console:

    new WebSocket("{url}")
"""


class UpgradeOnly(Resource):
    """Answers 426 and says how to connect (RFC 9110 section 15.5.22)."""

    def render(self, request: HttpRequest) -> bytes:
        """Say 426."""
        request.setResponseCode(426, b"Upgrade Required")
        request.setHeader(b"upgrade", b"websocket")
        request.setHeader(b"connection", b"upgrade")
        request.setHeader(b"content-type", b"text/plain; charset=utf-8")
        request.setHeader(b"cache-control", b"no-store")
        request.setHeader(b"x-content-type-options", b"nosniff")
        # Twisted logs a body that a HEAD was given.
        is_head = request.method == b"HEAD"
        return b"" if is_head else _HOW.format(url=_websocket_url(request)).encode()


def _websocket_url(request: HttpRequest) -> str:
    # As the client wrote it, who may have come by a proxy that ends TLS, or calls us otherwise.
    sender = request.sender
    scheme = "wss" if request.isSecure() or sender.is_secure else "ws"
    return f"{scheme}://{sender.host or 'localhost'}{request.path.decode('latin-1')}"
