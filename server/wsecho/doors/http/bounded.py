# SPDX-License-Identifier: MIT
"""HTTP on a port of its own, where no client of the rooms comes, for so many connections."""

from typing import Any

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.web.resource import Resource
from twisted.web.server import Request

from wsecho.doors.http.request import HttpRequest
from wsecho.doors.http.site import HttpSite
from wsecho.server.state import ServerState


class PlainRequest(HttpRequest):
    """A request that opens no WebSocket and takes no place among the clients."""

    def wants_body(self) -> bool:
        """Say that it does: what it is may depend on its body."""
        return True

    def process(self) -> None:
        """Find the resource."""
        Request.process(self)


class BoundedSite(HttpSite):
    """Speaks HTTP with so many at a time.

    Args:
        resource: answers.
        state: what all doors share.
        clock: times slow heads and bodies.
        open_timeout: seconds that a head may take.
        max_body: bytes of a body.
        max_open: connections; further ones are closed.
        request: makes the requests.
    """

    def __init__(
        self,
        resource: Resource,
        state: ServerState,
        clock: IReactorTime,
        *,
        open_timeout: float,
        max_body: int,
        max_open: int,
        request: type[PlainRequest] = PlainRequest,
    ) -> None:
        super().__init__(
            *(resource, state, clock),
            open_timeout=open_timeout,
            max_body=max_body,
            request=request,
        )
        self._max_open = max_open
        self._open = 0

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """Make a channel, unless there are too many."""
        if self._open >= self._max_open:
            return None
        channel: Any = super().buildProtocol(addr)
        self._open += 1
        lost = channel.connectionLost

        def connection_lost(*reason: Any) -> None:
            self._open -= 1
            lost(*reason)

        channel.connectionLost = connection_lost
        return channel
