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
    protocol = HttpChannel  # type: ignore[assignment]  # Twisted expects that wrapper
    noisy = False

    def __init__(
        self,
        resource: IResource,
        handshake: Opener,
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
        self.state = handshake.state
        self.clock = clock
        self.open_timeout = config.open_timeout
        self.max_body = config.max_message_size
        self.lane = lane

    def log(self, request: Any) -> None:
        """Write no access log: a line for each request would bury what matters."""
