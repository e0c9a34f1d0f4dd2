# SPDX-License-Identifier: MIT
"""Twisted's `Site`, with upgrades on kept-alive connections and a time for every head."""

from http import HTTPStatus
from random import Random
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IProtocol, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.resource import IResource
from twisted.web.server import Request, Site

from wsecho.bus.later import settle
from wsecho.config import Config
from wsecho.core.admissions import Place
from wsecho.core.bodies import BodyPace
from wsecho.core.errors import Internal, RequestTimeout, TooLarge, WireError
from wsecho.core.handshake import wants_websocket
from wsecho.core.responses import answer_for, error_response
from wsecho.doors.connections import Drainable
from wsecho.doors.handshake import Handshake
from wsecho.doors.heads import request_head
from wsecho.doors.origins import readable_headers
from wsecho.doors.peers import peer_name
from wsecho.lane.lane import Lane
from wsecho.lane.transport import LaneTransport

KEEP_ALIVE: Final = 60
"""Seconds that an idle HTTP connection is kept."""

JITTER: Final = Random()  # noqa: S311  # nobody gains by guessing it
"""Spreads over time those that come back together."""

_LINGER: Final = 5.0


class Channel(HTTPChannel):
    """HTTP/1.1 on one connection, which a WebSocket may take over later.

    A proxy that keeps connections to its upstream alive (nginx) sends an upgrade as any
    request of such a connection.
    """

    site: "EchoSite"
    place: Place
    transport: Any
    _networkProducer: Any
    _successor: IProtocol | None = None
    _tenant: Drainable | None = None
    _head_deadline: IDelayedCall | None = None
    _pace: BodyPace | None = None
    _body_deadline: IDelayedCall | None = None
    _is_over = False
    _lane: LaneTransport | None = None

    @property
    def is_paced(self) -> bool:
        """As the successor; a plain request is answered, which is all there is to tell."""
        return self._tenant is not None and self._tenant.is_paced

    @property
    def is_idle(self) -> bool:
        """Whether no request is under way."""
        return not self.requests if self._tenant is None else self._tenant.is_idle

    def drain(self, retry: float) -> None:
        """Tell the successor; requests are told by what answers them, and then it is over."""
        if self._tenant is not None:
            self._tenant.drain(retry)
        elif self.is_idle and self.site.house.connections.is_replaced:
            # Its client comes back to the process that serves now.
            self.loseConnection()
        else:
            self.persistent = False

    def abort(self) -> None:
        """Cut the connection."""
        self.transport.abortConnection()

    def hand_over(self, protocol: Any) -> None:
        """Give the connection to another protocol."""
        self.setTimeout(None)
        self._networkProducer.resumeProducing()
        self.transport.unregisterProducer()
        self._successor = self._tenant = protocol
        held, self._dataBuffer = b"".join(self._dataBuffer), []
        protocol.makeConnection(self.transport)
        if held:
            protocol.dataReceived(held)

    def take_the_lane(self) -> LaneTransport | None:
        """Have an answer that is the connection's last go straight to the socket.

        Returns:
            what it is written to; None where the connection stays in the reactor's hands.
        """
        lane = self.site.lane
        taken = None if lane is None else lane.take(self.transport, self)
        if taken is not None:
            self.transport = self._networkProducer = self._lane = taken
            taken.registerProducer(self, True)
        return taken

    def end_with(self, answer: bytes) -> None:
        """Answer in the middle of a request, read no more of it, and end the connection."""
        self._is_over = True
        self._stop_body_clock()
        self.setTimeout(None)
        self.transport.unregisterProducer()
        for request in self.requests:
            # Twisted keeps a large body in a file, which nobody is going to read.
            if request.content is not None:
                request.content.close()
        self.transport.write(answer)
        self.transport.loseWriteConnection()
        self._head_deadline = self.callLater(_LINGER, self._head_too_late)

    def dataReceived(self, data: bytes) -> None:
        """Read requests, or what the successor reads."""
        if self._is_over:
            return
        if self._successor is None:
            super().dataReceived(data)
        else:
            self._successor.dataReceived(data)

    def rawDataReceived(self, data: bytes) -> None:
        """What came behind the head of an upgrade is the successor's too."""
        if self._is_over:
            return
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
        """Stop the head's clock, and start the body's."""
        self._stop_head_clock()
        super().allHeadersReceived()
        if self.length != 0 and not self._is_over:
            grace = self.site.open_timeout
            self._pace = BodyPace(self.site.clock.seconds(), grace)
            self._body_deadline = self.callLater(grace, self._look_at_pace)

    def body_came(self, octets: int) -> None:
        """Grant a body more time for what came of it."""
        if self._pace is not None:
            self._pace.receive(octets)

    def allContentReceived(self) -> None:
        """Stop the body's clock."""
        self._stop_body_clock()
        super().allContentReceived()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell the successor, or the requests that wait."""
        if self._lane is not None:
            self._lane.leave()
        self._stop_head_clock()
        self._stop_body_clock()
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
        if not self._is_over:
            self.site.house.stats.limits["open-timeout"] += 1
        self.forceAbortClient()

    def _stop_body_clock(self) -> None:
        self._pace = None
        if self._body_deadline is not None and self._body_deadline.active():
            self._body_deadline.cancel()
        self._body_deadline = None

    def _look_at_pace(self) -> None:
        self._body_deadline = None
        assert self._pace is not None  # noqa: S101  # both are stopped together
        left = self._pace.deadline - self.site.clock.seconds()
        if left > 0:
            self._body_deadline = self.callLater(left, self._look_at_pace)
        else:
            self.site.house.stats.limits["open-timeout"] += 1
            error = RequestTimeout("the body comes more slowly than this server waits")
            self.requests[-1].refuse_body(error)


class HttpRequest(Request):
    """One HTTP request; one that asks for a WebSocket gets it."""

    channel: Any
    _body = 0
    _log = Logger()

    def gotLength(self, length: int | None) -> None:
        """Refuse a body that says beforehand that it is too large."""
        if length is not None and length > self.channel.site.max_body:
            self._too_large()
        else:
            super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:
        """Refuse a chunked body as soon as it is too large."""
        self._body += len(data)
        self.channel.body_came(len(data))
        if self._body > self.channel.site.max_body:
            self._too_large()
        else:
            super().handleContentChunk(data)

    def process(self) -> None:
        """Open the WebSocket that the request asks for, or find its resource."""
        head = request_head(self)
        channel, peer = self.channel, peer_name(self)
        handshake = channel.site.handshake
        try:
            channel.place.belongs_to(handshake.gate.sender(head, peer).address)
            if not wants_websocket(head):
                super().process()
                return
            outcome = handshake.accept(head, peer, channel.place)
        except WireError as error:
            self._refuse(error)
        else:
            cancel_with(self, outcome)
            settle(outcome, channel.hand_over, self._refuse)

    def write(self, data: bytes) -> None:
        """Say in an answer that begins while the server is stopping when to come back."""
        connections = self.channel.site.house.connections if self.channel else None
        if connections is not None and connections.is_stopping and not self.startedWriting:
            self.channel.persistent = False
            self.setHeader(b"connection", b"close")
            if not self.responseHeaders.hasHeader(b"retry-after"):
                self.setHeader(b"retry-after", connections.retry_after.encode())
        super().write(data)

    def render(self, resrc: IResource) -> None:
        """Render the resource, under our name instead of the library's version."""
        self.setHeader(b"server", b"wsecho")
        super().render(resrc)

    def processingFailed(self, reason: Failure) -> Failure:
        """Log a fault of ours, and answer 500, or break off an answer that has begun."""
        self._log.failure("our own fault at {path}", failure=reason, path=self.path)
        if self.startedWriting:
            self.channel.transport.abortConnection()
            return reason
        body = answer_error(self, Internal())
        self.setHeader(b"content-length", str(len(body)).encode())
        self.write(body)
        self.finish()
        return reason

    def _too_large(self) -> None:
        self.channel.site.house.stats.limits["max-message-size"] += 1
        self.refuse_body(TooLarge(f"the body is over {self.channel.site.max_body} bytes"))

    def refuse_body(self, error: WireError) -> None:
        """Answer an error in the middle of a body, and end the connection."""
        log_refusal(self._log, self, error)
        self.channel.end_with(error_response(error))

    def _refuse(self, error: WireError) -> None:
        self.channel.site.house.stats.refuse(error)
        log_refusal(self._log, self, error)
        self.setHeader(b"connection", b"close")
        self.channel.persistent = False
        gate = self.channel.site.handshake.gate
        for name, value in readable_headers(request_head(self), gate, peer_name(self)):
            self.setHeader(name.encode("latin-1"), value.encode("latin-1"))
        body = answer_error(self, error)
        self.setHeader(b"content-length", str(len(body)).encode())
        self.write(body)
        self.finish()


