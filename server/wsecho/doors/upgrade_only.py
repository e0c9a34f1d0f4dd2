# SPDX-License-Identifier: MIT
"""What an address that only speaks WebSocket tells somebody who came with plain HTTP."""

from twisted.web.resource import Resource
from twisted.web.server import Request

from wsecho.core.errors import WireError
from wsecho.doors.handshake import room_of
from wsecho.doors.site import answer_error

_HOW = """\
This address speaks WebSocket (RFC 6455). From a terminal:

    python -m pip install websockets
    python -m websockets {url}

From a browser's console:

    new WebSocket("{url}")
"""


class UpgradeOnly(Resource):
    """Answers 426 and says how to connect (RFC 9110 section 15.5.22).

    Args:
        rooms: whether the addresses below are rooms' names.
    """

    def __init__(self, *, rooms: bool) -> None:
        super().__init__()
        self.isLeaf = rooms

    def render(self, request: Request) -> bytes:
        """Say 426, or what is wrong with the address itself."""
        if self.isLeaf:
            try:
                room_of(request.path.decode("latin-1"))
            except WireError as error:
                return answer_error(request, error)
        request.setResponseCode(426, b"Upgrade Required")
        request.setHeader(b"upgrade", b"websocket")
        request.setHeader(b"connection", b"upgrade")
        request.setHeader(b"content-type", b"text/plain; charset=utf-8")
        request.setHeader(b"cache-control", b"no-store")
        request.setHeader(b"x-content-type-options", b"nosniff")
        return _HOW.format(url=_websocket_url(request)).encode()


def _websocket_url(request: Request) -> str:
    scheme = "wss" if request.isSecure() else "ws"
    host = (request.getHeader(b"host") or b"localhost").decode("latin-1")
    return f"{scheme}://{host}{request.path.decode('latin-1')}"
