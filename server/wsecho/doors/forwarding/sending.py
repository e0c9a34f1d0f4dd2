# SPDX-License-Identifier: MIT
"""The node that a client reached: it forwards the request, and streams the answer back."""

import errno
import secrets
from functools import partial
from typing import Any, Final

from attrs import define, field, frozen
from twisted.internet.defer import Deferred, fail
from twisted.internet.error import (
    ConnectError,
    DNSLookupError,
    NoRouteError,
    TCPTimedOutError,
)
from twisted.internet.error import TimeoutError as ConnectTimeoutError
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.client import (
    URI,
    RequestTransmissionFailed,
    ResponseFailed,
    ResponseNeverReceived,
)
from twisted.web.iweb import IResponse

from wsecho.access.signatures import CAUSES, sign_request
from wsecho.core.wire.errors import BadGateway, NotFound, OtherSecret, WireError
from wsecho.doors.forwarding.fields import REFUSED, SIGNATURE, passed_on, signed_of
from wsecho.doors.forwarding.relay import Closing, Relay, RelayState
from wsecho.doors.forwarding.routes import Route, Routes
from wsecho.server.peers import log_refusal, peer_name
from wsecho.server.state import ServerState
from wsecho.webhooks.bodies import WholeBody

ANSWER_WITHIN: Final = 30.0
"""Seconds in which another node begins to answer; an empty `receive` takes 8."""

_QUIET: Final = 60.0
_NONCE_BYTES: Final = 16
_RECEIVE: Final = b"/receive"
_UNREACHABLE: Final = (ConnectTimeoutError, TCPTimedOutError, NoRouteError, DNSLookupError)
_LOST: Final = (ResponseNeverReceived, ResponseFailed, RequestTransmissionFailed)
_NOBODY_THERE: Final = frozenset({errno.ECONNREFUSED, errno.ENOENT, errno.ECONNRESET})

_TRIES: Final = 5
_PAUSE: Final = 0.1
"""Seconds until a connection is tried again that could not be made, but not for want of a node: the
queue of its socket is full, or descriptors are used up here."""


@define(eq=False)
class Forwarder:
    """Forwards requests.

    Args:
        routes: the ways to other nodes.
        state: what all doors share.
        reactor: Twisted's reactor.
    """

    _routes: Routes
    _state: ServerState
    _reactor: Any
    _complained: dict[str, float] = field(factory=dict, init=False)

    _log = Logger()

    def forward(self, request: Any, node: str, client: str) -> None:
        """Answer a request by what another node answers.

        Args:
            request: the request, whole; its head may have been answered in part (CORS).
            node: whose session it is for.
            client: the client's address.
        """
        body: bytes = request.content.read()
        asked: Deferred[Route | None] = self._routes.find(node)
        relay = Relay(request, self._state.connections, asked.cancel)
        if request.path.endswith(_RECEIVE):
            request.when_input_ends(relay.give_up)
        too_late = partial(self._too_late, relay, request, asked, node)
        deadline = self._reactor.callLater(ANSWER_WITHIN, too_late)

        def send(route: Route | None) -> Deferred[IResponse]:
            if route is None:
                return fail(NotFound("there is no such transport"))
            return self._send(request, body, node, client, route)

        def stop_waiting(outcome: Any) -> Any:
            if deadline.active():
                deadline.cancel()
            return outcome

        answered = asked.addCallback(send).addBoth(stop_waiting)
        answered.addCallback(self._begin, node, relay)
        answered.addErrback(self._fail, request, node, relay)

    def _send(
        self,
        request: Any,
        body: bytes,
        node: str,
        client: str,
        route: Route,
        tries: int = _TRIES,
    ) -> Deferred[IResponse]:
        url = b"http://" + node.encode("ascii") + request.uri
        line = sign_request(
            signed_of(request, node, URI.fromBytes(url).originForm, body),
            route.key,
            client=client,
            now=self._state.wall.now(),
            nonce=secrets.token_urlsafe(_NONCE_BYTES),
        )
        headers = passed_on(request)
        headers.addRawHeader(SIGNATURE, line.encode("ascii"))
        answer: Deferred[IResponse] = route.agent(self._reactor).request(
            request.method, url, headers, WholeBody(body)
        )

        def fail_or_try_again(failure: Failure) -> Any:
            if tries <= 1 or not _is_busy(failure):
                return failure
            more = (request, body, node, client, route, tries - 1)
            return deferLater(self._reactor, _PAUSE, self._send, *more)

        return answer.addErrback(fail_or_try_again)

    def _begin(self, response: Any, node: str, relay: Relay) -> None:
        refused = response.headers.getRawHeaders(REFUSED)
        if refused is None:
            self._state.stats.forwarded["answered"] += 1
            relay.begin(response)
            return
        response.deliverBody(Closing())
        self._complain(node, CAUSES.get(refused[0].decode("latin-1"), "it does not say why"))
        raise OtherSecret

    def _fail(self, failure: Failure, request: Any, node: str, relay: Relay) -> None:
        if relay.state is RelayState.OVER:
            # The client has gone away, or was answered.
            return
        error = _told(failure)
        if error is None:
            relay.end()
            request.processingFailed(failure)
            return
        if isinstance(error, BadGateway) and not isinstance(error, OtherSecret):
            self._complain(node, failure.getErrorMessage())
        self._refuse(relay, request, error)

    def _too_late(self, relay: Relay, request: Any, asked: Deferred[Any], node: str) -> None:
        self._complain(node, f"it does not answer within {ANSWER_WITHIN:g} s")
        self._refuse(relay, request, BadGateway())
        asked.cancel()

    def _refuse(self, relay: Relay, request: Any, error: WireError) -> None:
        self._state.stats.forwarded[error.code] += 1
        log_refusal(self._log, peer_name(request), error)
        relay.refuse(error)

    def _complain(self, node: str, why: str) -> None:
        # A client that is refused comes again at once: one line a minute is enough.
        now = self._reactor.seconds()
        self._complained = {n: t for n, t in self._complained.items() if now - t < _QUIET}
        if node not in self._complained:
            self._complained[node] = now
            self._log.error("nothing can be forwarded to node {node}: {why}", node=node, why=why)


@frozen
class Cluster:
    """This node's place among the others.

    Attributes:
        node: its name.
        forwarder: reaches the others.
    """

    node: str
    forwarder: Forwarder


def _told(failure: Failure) -> WireError | None:
    """Return what a client is told; None where the fault is ours."""
    if isinstance(failure.value, WireError):
        return failure.value
    # Nobody is there, or was lost before it answered: the session went with its node.
    if failure.check(*_LOST) or _is_nobody_there(failure):
        return NotFound("there is no such transport")
    if failure.check(ConnectError, OSError, *_UNREACHABLE):
        return BadGateway()
    return None


def _is_nobody_there(failure: Failure) -> bool:
    error: Any = failure.value
    return bool(failure.check(ConnectError)) and error.osError in _NOBODY_THERE


def _is_busy(failure: Failure) -> bool:
    is_local = failure.check(ConnectError, OSError) and not failure.check(*_UNREACHABLE)
    return bool(is_local) and not _is_nobody_there(failure)
