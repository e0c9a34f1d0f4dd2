# SPDX-License-Identifier: MIT
"""Several nodes in memory, and the wires between them."""

import errno
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.internet.error import ConnectionRefusedError as RefusedByPeer
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.test.iosim import FakeTransport, IOPump, connect
from twisted.web.resource import Resource

from tests.unit.doors.harness import Server
from wsecho.access.signatures import Verifier
from wsecho.config.config import Config
from wsecho.core.promise import Later, Promise
from wsecho.core.wire.nodes import NodeAddress
from wsecho.doors.forwarding.node_sockets import NodeSockets
from wsecho.doors.forwarding.receiving import Arrivals, InnerSite
from wsecho.doors.forwarding.routes import Routes
from wsecho.doors.forwarding.sending import Cluster, Forwarder
from wsecho.doors.wamp.serve import longpoll_resource

KEY = b"k" * 32
CLUSTER_KEY = b"c" * 32


class Inner(FakeTransport):
    """A connection to another node, which knows whether it is read."""

    is_paused = False

    def pauseProducing(self) -> None:
        """Read no more."""
        self.is_paused = True

    def resumeProducing(self) -> None:
        """Read again."""
        self.is_paused = False


class Net(MemoryReactorClock):
    """Connects what is asked for, to whoever listens there."""

    def __init__(self) -> None:
        super().__init__()
        self.sites: dict[str, InnerSite] = {}
        self.pumps: list[IOPump] = []
        self.attempts: list[str] = []
        self.silent: set[str] = set()
        self.failures: list[Exception] = []

    def connectUNIX(self, address: Any, factory: Any, timeout: Any = 30, checkPID: Any = 0) -> Any:
        """Connect, or refuse, or leave it open."""
        self.attempts.append(address)
        if address in self.silent:
            return super().connectUNIX(address, factory, timeout, checkPID)
        if self.failures:
            factory.clientConnectionFailed(None, Failure(self.failures.pop(0)))
            return None
        if address not in self.sites:
            factory.clientConnectionFailed(None, Failure(RefusedByPeer(errno.ECONNREFUSED, "")))
            return None
        client, server = factory.buildProtocol(None), self.sites[address].buildProtocol(None)
        server_side, client_side = FakeTransport(server, True), Inner(client, False)
        self.pumps.append(connect(server, server_side, client, client_side))
        return None

    def run(self, seconds: float = 0) -> None:
        """Carry bytes to and fro until all are silent, then let time pass."""
        self._carry()
        self.advance(seconds)
        self._carry()

    def _carry(self) -> None:
        while sum(bool(pump.pump()) for pump in self.pumps):
            self.advance(0)


@define
class FolderInMemory(NodeSockets):
    """The nodes of one machine."""

    known: tuple[str, ...] = ()

    def path(self, node: str) -> str:
        """Name a socket."""
        return f"{self.folder}/{node}"

    def has(self, node: str) -> bool:
        """Tell whether there is one."""
        return node in self.known


@define
class Everywhere:
    """The nodes of other machines, each at its address."""

    places: dict[str, NodeAddress] = field(factory=dict)
    asked: list[str] = field(factory=list)
    failure: Exception | None = None

    def enter(self, node: str, address: NodeAddress) -> None:
        """Keep it."""
        self.places[node] = address

    def find(self, node: str) -> Later[NodeAddress | None]:
        """Look it up."""
        self.asked.append(node)
        if self.failure is not None:
            failed: Promise[NodeAddress | None] = Promise()
            failed.fail(self.failure)
            return failed
        return self.places.get(node)


def make_node(net: Net, name: str, local_nodes: tuple[str, ...] = (), **more: Any) -> Server:
    """A node that others reach at the Unix socket of its name.

    Args:
        net: the wires.
        name: its name.
        local_nodes: the nodes of its machine.
        more: `key`, `cluster_key`, `directory`; the rest are options.
    """
    key, cluster_key = more.pop("key", KEY), more.pop("cluster_key", CLUSTER_KEY)
    directory = more.pop("directory", None)
    root = Resource()
    server = Server(Config(**{"auto_ping": 0.0, **more}), root, clock=net)
    folder = FolderInMemory(Path("/run"), local_nodes)
    routes = Routes(folder, key, directory, lambda: cluster_key)
    cluster = Cluster(name, Forwarder(routes, server.state, net))
    gate = server.admission.gate
    lp = longpoll_resource(server.config, gate, server.router, net, server.state, cluster)
    root.putChild(b"lp", lp)
    onward = Forwarder(routes.on_this_machine, server.state, net)
    for path, forwarder, secret in (
        (f"/run/{name}", None, key),
        (f"/tcp/{name}", onward, cluster_key),
    ):
        verifier = Verifier(lambda secret=secret: secret, net.seconds, net.seconds)  # type: ignore[misc]
        net.sites[path] = InnerSite(
            Arrivals(name, lp, forwarder),
            verifier,
            server.state,
            net,
            open_timeout=10.0,
            max_body=server.config.max_message_size,
        )
    return server
