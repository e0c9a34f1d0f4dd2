# SPDX-License-Identifier: MIT
"""HTTP/1.1 on one connection, read by our own strict parser and answered by Twisted's."""

from typing import Any, Final

from twisted.internet.interfaces import IDelayedCall, IProtocol
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel

from wsecho.core.http.contents import Chunked, Content, Measured
from wsecho.core.http.incoming import Incoming
from wsecho.core.http.requests import RequestHead, find_end, skip_empty_lines
from wsecho.core.http.responses import error_response
from wsecho.core.limits.admissions import Place
from wsecho.core.limits.bodies import BodyPace
from wsecho.core.limits.progress import Progress
from wsecho.core.wire.errors import BadRequest, RequestTimeout, TooLarge, WireError, without_quotes
from wsecho.lane.progress import progress
from wsecho.lane.transport import LaneTransport
from wsecho.server.connections import Drainable
from wsecho.server.peers import peer_name

READ_AHEAD: Final = 16_384
"""Bytes of further requests that are read while one is answered."""

_LINGER: Final = 5.0


class HttpChannel(HTTPChannel):
    """One connection, which a WebSocket may take over later.

    A proxy that keeps connections to its upstream alive (nginx) sends an upgrade as any
    request of such a connection.

    Twisted's channel writes the answers and holds the producers. It reads nothing: its parser
    takes less care than ours, and two parsers on one port would sooner or later disagree.
    """

    site: Any
    place: Place
    transport: Any
    persistent: Any
    requests: list[Any]
    requestFactory: Any
    _networkProducer: Any
    _successor: IProtocol | None = None
    _tenant: Drainable | None = None
    _content: Content | None = None
    _head_deadline: IDelayedCall | None = None
    _pace: BodyPace | None = None
    _body_deadline: IDelayedCall | None = None
    _is_reading = False
    _is_over = False
    # What the client was not asked for may come all the same.
    _leaves_body = False
    _lane: LaneTransport | None = None
    _seen: Progress | None = None
    _log = Logger()

    has_ended = False
    """Whether the client sends nothing more, though it may read."""

    def __init__(self) -> None:
        super().__init__()
        self._received = bytearray()

    @property
    def is_paced(self) -> bool:
        """As the successor; a plain request is answered, which is all there is to tell."""
        return self._tenant is not None and self._tenant.is_paced

    @property
    def is_idle(self) -> bool:
        """Whether no request is under way."""
        return not self.requests if self._tenant is None else self._tenant.is_idle

    @property
    def speaks_http(self) -> bool:
        """Whether nobody has taken the connection over."""
        return self._successor is None

    def drain(self, retry: float) -> None:
        """Tell the successor; requests are told by what answers them, and then it is over."""
        if self._tenant is not None:
            self._tenant.drain(retry)
        elif self.is_idle and self.site.state.connections.is_replaced:
            # Its client comes back to the process that serves now.
            self.loseConnection()
        else:
            self.persistent = False

    def abort(self) -> None:
        """Cut the connection."""
        self.transport.abortConnection()

    def hand_over(self, protocol: Any) -> None:
        """Give the connection to another protocol, with what came behind the request."""
        self.setTimeout(None)
        self._networkProducer.resumeProducing()
        self.transport.unregisterProducer()
        self._successor = self._tenant = protocol
        held, self._received = bytes(self._received), bytearray()
        protocol.makeConnection(self.transport)
        if held:
            protocol.dataReceived(held)
        if self.has_ended:
            self.transport.loseConnection()

    def take_the_lane(self) -> LaneTransport | None:
        """Have an answer that is the connection's last go straight to the socket.

        Returns:
            what it is written to; None where the connection stays in the reactor's hands.
        """
        lane = self.site.lane
        taken = None if lane is None or self.has_ended else lane.take(self.transport, self)
        if taken is not None:
            self.transport = self._networkProducer = self._lane = taken
            taken.registerProducer(self, True)
        return taken

    def end_with(self, answer: bytes) -> None:
        """Answer in the middle of a request, read no more of it, and end the connection."""
        self._stop_head_clock()
        self._stop_body_clock()
        self.setTimeout(None)
        for request in self.requests:
            # Nobody is going to read what came of a body.
            if request.content is not None:
                request.content.close()
        self.transport.write(answer)
        self._linger()

    # -- what the connection calls

    def dataReceived(self, data: bytes) -> None:
        """Read requests, or what the successor reads."""
        if self._is_over:
            return
        if self._successor is not None:
            self._successor.dataReceived(data)
            return
        if data.strip(b"\r\n"):
            self.resetTimeout()
        self._received += data
        if not self._handlingRequest:
            self._read()
        elif len(self._received) > READ_AHEAD and not self._waitingForTransport:
            self._networkProducer.pauseProducing()

    def readConnectionLost(self) -> None:
        """Answer what was asked, then end: the client has closed its half."""
        self.has_ended = True
        if self._is_over:
            self.transport.loseConnection()
        elif self._handlingRequest:
            for request in self.requests:
                request.input_ended()
        elif not self._is_reading:
            self._end_of_requests()

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

    # -- what a request calls

    def body_came(self, octets: int) -> None:
        """Grant a body more time for what came of it."""
        if self._pace is not None:
            self._pace.receive(octets)

    def requestDone(self, request: Any) -> None:
        """Go on with the next request, or end the connection."""
        self.requests.remove(request)
        if not (self._waitingForTransport or self.has_ended):
            self._networkProducer.resumeProducing()
        if self.persistent:
            self._handlingRequest = False
            if self._savedTimeOut:
                self.setTimeout(self._savedTimeOut)
            self._read()
        elif self._leaves_body:
            self._linger()
        else:
            self.loseConnection()

    def timeoutConnection(self) -> None:
        """End an idle connection; one whose last answer is still being taken is none yet."""
        before, self._seen = self._seen, progress(self.transport, 0)
        gets_on = before is None or self._seen.taken > before.taken
        if self._seen.waiting and gets_on:
            self.setTimeout(self.timeOut)
        else:
            super().timeoutConnection()

    # -- reading

    @property
    def _may_read(self) -> bool:
        return not (self._handlingRequest or self._is_over or self._successor is not None)

    def _read(self) -> None:
        """Read requests as far as they came. Those that are answered at once do not nest."""
        if self._is_reading:
            return
        self._is_reading = True
        try:
            while self._received and self._may_read:
                octets, self._received = bytes(self._received), bytearray()
                if not self._read_some(octets):
                    break
        finally:
            self._is_reading = False
        if self.has_ended and self._may_read:
            self._end_of_requests()

    def _read_some(self, octets: bytes) -> bool:
        """Read a head or some of a body; return whether there may be more to read."""
        try:
            if self._content is None:
                return self._read_head(skip_empty_lines(octets))
            return self._read_content(self._content, octets)
        except WireError as error:
            is_head = self._content is None and not self.requests
            self._refuse(error, skip_empty_lines(octets) if is_head else self._command + b" ")
            return False

    def _read_head(self, octets: bytes) -> bool:
        end = find_end(octets)
        if end is None:
            self._received += octets
            if octets and self._head_deadline is None:
                # A trickle does not extend it.
                self._head_deadline = self.callLater(self.site.open_timeout, self._head_too_late)
            return False
        self._stop_head_clock()
        incoming = Incoming.of(RequestHead.parse(octets[:end]))
        self._received += octets[end:]
        self._begin(incoming)
        return True

    def _begin(self, incoming: Incoming) -> None:
        head = incoming.head
        self._command, self._path = head.method.encode("latin-1"), head.target.encode("latin-1")
        self._version = b"HTTP/1.0" if head.is_of_http_1_0 else b"HTTP/1.1"
        request = self.requestFactory(self, len(self.requests))
        self.requests.append(request)
        self.persistent = not head.is_of_http_1_0 and "close" not in head.words("connection")
        if not self.persistent:
            request.setHeader(b"connection", b"close")
        request.begin(incoming)
        if incoming.length == 0:
            self.allContentReceived()
        elif not incoming.waits or self._welcome(request):
            self._expect_content(incoming.length)

    def _welcome(self, request: Any) -> bool:
        """Ask for the body that a client holds back; or answer without it, and end."""
        if request.wants_body():
            self._send100Continue()
            return True
        self.persistent, self._leaves_body = False, True
        request.setHeader(b"connection", b"close")
        self.allContentReceived()
        return False

    def _expect_content(self, length: int | None) -> None:
        self._content = Chunked(self.site.max_body) if length is None else Measured(length)
        grace = self.site.open_timeout
        self._pace = BodyPace(self.site.clock.seconds(), grace)
        self._body_deadline = self.callLater(grace, self._look_at_pace)

    def _read_content(self, content: Content, octets: bytes) -> bool:
        self.requests[-1].handleContentChunk(content.receive(octets))
        if content.is_whole:
            self._received += content.rest
            self._content = None
            self._stop_body_clock()
            self.allContentReceived()
        return True

    def _end_of_requests(self) -> None:
        if self._received or self._content is not None:
            method = bytes(self._received) if self._content is None else self._command + b" "
            self._refuse(BadRequest("the request ends before it is whole"), method)
        else:
            self.loseConnection()

    def _refuse(self, error: WireError, request: bytes) -> None:
        """Answer a request that is none; what stands behind it cannot be read."""
        stats = self.site.state.stats
        stats.refuse(error)
        if isinstance(error, TooLarge):
            stats.limits["max-message-size"] += 1
        log_refusal(self._log, self, error)
        self.end_with(error_response(error, has_body=not request.startswith(b"HEAD ")))

    def _linger(self) -> None:
        """Send FIN, and read on for a while: a reset would take along what was just written."""
        self._is_over = True
        self._content, self._received = None, bytearray()
        self._networkProducer.resumeProducing()
        self.transport.unregisterProducer()
        if self.has_ended:
            self.transport.loseConnection()
            return
        self.transport.loseWriteConnection()
        self._head_deadline = self.callLater(_LINGER, self._head_too_late)

    # -- its time

    def _stop_head_clock(self) -> None:
        if self._head_deadline is not None and self._head_deadline.active():
            self._head_deadline.cancel()
        self._head_deadline = None

    def _head_too_late(self) -> None:
        self._head_deadline = None
        if not self._is_over:
            self.site.state.stats.limits["open-timeout"] += 1
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
            self.site.state.stats.limits["open-timeout"] += 1
            error = RequestTimeout("the body comes more slowly than this server waits")
            self._refuse(error, self._command + b" ")


def log_refusal(log: Logger, request: Any, error: WireError) -> None:
    """Log a request that is refused, in one line."""
    log.info(
        "refused {peer}: {status} {reason}",
        peer=peer_name(request),
        status=error.status,
        reason=without_quotes(error.reason),
    )