def log_refusal(log: Logger, request: Request, error: WireError) -> None:
    """Log a request that is refused, in one line."""
    log.info(
        "refused {peer}: {status} {reason}",
        peer=peer_name(request),
        status=error.status,
        reason=error.reason,
    )


def cancel_with(request: Request, outcome: object) -> None:
    """Wait no more for what a request asked for, once its client is gone."""
    if isinstance(outcome, Deferred):
        request.notifyFinish().addErrback(lambda _: outcome.cancel())


def answer_error(request: Any, error: WireError) -> bytes:
    """Set a request's status and headers for an error, and return the body."""
    answer = answer_for(error, request_head(request), JITTER.random())
    request.setResponseCode(answer.status, HTTPStatus(answer.status).phrase.encode())
    for name, value in answer.headers:
        request.setHeader(name.encode("ascii"), value.encode("latin-1"))
    # Twisted logs a body that a HEAD was given.
    return b"" if request.method == b"HEAD" else answer.body


class EchoSite(Site):
    """The HTTP half of the port.

    Args:
        resource: the tree of addresses.
        handshake: opens the WebSockets that are asked for later on a connection.
        clock: times idle connections and slow heads.
        config: how long a head may take from its first line, and how large a body may be.
        lane: where the sockets of endless answers go; None for the reactor's own way.
    """

    # HTTP/2 has no upgrades, so the wrapper that could switch to it is left out.
    protocol = Channel  # type: ignore[assignment]  # Twisted expects that wrapper
    noisy = False

    def __init__(
        self,
        resource: IResource,
        handshake: Handshake,
        clock: IReactorTime,
        config: Config,
        lane: Lane | None = None,
    ) -> None:
        super().__init__(
            resource,
            requestFactory=HttpRequest,
            # A body is a message: a form is not read here, whatever it calls itself.
            parsePOSTFormSubmission=False,
            timeout=KEEP_ALIVE,
            reactor=clock,
        )
        self.handshake = handshake
        self.house = handshake.house
        self.clock = clock
        self.open_timeout = config.open_timeout
        self.max_body = config.max_message_size
        self.lane = lane

    def log(self, request: Any) -> None:
        """Write no access log: a line for each request would bury what matters."""
