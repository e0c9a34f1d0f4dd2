# SPDX-License-Identifier: MIT
"""The ways to nodes of this machine and of others."""

from typing import Any

import pytest
from twisted.internet.endpoints import UNIXClientEndpoint

from tests.unit.doors.forwarding.harness import Everywhere, Net, make_node
from tests.unit.doors.forwarding.pairs import HELLO, JSON
from tests.unit.doors.harness import Exchange, Server
from wsecho.core.promise import Promise, PromiseState
from wsecho.core.wire.errors import OverLimit
from wsecho.core.wire.nodes import NodeAddress
from wsecho.doors.forwarding import routes


class Machines:
    """A node alone on its machine, and two on another."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.net = Net()
        self.directory = Everywhere()
        more: dict[str, Any] = {"directory": self.directory}
        self.alone = make_node(self.net, "a", **more)
        self.first = make_node(self.net, "b", ("b", "c"), **more)
        self.second = make_node(self.net, "c", ("b", "c"), **more)
        self.directory.places = {name: NodeAddress(f"{name}.example", 1) for name in "abc"}
        # Both nodes of the other machine share one address; whoever accepts there is not the owner.
        self.directory.places["c"] = self.directory.places["b"]

        def endpoint(route: routes.Route, reactor: Any) -> Any:
            to = route.to
            path = to if isinstance(to, str) else f"/tcp/{to.host.partition('.')[0]}"
            return UNIXClientEndpoint(reactor, path)

        monkeypatch.setattr(routes.Route, "endpoint", endpoint)

    def open(self, node: Server) -> str:
        """Open a session."""
        opened = node.ask("POST", "/lp/open", b'{"protocols":["wamp.2.json"]}')
        return str(opened.json["transport"])

    def ask(self, node: Server, session: str, verb: str, body: bytes = b"") -> Exchange:
        """Ask a node."""
        exchange = node.ask("POST", f"/lp/{session}/{verb}", body, content_type=JSON)
        self.net.run()
        return exchange


def test_between_machines_it_takes_one_step_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """By their address to any node there, and from that by the Unix socket to the owner."""
    machines = Machines(monkeypatch)
    session = machines.open(machines.second)
    assert machines.ask(machines.alone, session, "send", HELLO).status == 204
    assert machines.net.attempts == ["/tcp/b", "/run/c"]
    assert machines.ask(machines.alone, session, "receive").json[0] == 2
    own = machines.open(machines.alone)
    machines.net.attempts.clear()
    assert machines.ask(machines.first, own, "send", HELLO).status == 204
    assert machines.net.attempts == ["/tcp/a"]


def test_nothing_goes_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the directory is wrong about a node, it is gone."""
    machines = Machines(monkeypatch)
    machines.directory.places["gone"] = machines.directory.places["b"]
    answer = machines.ask(machines.alone, "gone.AAAAAAAAAAAAAAAAAAAAAA", "receive")
    assert answer.status == 404
    assert machines.net.attempts == ["/tcp/b"]
    assert machines.directory.asked == ["gone"]


def test_a_directory_that_cannot_tell_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its error is the client's."""
    machines = Machines(monkeypatch)
    machines.directory.failure = OverLimit("the bus is away")
    answer = machines.ask(machines.alone, "x.AAAAAAAAAAAAAAAAAAAAAA", "receive")
    assert (answer.status, answer.json["error"]["reason"]) == (503, "the bus is away")


def test_a_client_that_leaves_while_the_directory_thinks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is asked for it."""
    machines = Machines(monkeypatch)
    later: Promise[NodeAddress | None] = Promise()
    monkeypatch.setattr(machines.directory.__class__, "find", lambda *_: later)
    exchange = machines.ask(machines.alone, "b.AAAAAAAAAAAAAAAAAAAAAA", "receive")
    exchange.peer.lose()
    assert later.state is PromiseState.CANCELLED
    machines.net.run()
    assert machines.net.attempts == []
