# SPDX-License-Identifier: MIT
"""The requests of one HTTP connection, read one behind another by our own strict parser."""

from typing import Any, Final

from twisted.logger import Logger
from twisted.web.http import HTTPChannel

from wsecho.core.http.contents import Chunked, Content, Measured
from wsecho.core.http.incoming import Incoming
from wsecho.core.http.requests import RequestHead, find_end, skip_empty_lines
from wsecho.core.http.responses import error_response
from wsecho.core.wire.errors import BadRequest, RequestTimeout, WireError
from wsecho.doors.http.deadlines import Deadlines
from wsecho.server.peers import log_refusal, peer_name

READ_AHEAD: Final = 16_384
"""Bytes of further requests that are read while one is answered."""

_LINGER: Final = 5.0


class ReadingChannel(HTTPChannel):
    """Twisted's channel, which reads nothing itself.

    It writes the answers and holds the producers. Its parser takes less care than ours, which the
    front reads a connection's first head by: two parsers on one port would sooner or later
    disagree on what a request is.
    """

    site: Any
    transport: Any
    persistent: Any
    requests: list[Any]
    requestFactory: Any
    _networkProducer: Any
    _content: Content | None = None
    _deadlines: Deadlines
    _is_reading = False
    _is_over = False
    # What the client was not asked for may come all the same.
    _leaves_body = False
    _log = Logger()

    has_ended = False
    """Whether the client sends nothing more, though it may read."""

    def __init__(self) -> None:
        super().__init__()
        self._received = bytearray()

    def begin(self, incoming: Incoming, rest: bytes) -> None:
        """Answer the connection's first request, whose head the front has read.

        Args:
            incoming: that request.
            rest: what came behind its head.
        """
        self._received += rest
        try:
            self._begin(incoming)
        except WireError as error:
            self._refuse(error, self._command + b" ")
        else:
            self._read()

    def read(self, data: bytes) -> None:
        """Read what came."""
        if self._is_over:
            return
        if data.strip(b"\r\n"):
            self.resetTimeout()
        self._received += data
        if not self._handlingRequest:
            self._read()
        elif len(self._received) > READ_AHEAD and not self._waitingForTransport:
            self._networkProducer.pauseProducing()

    def stop_reading(self) -> bytes:
        """Read no more; return what has come and was not read."""
        self._is_over = True
        held, self._received = bytes(self._received), bytearray()
        return held

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

    def end_with(self, answer: bytes) -> None:
        """Answer in the middle of a request, read no more of it, and end the connection."""
        self.stop_clocks()
        self.setTimeout(None)
        for request in self.requests:
            # Nobody is going to read what came of a body.
            if request.content is not None:
                request.content.close()
        self.transport.write(answer)
        self._linger()

    # -- what a request calls

    def body_came(self, octets: int) -> None:
        """Grant a body more time for what came of it."""
        self._deadlines.body_came(octets)

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

    # -- reading

    @property
    def _may_read(self) -> bool:
        return not (self._handlingRequest or self._is_over)

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
            if octets:
                self._deadlines.head_begins()
            return False
        self._deadlines.stop()
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
        self._deadlines.body_begins()

    def _read_content(self, content: Content, octets: bytes) -> bool:
        self.requests[-1].handleContentChunk(content.receive(octets))
        if content.is_whole:
            self._received += content.rest
            self._content = None
            self._deadlines.stop()
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
        self.site.state.stats.refuse(error)
        log_refusal(self._log, peer_name(self), error)
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
        self._deadlines.end_within(_LINGER)

    # -- its time

    def connectionMade(self) -> None:
        """Begin, with nothing to wait for: the front waited for the first head."""
        site = self.site
        self._deadlines = Deadlines(
            site.clock, site.open_timeout, self._head_too_late, self._body_too_late
        )
        super().connectionMade()

    def stop_clocks(self) -> None:
        """Wait for no head and no body any more."""
        self._deadlines.stop()

    def _head_too_late(self) -> None:
        if not self._is_over:
            self._count_too_late()
        self.forceAbortClient()

    def _body_too_late(self) -> None:
        self._count_too_late()
        error = RequestTimeout("the body comes more slowly than this server waits")
        self._refuse(error, self._command + b" ")

    def _count_too_late(self) -> None:
        self.site.state.stats.limits["open-timeout"] += 1
