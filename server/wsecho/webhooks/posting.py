# SPDX-License-Identifier: MIT
"""Posting to the application, over connections that are kept.

Twisted's `Agent` with a pool of our own. Its own one keeps two connections for four minutes, while
servers close those that rest for 5 s (uvicorn, Node); and it repeats no POST that such a close met.
Here as many are kept as there are requests at a time, for less than those 5 s, and a request whose
kept connection ended before an octet of the answer came is sent once more, on a fresh one.

What the environment says of proxies is not heeded, no redirect is followed, no cookie is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Self

from attrs import field, frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError, ConnectionClosed, ConnectionLost, DNSLookupError
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.web.client import (
    Agent,
    HTTPConnectionPool,
    RequestGenerationFailed,
    RequestTransmissionFailed,
    ResponseFailed,
    ResponseNeverReceived,
)
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from wsecho import __version__
from wsecho.webhooks.bodies import WholeBody, read_bounded
from wsecho.webhooks.url import WebhookUrl

KEPT_FOR: Final = 4.0
"""Seconds that a connection rests before it is closed: sooner than most servers do."""

_LOST: Final = (
    *(RequestGenerationFailed, RequestTransmissionFailed, ResponseFailed, ResponseNeverReceived),
)
# ValueError: of a name that no host can have.
_UNREACHABLE: Final = (ConnectError, ConnectionClosed, DNSLookupError, OSError, ValueError)
_NEXT_ADDRESS: Final = 0.05
"""Seconds until a host's next address is tried beside the one before, and until it is noticed that
all have refused: `localhost` has two, and most applications listen at one."""


class NoAnswerError(Exception):
    """There is no answer, or only a part of one; whether the request was taken is unknown.

    Args:
        reason: why, in one line, for a log.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@frozen
class WebhookAnswer:
    """What the application answered.

    Attributes:
        status: of HTTP.
        body: all of it; None where it is larger than it may be.
    """

    status: int
    body: bytes | None = field(repr=False)
    _headers: Headers = field(repr=False)

    def header(self, name: str) -> str | None:
        """Return a header field's value, those of several lines with commas between; or None."""
        lines = self._headers.getRawHeaders(name.encode("ascii"))
        return None if lines is None else ", ".join(line.decode("latin-1") for line in lines)


class Poster:
    """Posts to one URL.

    Args:
        url: where.
        endpoint: makes connections to its host.
        reactor: Twisted's.
        at_once: how many requests there may be at a time; so many connections are kept.
        max_answer: octets of an answer's body that are read.
    """

    def __init__(
        self,
        url: WebhookUrl,
        endpoint: IStreamClientEndpoint,
        reactor: Any,
        *,
        at_once: int,
        max_answer: int,
    ) -> None:
        self._url = url.whole.encode("ascii")
        self._endpoint = endpoint
        self._reactor = reactor
        self._max_answer = max_answer
        self._pool = _Pool(reactor)
        self._pool.maxPersistentPerHost = at_once
        # For what is sent once more: its connection is its own.
        self._fresh = _Pool(reactor, persistent=False)

    @classmethod
    def to(cls, url: WebhookUrl, reactor: Any, *, at_once: int, max_answer: int) -> Self:
        """Make one for a URL.

        Raises:
            ImportError: it is https, and what TLS needs is not installed.
        """
        endpoint: Any = HostnameEndpoint(reactor, url.host, url.port, attemptDelay=_NEXT_ADDRESS)
        if url.is_secure:
            from twisted.internet.ssl import optionsForClientTLS  # noqa: PLC0415  # an extra

            endpoint = wrapClientTLS(optionsForClientTLS(url.host), endpoint)
        return cls(url, endpoint, reactor, at_once=at_once, max_answer=max_answer)

    async def post(self, body: bytes, headers: Mapping[str, str], within: float) -> WebhookAnswer:
        """Post some JSON; it may come twice.

        Args:
            body: the JSON.
            headers: header fields beside those that describe it.
            within: seconds that all of it may take, connecting and reading too.

        Raises:
            NoAnswerError: there is no answer, or none in time.
        """
        fields = Headers({name: [value] for name, value in headers.items()})
        fields.setRawHeaders("content-type", ["application/json"])
        fields.setRawHeaders("user-agent", [f"wsecho/{__version__}"])
        answer = Deferred.fromCoroutine(self._post(body, fields))
        return await answer.addTimeout(within, self._reactor, _too_late)

    def close(self) -> Deferred[Any]:
        """Close the connections that rest; those in use end with their request."""
        self._pool.persistent = False
        closed: Deferred[Any] = self._pool.closeCachedConnections()
        return closed

    async def _post(self, body: bytes, headers: Headers) -> WebhookAnswer:
        try:
            try:
                return await self._send(body, headers, self._pool)
            except _ClosedWhileKeptError:
                return await self._send(body, headers, self._fresh)
        except _LOST as error:
            cause = _unwrapped(error)
            if isinstance(cause, CancelledError):
                raise cause from None
            raise NoAnswerError(_why(cause)) from error
        except _UNREACHABLE as error:
            raise NoAnswerError(" ".join(str(error).split())) from error

    async def _send(self, body: bytes, headers: Headers, pool: _Pool) -> WebhookAnswer:
        attempt = _Attempt(self._endpoint)
        agent = Agent.usingEndpointFactory(self._reactor, attempt, pool)
        try:
            response: Any = await agent.request(b"POST", self._url, headers, WholeBody(body))
        except ResponseNeverReceived as error:
            if attempt.is_fresh or isinstance(_unwrapped(error), CancelledError):
                raise
            raise _ClosedWhileKeptError from None
        read = await read_bounded(response, self._max_answer, attempt.cut)
        return WebhookAnswer(response.code, read, response.headers)


