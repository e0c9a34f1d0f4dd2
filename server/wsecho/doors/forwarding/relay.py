# SPDX-License-Identifier: MIT
"""One forwarded request: the other node's answer goes on to the client as it comes."""

from collections.abc import Callable
from enum import Enum, auto
from typing import Any, ClassVar

from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http import NO_BODY_CODES, PotentialDataLoss
from twisted.web.iweb import UNKNOWN_LENGTH

from wsecho.core.http.media import EVENTS
from wsecho.core.wire.errors import WireError
from wsecho.doors.forwarding.fields import ANSWER_FIELDS
from wsecho.doors.http.request import answer_error
from wsecho.server.connections import Connections


class RelayState(Enum):
    """How far it is."""

    WAITING = auto()
    STREAMING = auto()
    OVER = auto()


class Closing(Protocol):
    """Reads no more of an answer."""

    transport: Any

    def connectionMade(self) -> None:
        """Close the connection."""
        self.transport.stopProducing()


class Relay(Protocol):
    """Reads the other node's answer, no faster than the client does.

    Args:
        request: the client's.
        connections: what is open.
        cancel: gives up on the other node while it has not answered.
    """

    # The client of a stream comes back at once, to a node that stays.
    is_paced: ClassVar = True
    is_idle: ClassVar = False
    transport: Any

    def __init__(
        self, request: Any, connections: Connections, cancel: Callable[[], object]
    ) -> None:
        self.state = RelayState.WAITING
        self._request = request
        self._connections = connections
        self._cancel = cancel
        self._is_stream = False
        connections.add(self)
        request.notifyFinish().addErrback(lambda _: self._gone())

    def begin(self, response: Any) -> None:
        """Pass the answer's head on; its body comes as it comes."""
        if self.state is not RelayState.WAITING:
            response.deliverBody(Closing())
            return
        self.state = RelayState.STREAMING
        self._request.setResponseCode(response.code)
        for name in ANSWER_FIELDS:
            for value in response.headers.getRawHeaders(name, ()):
                self._request.setHeader(name, value)
                self._is_stream |= value.startswith(EVENTS.encode())
        if response.length is not UNKNOWN_LENGTH and response.code not in NO_BODY_CODES:
            self._request.setHeader(b"content-length", str(response.length).encode())
        response.deliverBody(self)
        if self._is_stream:
            self._request.when_input_ends(self._leave_off)

    def refuse(self, error: WireError) -> None:
        """Answer by an error of our own."""
        if self.end():
            body = answer_error(self._request, error)
            self._request.setHeader(b"content-length", str(len(body)).encode())
            self._request.write(body)
            self._request.finish()

    def give_up(self) -> None:
        """Answer that there is nothing, while there is: its client has closed its half."""
        if self.state is RelayState.WAITING:
            self.end()
            self._cancel()
            self._request.setResponseCode(204)
            self._request.finish()

    def end(self) -> bool:
        """Note that it is over; tell whether it was not before."""
        was, self.state = self.state, RelayState.OVER
        self._connections.discard(self)
        return was is not RelayState.OVER

    def drain(self, retry: float) -> None:
        """End a stream: its client goes on by another node. What waits is answered within 8 s."""
        if self._is_stream:
            self._leave_off()

    def abort(self) -> None:
        """Cut the client off."""
        if self._request.channel is not None:
            self._request.channel.transport.abortConnection()

    def connectionMade(self) -> None:
        """Let a client that reads slowly slow the other node down."""
        self._request.registerProducer(self.transport, True)

    def dataReceived(self, data: bytes) -> None:
        """Pass some of the body on."""
        if self.state is RelayState.STREAMING:
            self._request.write(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """End the answer as the other node did: whole, or broken off."""
        if self.state is not RelayState.STREAMING:
            return
        if reason.check(ResponseDone, PotentialDataLoss):
            self._finish()
        else:
            self.abort()

    def _finish(self) -> None:
        if self.end():
            self._request.unregisterProducer()
            self._request.finish()

    def _gone(self) -> None:
        was = self.state
        self.end()
        if was is RelayState.WAITING:
            self._cancel()
        elif was is RelayState.STREAMING:
            self._stop()

    def _leave_off(self) -> None:
        if self.state is RelayState.STREAMING:
            self._stop()
            self._finish()

    def _stop(self) -> None:
        self.transport.stopProducing()
