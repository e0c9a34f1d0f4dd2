# SPDX-License-Identifier: MIT
"""An application in memory that answers octets, and a clock that somebody turns."""

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from zope.interface import implementer

from wsecho.webhooks.posting import Poster
from wsecho.webhooks.url import WebhookUrl

URL = WebhookUrl.parse("http://app.example:8000/ask?key=1")


class Connection(StringTransport):
    """The application's end of a connection."""

    def __init__(self, protocol: Any, clock: Clock) -> None:
        super().__init__()
        self.protocol = protocol
        self.is_over = False
        self._clock = clock
        protocol.makeConnection(self)

    def answer(self, data: bytes) -> None:
        """Send some octets."""
        if not self.is_over:
            self.protocol.dataReceived(data)

    def end(self, reason: Exception | None = None) -> None:
        """Close it."""
        if not self.is_over:
            self.is_over = True
            self.protocol.connectionLost(Failure(reason or ConnectionDone()))

    def loseConnection(self) -> None:
        """Close it from the other side."""
        self.end()

    def abortConnection(self) -> None:
        """Cut it from the other side, which is told of it in the reactor's next turn."""
        if not self.is_over:
            self.is_over = True
            self._clock.callLater(0, self.protocol.connectionLost, Failure(ConnectionAborted()))


@implementer(IStreamClientEndpoint)
class Application:
    """Takes connections, or refuses them.

    Args:
        clock: tells turns of the reactor.

    Attributes:
        connections: those that were made, in their order.
        refuses: what it answers a connection by in place of taking it.
        is_away: whether there is no answer to a connection.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.connections: list[Connection] = []
        self.refuses: Exception | None = None
        self.is_away = False

    def connect(self, protocolFactory: Any) -> Any:
        """Take one."""
        if self.is_away:
            return Deferred()
        if self.refuses is not None:
            return fail(self.refuses)
        protocol = protocolFactory.buildProtocol(None)
        self.connections.append(Connection(protocol, self.clock))
        return succeed(protocol)

    def poster(self, max_answer: int = 1_000) -> Poster:
        """Return what posts to it."""
        return Poster(URL, self, self.clock, at_once=2, max_answer=max_answer)


def ok(body: bytes, *lines: bytes) -> bytes:
    """Return an answer."""
    head = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *lines]
    return b"\r\n".join([*head, b"", body])