class _ClosedWhileKeptError(Exception):
    """A kept connection had been closed when it was to be used."""


class _Pool(HTTPConnectionPool):
    """Keeps connections, and tells each attempt which one it has got."""

    # What we repeat, and when, is ours to say.
    retryAutomatically = False
    cachedConnectionTimeout = KEPT_FOR  # type: ignore[assignment]  # `callLater` takes any number

    def getConnection(self, key: Any, endpoint: Any) -> Any:
        """Get one for an attempt."""
        return super().getConnection(key, endpoint).addCallback(endpoint.use)


@implementer(IAgentEndpointFactory, IStreamClientEndpoint)
class _Attempt:
    """One attempt: it knows whether its connection was made for it, and can cut it."""

    def __init__(self, endpoint: IStreamClientEndpoint) -> None:
        self._endpoint = endpoint
        self._connection: Any = None
        self.is_fresh = False

    def endpointForURI(self, uri: object) -> IStreamClientEndpoint:
        """Return what is asked for a connection where none is kept."""
        return self

    def connect(self, protocolFactory: Any) -> Any:  # noqa: N803  # the interface names it
        """Make a connection."""
        self.is_fresh = True
        # Else each one is two lines of the log.
        protocolFactory.noisy = False
        return self._endpoint.connect(protocolFactory)

    def use(self, connection: Any) -> Any:
        """Take note of the connection, kept or made."""
        self._connection = connection
        return connection

    def cut(self) -> None:
        """End the connection at once: an orderly end of TLS would wait for the other side."""
        self._connection.transport.abortConnection()


def _too_late(_outcome: object, within: float) -> Any:
    raise NoAnswerError(f"it does not answer within {within:g} s")


def _unwrapped(error: Any) -> BaseException:
    """Return what ended a request under way, which Twisted has wrapped, maybe more than once."""
    while isinstance(error, _LOST) and error.reasons:
        error = error.reasons[0].value
    return error  # type: ignore[no-any-return]  # as all that is raised


def _why(error: BaseException) -> str:
    """Say in one line what ended a request; nothing of it is what the other side sent."""
    if isinstance(error, ConnectionClosed):
        is_cut = isinstance(error, ConnectionLost)
        return f"it {'cut' if is_cut else 'closed'} the connection before its answer was whole"
    # Both are of extras, so they are known by their names.
    kind = f"{type(error).__module__.partition('.')[0]}.{type(error).__name__}"
    if kind == "OpenSSL.Error":
        # As in [('SSL routines', '', 'certificate verify failed')], the cause first.
        queue = error.args[0] if error.args else ()
        return f"TLS: {queue[0][-1] if queue else 'it was cut'}"
    if kind == "service_identity.VerificationError":
        return "TLS: its certificate is for another host"
    return "what it sends is no HTTP"
