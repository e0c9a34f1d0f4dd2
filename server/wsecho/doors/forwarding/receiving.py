# SPDX-License-Identifier: MIT
"""The node that a session lives on: it takes what other nodes forward, and nothing of others.

It listens where no client comes: at a Unix socket in a private folder, and at an address that is
for other nodes.
"""

from typing import Any, Final, Protocol

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from wsecho.access.signatures import BadSignatureError, Signed, Verifier
from wsecho.core.wire.errors import Forbidden, NotFound, WireError
from wsecho.core.wire.nodes import node_of
from wsecho.doors.forwarding.fields import REFUSED, SIGNATURE, signed_of
from wsecho.doors.forwarding.sending import Forwarder
from wsecho.doors.http.bounded import BoundedSite, PlainRequest
from wsecho.doors.http.request import HttpRequest, answer_error
from wsecho.server.peers import ToldPeer, log_refusal, peer_name
from wsecho.server.state import ServerState

MAX_OPEN: Final = 10_000
"""Connections of other nodes; further ones are closed."""


class Sessions(Protocol):
    """The sessions that live here."""

    def answer_here(self, request: HttpRequest, identifier: str, verb: str) -> Any:
        """Answer a request for one of them.

        Raises:
            WireError: there is no such one, or the request is malformed.
        """


class ForwardedRequest(PlainRequest):
    """A request that another node passes on.

    Attributes:
        client: the address of the client that sent it, once the signature was taken.
    """

    client = ""

    def getPeer(self) -> Any:
        """Name the client: the other node is nobody that the log should tell of."""
        connection: Any = self.transport
        return ToldPeer(self.client) if self.client else connection.getPeer()

    def process(self) -> None:
        """Take the request if it is signed."""
        site = self.channel.site
        content: Any = self.content
        body: bytes = content.read()
        content.seek(0)
        line = (self.getHeader(SIGNATURE) or b"").decode("latin-1")
        try:
            self.client = site.verifier.verify(self._signed(body), line)
        except BadSignatureError as error:
            self._log.error("refused what {peer} forwards: {why}", peer=peer_name(self), why=error)
            self.setHeader(REFUSED, error.cause.encode())
            self._answer(Forbidden(str(error)))
        else:
            super().process()

    def _signed(self, body: bytes) -> Signed:
        node = _parts(self)[2] or ""
        return signed_of(self, node, self.uri, body)

    def _answer(self, error: WireError) -> None:
        body = answer_error(self, error)
        self.setHeader(b"content-length", str(len(body)).encode())
        self.write(body)
        self.finish()


class InnerSite(BoundedSite):
    """Speaks HTTP with other nodes.

    Args:
        resource: answers what they pass on.
        verifier: knows what is theirs.
        state: what all doors share.
        clock: times slow heads and bodies.
        open_timeout: seconds that a head may take.
        max_body: bytes of a body.
    """

    def __init__(
        self,
        resource: Resource,
        verifier: Verifier,
        state: ServerState,
        clock: IReactorTime,
        *,
        open_timeout: float,
        max_body: int,
    ) -> None:
        super().__init__(
            resource,
            state,
            clock,
            open_timeout=open_timeout,
            max_body=max_body,
            max_open=MAX_OPEN,
            request=ForwardedRequest,
        )
        self.verifier = verifier


class Arrivals(Resource):
    """Answers what another node passes on.

    Args:
        node: this node.
        sessions: what lives here.
        onward: forwards to the other nodes of this machine; None where what comes is here or
            nowhere.
    """

    isLeaf = True
    _log = Logger()

    def __init__(self, node: str, sessions: Sessions, onward: Forwarder | None) -> None:
        super().__init__()
        self._node = node
        self._sessions = sessions
        self._onward = onward

    def render(self, request: Any) -> Any:
        """Answer one request."""
        request.setHeader(b"cache-control", b"no-store")
        identifier, verb, node = _parts(request)
        try:
            if node == self._node:
                return self._sessions.answer_here(request, identifier, verb)
            if node is None or self._onward is None:
                raise NotFound("there is no such transport")
        except WireError as error:
            log_refusal(self._log, peer_name(request), error)
            return answer_error(request, error)
        request.content.seek(0)
        self._onward.forward(request, node, request.client)
        return NOT_DONE_YET


def _parts(request: Any) -> tuple[str, str, str | None]:
    """Return the session's id, what is asked of it, and the node that it lives on."""
    segments = request.path.decode("latin-1").split("/")
    if len(segments) != 4 or segments[:2] != ["", "lp"]:  # noqa: PLR2004
        return "", "", None
    return segments[2], segments[3], node_of(segments[2])
