# SPDX-License-Identifier: MIT
"""The ways to other nodes: a Unix socket on this machine, an address on others."""

from collections.abc import Callable
from typing import Any, Final

from attrs import frozen
from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.web.client import Agent
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from wsecho.bus.deferreds import deferred_of
from wsecho.bus.interface import Directory
from wsecho.core.wire.nodes import NodeAddress
from wsecho.doors.forwarding.node_sockets import NodeSockets

CONNECT_WITHIN: Final = 3
"""Seconds in which another node takes a connection."""


@frozen
class Route:
    """A way to a node.

    Attributes:
        key: what requests on it are signed with.
        to: its Unix socket's path, or its address on another machine.
    """

    key: bytes
    to: str | NodeAddress

    def agent(self, reactor: Any) -> Agent:
        """Return what sends a request on it, whatever the request's URL says.

        Each request has a connection of its own: one that is kept may be closed under a request
        that cannot be sent again.
        """
        agent: Agent = Agent.usingEndpointFactory(reactor, _Endpoints(self, reactor))
        return agent

    def endpoint(self, reactor: Any) -> IStreamClientEndpoint:
        """Return how to connect."""
        if isinstance(self.to, str):
            return UNIXClientEndpoint(reactor, self.to, timeout=CONNECT_WITHIN)
        host = self.to.host.encode("ascii")
        return HostnameEndpoint(reactor, host, self.to.port, timeout=CONNECT_WITHIN)


@implementer(IAgentEndpointFactory)
@frozen
class _Endpoints:
    _route: Route
    _reactor: Any

    def endpointForURI(self, uri: Any) -> IStreamClientEndpoint:
        """Return the way, whatever the address is."""
        return self._route.endpoint(self._reactor)


@frozen
class Routes:
    """Finds the way to a node, on this machine first.

    Args:
        local_nodes: the nodes of this machine, None where there is but one.
        local_key: signs what goes to them.
        directory: the nodes of other machines, None where there are none.
        cluster_key: signs what goes to them, as it is now.
    """

    local_nodes: NodeSockets | None = None
    local_key: bytes = b""
    directory: Directory | None = None
    cluster_key: Callable[[], bytes] = bytes

    def find(self, node: str) -> Deferred[Route | None]:
        """Find the way; None where there is no such node."""
        if self.local_nodes is not None and self.local_nodes.has(node):
            return succeed(Route(self.local_key, self.local_nodes.path(node)))
        if self.directory is None:
            return succeed(None)
        return deferred_of(self.directory.find(node)).addCallback(self._to)

    @property
    def on_this_machine(self) -> "Routes":
        """The same, without other machines."""
        return Routes(self.local_nodes, self.local_key)

    def _to(self, address: NodeAddress | None) -> Route | None:
        return None if address is None else Route(self.cluster_key(), address)
