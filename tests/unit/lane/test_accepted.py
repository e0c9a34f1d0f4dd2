# SPDX-License-Identifier: MIT
"""Connections that are read as soon as they are accepted."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import define, field
from twisted.internet.protocol import Protocol
from twisted.internet.testing import MemoryReactorClock

from tests.unit.doors.harness import Server
from tests.unit.doors.test_front import UPGRADE
from wsecho.config.config import Config
from wsecho.lane.accepted import Accepted

WHERE = ("127.0.0.1", 1)


class Received(Protocol):
    """Keeps what it hears, and does something then."""

    def __init__(self, then: Callable[[Any], None] = lambda _: None) -> None:
        self.heard = b""
        self._then = then

    def dataReceived(self, data: bytes) -> None:
        """Keep it."""
        self.heard += data
        self._then(self.transport)


@define
class Pair:
    """A client's socket, and the transport of a server's."""

    reactor: MemoryReactorClock = field(factory=MemoryReactorClock)
    client: socket.socket = field(init=False)
    server: socket.socket = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.client, self.server = socket.socketpair()
        self.server.setblocking(False)

    def accept(self, protocol: Any) -> Any:
        """Connect a protocol, as a port does."""
        kind: Any = Accepted
        transport = kind(self.server, protocol, WHERE, None, 0, self.reactor)
        protocol.makeConnection(transport)
        return transport

    def is_watched(self, transport: Any) -> bool:
        """Whether the reactor looks for what comes."""
        return transport in self.reactor.getReaders()


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Two connected sockets."""
    pair = Pair()
    yield pair
    pair.client.close()
    pair.server.close()


def test_what_is_here_is_read_before_the_reactor_looks(pair: Pair) -> None:
    """And what comes later is the reactor's to find."""
    pair.client.sendall(b"hello")
    protocol = Received()
    transport = pair.accept(protocol)
    assert not pair.is_watched(transport)
    transport.read_at_once()
    assert protocol.heard == b"hello"
    assert pair.is_watched(transport)


def test_where_nothing_is_here_the_reactor_looks(pair: Pair) -> None:
    """As for any other connection."""
    protocol = Received()
    transport = pair.accept(protocol)
    transport.read_at_once()
    assert protocol.heard == b""
    assert pair.is_watched(transport)


@pytest.mark.parametrize("how", ["pauseProducing", "stopReading", "abortConnection"])
def test_who_wants_no_more_is_not_read_on(pair: Pair, how: str) -> None:
    """A reader that is full at once stays in force."""
    pair.client.sendall(b"hello")
    transport = pair.accept(Received(lambda transport: getattr(transport, how)()))
    transport.read_at_once()
    assert not pair.is_watched(transport)


def test_a_paused_connection_can_go_on(pair: Pair) -> None:
    """By the usual means."""
    pair.client.sendall(b"hello")
    transport = pair.accept(Received(lambda transport: transport.pauseProducing()))
    transport.read_at_once()
    transport.resumeProducing()
    assert pair.is_watched(transport)


def test_a_peer_that_is_gone_already_is_left_to_the_reactor(pair: Pair) -> None:
    """Which finds the same."""
    pair.client.close()
    transport = pair.accept(Received())
    transport.read_at_once()
    assert pair.is_watched(transport)


def test_a_head_that_is_here_needs_no_timer(pair: Pair) -> None:
    """One that is not, or not wholly, does."""
    server = Server(Config(auto_ping=0))
    pair.client.sendall(UPGRADE)
    transport = pair.accept(server.factory.buildProtocol(None))
    assert server.clock.getDelayedCalls() == []
    transport.doWrite()
    assert pair.client.recv(1 << 16).startswith(b"HTTP/1.1 101 ")
    assert pair.is_watched(transport)


def test_half_a_head_has_its_time(pair: Pair) -> None:
    """As if nothing had been read at once."""
    server = Server(Config(open_timeout=10))
    pair.client.sendall(UPGRADE[:50])
    transport = pair.accept(server.factory.buildProtocol(None))
    server.clock.advance(9)
    assert transport.connected
    server.clock.advance(1)
    pair.reactor.advance(0)
    assert not transport.connected


def test_a_fault_of_ours_ends_one_connection(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the port's turn, in which others wait to be accepted."""
    server = Server()

    def fail(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("wsecho.doors.front.wants_websocket", fail)
    pair.client.sendall(UPGRADE)
    transport = pair.accept(server.factory.buildProtocol(None))
    pair.reactor.advance(0)
    assert not transport.connected
    assert len(server.state.connections) == 0
