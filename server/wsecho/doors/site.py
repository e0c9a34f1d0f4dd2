# SPDX-License-Identifier: MIT
"""Twisted's `Site`, with upgrades on kept-alive connections and a time for every head."""

from http import HTTPStatus
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IProtocol, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.resource import IResource
from twisted.web.server import Request, Site

from wsecho.core.errors import WireError
from wsecho.core.handshake import wants_websocket
from wsecho.core.requests import RequestHead
from wsecho.core.responses import error_body, error_headers
from wsecho.doors.handshake import Handshake

KEEP_ALIVE: int = 60
"""Seconds that an idle HTTP connection is kept."""


class Channel(HTTPChannel):
    """HTTP/1.1 on one connection, which a WebSocket may take over later.

    A proxy that keeps connections to its upstream alive (nginx) sends an upgrade as any
    request of such a connection.
    """

    site: "EchoSite"
    transport: Any
    _successor: IProtocol | None = None
    _head_deadline: IDelayedCall | None = None

    def hand_over(self, protocol: IProtocol, head: bytes) -> None:
        """Give the connection to another protocol, with the head that it begins with."""
        self.setTimeout(None)
        self._networkProducer.resumeProducing()
        self.transport.unregisterProducer()
        self._successor = protocol
        protocol.makeConnection(self.transport)
        protocol.dataReceived(head)

    def dataReceived(self, data: bytes) -> None:
        """Read requests, or what the successor reads."""
        if self._successor is None:
            super().dataReceived(data)
        else:
            self._successor.dataReceived(data)

    def rawDataReceived(self, data: bytes) -> None:
        """What came behind the head of an upgrade is the successor's too."""
        if self._successor is None:
            super().rawDataReceived(data)
        else:
            self._successor.dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        """Start the clock with a head's first line: a trickle does not extend it."""
        if self._head_deadline is None:
            self._head_deadline = self.callLater(self.site.open_timeout, self._head_too_late)
        super().lineReceived(line)

    def allHeadersReceived(self) -> None:
        """Stop the clock: the head is here."""
        self._stop_head_clock()
        super().allHeadersReceived()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell the successor, or the requests that wait."""
        self._stop_head_clock()
        if self._successor is None:
            super().connectionLost(reason)
        else:
            self._successor.connectionLost(reason)

    def _stop_head_clock(self) -> None:
        if self._head_deadline is not None and self._head_deadline.active():
            self._head_deadline.cancel()
        self._head_deadline = None

    def _head_too_late(self) -> None:
        self._head_deadline = None
        self.forceAbortClient()


class HttpRequest(Request):
    """One HTTP request; one that asks for a WebSocket gets it."""

    channel: Any
    _log = Logger()

    def process(self) -> None:
        """Open the WebSocket that the request asks for, or find its resource."""
        head = RequestHead(
            method=self.method.decode("latin-1"),
            target=self.uri.decode("latin-1"),
            version=self.clientproto.removeprefix(b"HTTP/").decode("latin-1"),
            headers=tuple(
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, values in self.requestHeaders.getAllRawHeaders()
                for value in values
            ),
        )
        if not wants_websocket(head):
            super().process()
            return
        try:
            protocol, rewritten = self.channel.site.handshake.accept(head)
        except WireError as error:
            self._refuse(error)
        else:
            self.channel.hand_over(protocol, rewritten)

    def render(self, resrc: IResource) -> None:
        """Render the resource, under our name instead of the library's version."""
        self.setHeader(b"server", b"wsecho")
        super().render(resrc)

    def _refuse(self, error: WireError) -> None:
        self._log.info(
            "refused an upgrade: {status} {reason}", status=error.status, reason=error.reason
        )
        self.setHeader(b"connection", b"close")
        self.channel.persistent = False
        body = answer_error(self, error)
        self.setHeader(b"content-length", str(len(body)).encode())
        self.write(body)
        self.finish()


def answer_error(request: Any, error: WireError) -> bytes:
    """Set a request's status and headers for an error, and return the body."""
    request.setResponseCode(error.status, HTTPStatus(error.status).phrase.encode())
    for name, value in error_headers(error):
        request.setHeader(name.encode("ascii"), value.encode("latin-1"))
    return error_body(error)


class EchoSite(Site):
    """The HTTP half of the port.

    Args:
        resource: the tree of addresses.
        handshake: opens the WebSockets that are asked for later on a connection.
        clock: times idle connections and slow heads.
        open_timeout: seconds that a head may take from its first line.
    """

    # HTTP/2 has no upgrades, so the wrapper that could switch to it is left out.
    protocol = Channel  # type: ignore[assignment]  # Twisted expects that wrapper
    noisy = False

    def __init__(
        self, resource: IResource, handshake: Handshake, clock: IReactorTime, open_timeout: float
    ) -> None:
        super().__init__(resource, requestFactory=HttpRequest, timeout=KEEP_ALIVE, reactor=clock)
        self.handshake = handshake
        self.open_timeout = open_timeout

    def log(self, request: Any) -> None:
        """Write no access log: a line for each request would bury what matters."""
