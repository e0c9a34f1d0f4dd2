# SPDX-License-Identifier: MIT
"""One HTTP request: what is known of it from its head on, and on its way to what answers it."""

from collections.abc import Callable
from functools import cached_property
from http import HTTPStatus
from io import BytesIO
from random import Random
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import IResource
from twisted.web.server import Request

from wsecho.access.proxies import Sender
from wsecho.core.http.handshake import examine, wants_websocket
from wsecho.core.http.incoming import Incoming
from wsecho.core.http.requests import RequestHead
from wsecho.core.http.responses import answer_for
from wsecho.core.promise import Promise, settle
from wsecho.core.wire.errors import Internal, TooLarge, WireError
from wsecho.doors.http.origins import readable_headers
from wsecho.server.peers import log_refusal, peer_name

JITTER: Final = Random()  # noqa: S311  # nobody gains by guessing it
"""Spreads over time those that come back together."""

_NAME: Final = b"wsecho"


class HttpRequest(Request):
    """One HTTP request; one that asks for a WebSocket gets it.

    Attributes:
        head: its line and header fields.
    """

    channel: Any
    head: RequestHead
    _incoming: Incoming
    _refusal: WireError | None = None
    _at_end_of_input: Callable[[], object] | None = None
    _log = Logger()

    @cached_property
    def sender(self) -> Sender:
        """Where it came from, as the proxies tell: worked out once, for all who ask.

        Raises:
            BadRequest: a header stands twice, or a trusted proxy passes on two stories.
        """
        sender: Sender = self.channel.site.handshake.gate.sender(self.head, peer_name(self))
        return sender

    def begin(self, incoming: Incoming) -> None:
        """Take the head; the body, which is bounded, is kept in memory.

        Raises:
            TooLarge: the body says beforehand that it is too large.
        """
        self._incoming, self.head = incoming, incoming.head
        for name, value in incoming.head.headers:
            self.requestHeaders.addRawHeader(name.encode("latin-1"), value.encode("latin-1"))
        self.content = BytesIO()
        most = self.channel.site.max_body
        if incoming.length is not None and incoming.length > most:
            raise TooLarge(f"the body is over {most} bytes")

    def handleContentChunk(self, data: bytes) -> None:
        """Keep some of the body."""
        self.channel.body_came(len(data))
        super().handleContentChunk(data)

    def wants_body(self) -> bool:
        """Tell by the head alone whether its client, which waits, shall send the body.

        What would be refused all the same, or is answered without it, does not need one.
        """
        try:
            self._incoming.check_coding()
            self.channel.place.belongs_to(self.sender.address)
            if wants_websocket(self.head):
                examine(self.head)
            look_ahead = getattr(self._door(), "look_ahead", None)
            if look_ahead is not None:
                look_ahead(self)
        except WireError as error:
            self._refusal = error
            return False
        return look_ahead is not None

    def process(self) -> None:
        """Open the WebSocket that the request asks for, or find its resource."""
        try:
            if self._refusal is not None:
                raise self._refusal
            self._incoming.check_coding()
            self.channel.place.belongs_to(self.sender.address)
            if self.head.target == "*":
                self.setHeader(b"server", _NAME)
                self._handleStar()
                return
            if not wants_websocket(self.head):
                super().process()
                return
            channel = self.channel
            outcome = channel.site.handshake.accept(self.head, self.sender, channel.place)
        except WireError as error:
            self._refuse(error)
        else:
            cancel_with(self, outcome)
            settle(outcome, channel.hand_over, self._refuse)

    def when_input_ends(self, act: Callable[[], object]) -> None:
        """Have something called once the client has closed its half of the connection.

        What is answered soon is answered all the same. But what waits for something, or goes on
        for ever, is not told otherwise that its client has gone away.
        """
        self._at_end_of_input = act
        if self.channel is not None and self.channel.has_ended:
            self.channel.callLater(0, self.input_ended)

    def input_ended(self) -> None:
        """Tell whoever wanted to know."""
        act, self._at_end_of_input = self._at_end_of_input, None
        if act is not None:
            act()

    def write(self, data: bytes) -> None:
        """Say in an answer that begins while the server is stopping when to come back."""
        connections = self.channel.site.state.connections if self.channel else None
        if connections is not None and connections.is_stopping and not self.startedWriting:
            self.channel.persistent = False
            self.setHeader(b"connection", b"close")
            if not self.responseHeaders.hasHeader(b"retry-after"):
                self.setHeader(b"retry-after", connections.retry_after.encode())
        if self.code == HTTPStatus.NO_CONTENT and not self.startedWriting:
            # Twisted gives each body a length, also where RFC 9110 section 8.6 forbids it.
            self.responseHeaders.removeHeader(b"content-length")
        super().write(data)

    def render(self, resrc: IResource) -> None:
        """Render the resource, under our name instead of the library's version."""
        self.setHeader(b"server", _NAME)
        super().render(resrc)

    def __repr__(self) -> str:
        """Tell nothing of what the client asked for: libraries write this into their lines."""
        return f"<{type(self).__name__} at {id(self):#x}>"

    def processingFailed(self, reason: Failure) -> Failure:
        """Log a fault of ours, and answer 500, or break off an answer that has begun."""
        self._log.failure(
            "{peer}: our own fault, in an HTTP request", failure=reason, peer=peer_name(self)
        )
        if self.startedWriting:
            self.channel.transport.abortConnection()
            return reason
        body = answer_error(self, Internal())
        self.setHeader(b"content-length", str(len(body)).encode())
        self.write(body)
        self.finish()
        return reason

    def _door(self) -> Any:
        """Find the resource before the request is whole."""
        site = self.channel.site
        self.method = self.head.method.encode("latin-1")
        self.uri = self.head.target.encode("latin-1")
        self.path = self.uri.partition(b"?")[0]
        segments = self.path[1:].split(b"/")
        self.prepath, self.postpath = [], [unquote_to_bytes(segment) for segment in segments]
        return site.getResourceFor(self)

    def _refuse(self, error: WireError) -> None:
        self.channel.site.state.stats.refuse(error)
        peer = peer_name(self)
        log_refusal(self._log, peer, error)
        self.setHeader(b"connection", b"close")
        self.channel.persistent = False
        gate = self.channel.site.handshake.gate
        for name, value in readable_headers(self.head, gate, peer):
            self.setHeader(name.encode("latin-1"), value.encode("latin-1"))
        body = answer_error(self, error)
        self.setHeader(b"content-length", str(len(body)).encode())
        self.write(body)
        self.finish()


def cancel_with(request: Request, outcome: object) -> None:
    """Wait no more for what a request asked for, once its client is gone."""
    if isinstance(outcome, Promise):
        request.notifyFinish().addErrback(lambda _: outcome.cancel())


def answer_error(request: Any, error: WireError) -> bytes:
    """Set a request's status and headers for an error, and return the body."""
    answer = answer_for(error, request.head, JITTER.random())
    request.setResponseCode(answer.status, HTTPStatus(answer.status).phrase.encode())
    for name, value in answer.headers:
        request.setHeader(name.encode("ascii"), value.encode("latin-1"))
    # Twisted logs a body that a HEAD was given.
    return b"" if request.method == b"HEAD" else answer.body
