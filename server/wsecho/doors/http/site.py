# SPDX-License-Identifier: MIT
"""Twisted's `Site`: the HTTP half of the port, and what its requests ask of the rest."""

from typing import Any, Final, Protocol

from twisted.internet.interfaces import IReactorTime
from twisted.web.resource import IResource
from twisted.web.server import Site

from wsecho.access.proxies import Sender
from wsecho.config.config import Config
from wsecho.core.http.requests import RequestHead
from wsecho.core.limits.admissions import Place
from wsecho.core.promise import Later
from wsecho.doors.gate import Gate
from wsecho.doors.http.channel import HttpChannel
from wsecho.doors.http.request import HttpRequest
from wsecho.lane.lane import Lane
from wsecho.server.state import ServerState

KEEP_ALIVE: Final = 60
"""Seconds that an idle HTTP connection is kept."""


class Opener(Protocol):
    """Opens the WebSockets that are asked for on a connection that speaks HTTP already."""

    @property
    def gate(self) -> Gate:
        """Says who may come in."""

    @property
    def state(self) -> ServerState:
        """What all doors share."""

    def accept(self, head: RequestHead, sender: Sender, place: Place) -> Later[Any]:
        """Check a request and return the protocol that the connection is given to.

        Raises:
            WireError: the request is refused.
        """


class HttpSite(Site):
    """HTTP as all of our ports speak it.

    Args:
        resource: the tree of addresses.
        state: what all doors share.
        clock: times idle connections, and slow heads and bodies.
        open_timeout: seconds that a head may take from its first line.
        max_body: bytes of a body.
        request: makes the requests.
    """

    # HTTP/2 has no upgrades, so the wrapper that could switch to it is left out.
    protocol = HttpChannel  # type: ignore[assignment]  # Twisted expects that wrapper
    noisy = False
    lane: Lane | None = None
    """Where the sockets of endless answers go; None for the reactor's own way."""

    def __init__(
        self,
        resource: IResource,
        state: ServerState,
        clock: IReactorTime,
        *,
        open_timeout: float,
        max_body: int,
        request: type[HttpRequest],
    ) -> None:
        super().__init__(
            resource,
            requestFactory=request,
            # A body is a message: a form is not read here, whatever it calls itself.
            parsePOSTFormSubmission=False,
            timeout=KEEP_ALIVE,
            reactor=clock,
        )
        self.state = state
        self.clock = clock
        self.open_timeout = open_timeout
        self.max_body = max_body

    def log(self, request: Any) -> None:
        """Write no access log: a line for each request would bury what matters."""


class EchoSite(HttpSite):
    """The HTTP half of the port.

    Args:
        resource: the tree of addresses.
        handshake: opens the WebSockets that are asked for later on a connection.
        clock: the time.
        config: how long a head may take, and how large a body may be.
        lane: where the sockets of endless answers go.
    """

    def __init__(
        self,
        resource: IResource,
        handshake: Opener,
        clock: IReactorTime,
        config: Config,
        lane: Lane | None = None,
    ) -> None:
        super().__init__(
            *(resource, handshake.state, clock),
            open_timeout=config.open_timeout,
            max_body=config.max_message_size,
            request=HttpRequest,
        )
        self.handshake = handshake
        self.lane = lane
