# SPDX-License-Identifier: MIT
"""Each end of a connection under TLS begins with `close_notify`, whoever ends it and why."""

import ssl
from typing import Any

import pytest
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.web.static import Data
from zope.interface import implementer

from tests.support.certificates import unverified
from tests.unit.doors.harness import Wire, masked
from tests.unit.tls.secure import Secure, SecurePeer, SecureServer, certificate
from wsecho.config.config import Config
from wsecho.tls.connection import LINGER, TlsConnection, TlsFactory
from wsecho.tls.failures import Failures

UPGRADE = (
    b"GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
POST = b"POST /broadcast/a HTTP/1.1\r\nHost: localhost\r\n"

ENDS = {
    "400, no HTTP": b"\1\2\3",
    "400, HTTP of a kind": b"GET / / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "404": b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "404 of HTTP/1.0": b"GET /nothing HTTP/1.0\r\n\r\n",
    "413, said": POST + b"Content-Length: 1001\r\n\r\n",
    "413, said and sent": POST + b"Content-Length: 300000\r\n\r\n" + b"x" * 300_000,
    "413, in chunks": POST + b"Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"x" * 1001,
    "426": UPGRADE.replace(b"13", b"12"),
    "414": b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n",
    "431": b"GET / HTTP/1.1\r\nA: " + b"a" * 20_000,
    "404 of an upgrade": UPGRADE.replace(b"/echo", b"/nowhere"),
    "1000": UPGRADE + masked(8, b"\x03\xe8"),
    "1002": UPGRADE + masked(3, b""),
    "1007": UPGRADE + masked(1, b"\xff"),
    "1009": UPGRADE + b"\x82\xfe\xff\xff" + b"\0" * 4,
    "a RawSocket of another kind": b"\x7f\x00\x00\x00",
}


@pytest.mark.parametrize("said", ENDS.values(), ids=ENDS.keys())
def test_the_server_ends_with_close_notify(said: bytes) -> None:
    """And FIN behind it; it reads on until the peer closes, for the peer may still be sending."""
    peer = secured(max_message_size=1000).connect()
    peer.send(said)
    peer.received()
    assert peer.secure.has_ended
    assert peer.wire.half_closed
    assert not peer.wire.disconnecting
    assert not peer.wire.aborted


def secured(**options: Any) -> SecureServer:
    """A server under TLS."""
    return SecureServer(Config(**options))


def test_an_idle_connection_ends_with_close_notify() -> None:
    """As one that was told to close."""
    server = secured()
    server.root.putChild(b"x", Data(b"x", "text/plain"))
    peer = server.connect()
    assert peer.ask("GET", "/x").body == b"x"
    server.clock.advance(61)
    peer.received()
    assert peer.secure.has_ended
    assert peer.wire.half_closed


def test_a_late_answer_arrives_before_the_end() -> None:
    """All of it, however large, and `close_notify` is the last."""
    server = secured()
    server.root.putChild(b"x", Data(b"x" * 300_000, "text/plain"))
    peer = server.connect()
    exchange = peer.ask("GET", "/x", Connection="close")
    assert len(exchange.body) == 300_000
    assert peer.secure.has_ended


@pytest.mark.parametrize("is_answered", [False, True])
def test_the_peer_has_a_while_to_close(is_answered: bool) -> None:
    """With `close_notify` or without; then the connection is cut."""
    server = secured()
    peer = server.connect()
    peer.ask("GET", "/nothing", Connection="close")
    assert peer.wire.half_closed
    peer.secure.connection.writeConnectionLost()
    if is_answered:
        peer.received()
        peer.secure.tls.unwrap()
        peer.secure.exchange()
        assert peer.wire.disconnecting
        peer.lose()
        server.clock.advance(LINGER)
        assert not peer.wire.aborted
    else:
        server.clock.advance(LINGER)
        assert peer.wire.aborted
        peer.lose()
    assert not list(server.state.connections)


def test_a_peer_that_ends_first_is_answered() -> None:
    """Its `close_notify` by ours."""
    peer = secured().connect()
    with pytest.raises(ssl.SSLWantReadError):
        peer.secure.tls.unwrap()
    peer.secure.exchange()
    assert peer.secure.tls.unwrap() is None  # type: ignore[func-returns-value]
    assert peer.wire.disconnecting
    peer.lose()


def test_nothing_is_sent_behind_the_end() -> None:
    """It would be a record after `close_notify`; and further ends are none."""
    peer = secured().connect()
    peer.send(b"\1")
    peer.received()
    sent = len(peer.secure.records)
    connection = peer.secure.connection
    connection.write(b"late")
    connection.loseWriteConnection()
    peer.received()
    assert len(peer.secure.records) == sent
    connection.loseConnection()
    assert peer.wire.disconnecting
    peer.lose()


def test_an_end_waits_for_what_was_said_before() -> None:
    """Said before hands were shaken, say, by a protocol that speaks first."""

    class Speaker(Protocol):
        def connectionMade(self) -> None:
            self.transport.write(b"welcome")  # type: ignore[union-attr]

    factory, secure = around(Factory.forProtocol(Speaker))
    secure.clock.advance(0)
    secure.connection.loseWriteConnection()
    assert not secure.wire.half_closed
    secure.shake_hands()
    assert secure.hear() == b"welcome"
    assert secure.has_ended
    assert secure.wire.half_closed
    assert factory.protocols


def test_there_is_no_end_before_a_beginning() -> None:
    """Nothing can be said before hands are shaken, so the connection is cut."""
    for end in (TlsConnection.loseWriteConnection, TlsConnection.loseConnection):
        _, secure = around(Factory.forProtocol(Protocol))
        end(secure.connection)
        assert secure.wire.aborted


def around(factory: Factory) -> tuple[TlsFactory, Secure]:
    """A connection to a factory."""
    clock = Clock()
    tls = TlsFactory(certificate(), factory, clock, Failures(clock))
    connection: Any = tls.buildProtocol(None)
    secure = Secure(connection, Wire(), clock)
    connection.makeConnection(secure.wire)
    secure.begin(unverified())
    return tls, secure


@implementer(IHalfCloseableProtocol)
class Patient(Protocol):
    """Answers once its peer says no more."""

    ended = 0

    def readConnectionLost(self) -> None:
        """Answer."""
        self.ended += 1
        assert self.transport is not None
        self.transport.write(b"that was all")
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Never called: TLS keeps that to itself."""


def test_a_peer_may_end_its_half_before_it_is_answered() -> None:
    """By `close_notify`, where the protocol knows of half-closed connections; FIN adds nothing."""
    tls, secure = around(Factory.forProtocol(Patient))
    secure.shake_hands()
    [connection] = tls.protocols
    patient: Any = connection.wrappedProtocol
    with pytest.raises(ssl.SSLWantReadError):
        secure.tls.unwrap()
    secure.connection.dataReceived(secure.outgoing.read())
    secure.connection.readConnectionLost()
    secure.clock.advance(0)
    assert patient.ended == 1
    assert secure.wire.disconnecting
    # Python reads no more once it has ended: there are a record of data and one that ends it.
    types = []
    rest = secure.wire.value()
    while rest:
        types.append(rest[0])
        rest = rest[5 + int.from_bytes(rest[3:5]) :]
    assert len(types) == 2
    assert len(secure.wire.value()) > 2 * (5 + 16 + 1) + len(b"that was all")


def test_fin_alone_is_the_end() -> None:
    """As on a plain connection: of a WebSocket at once, else once what was asked is answered."""
    lost: list[Any] = []
    peer = secured().connect()
    wire: Any = peer.wire
    wire.connectionLost = lost.append
    peer.send(UPGRADE)
    peer.secure.connection.readConnectionLost()
    assert lost


def test_fin_behind_a_refusal_takes_nothing_along() -> None:
    """The answer may lie in the transport yet."""
    lost: list[Any] = []
    peer = secured().connect()
    wire: Any = peer.wire
    wire.connectionLost = lost.append
    peer.send(UPGRADE.replace(b"13", b"12"))
    peer.secure.connection.readConnectionLost()
    assert not lost
    assert peer.wire.disconnecting


@pytest.mark.parametrize("asked", [b"", b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", UPGRADE[:50]])
@pytest.mark.parametrize("notifies", [False, True])
def test_who_half_closes_behind_a_request_is_answered(asked: bytes, *, notifies: bool) -> None:
    """By FIN or by `close_notify`, as on a plain connection."""
    peer = secured().connect()
    if asked:
        peer.secure.tls.write(asked)
    if notifies:
        with pytest.raises(ssl.SSLWantReadError):
            peer.secure.tls.unwrap()
    peer.wire.clear()
    if asked or notifies:
        peer.secure.connection.dataReceived(peer.secure.outgoing.read())
    peer.secure.connection.readConnectionLost()
    # Python reads no more once it has ended: there is the answer, and a record that ends it.
    assert (len(peer.wire.value()) > 100) is bool(asked)
    # Both have said all they had to say, so nobody is waited for.
    assert peer.wire.disconnecting


@pytest.mark.parametrize(
    "name", ["socket", "fileno", "getHandle_", "startReading", "doRead", "_tempDataBuffer", "TLS"]
)
def test_nobody_reaches_what_is_below(name: str) -> None:
    """Whatever TLS has not itself and does not leave to TCP is not there."""
    peer = secured().connect()
    setattr(peer.wire, name, "raw")
    with pytest.raises(AttributeError):
        getattr(peer.secure.connection, name)


def test_flow_control_is_tcps() -> None:
    """A record that was read is passed on at once."""
    peer = secured().connect()
    peer.secure.connection.pauseProducing()
    assert peer.wire.producerState == "paused"
    peer.secure.connection.resumeProducing()
    assert peer.wire.producerState == "producing"


def test_a_broken_record_is_told_and_then_the_end() -> None:
    """The alert arrives: no reset takes it along. Who never closes is cut."""
    server = secured()
    peer = server.connect()
    peer.wire.clear()
    peer.secure.connection.dataReceived(b"\x17\x03\x03\x00\x20" + b"x" * 32)
    assert peer.wire.half_closed
    assert peer.wire.value()
    peer.secure.connection.dataReceived(b"more")
    server.clock.advance(LINGER)
    assert peer.wire.aborted
    peer.lose()
    assert not list(server.state.connections)


def test_lost_peers_leave_nothing_behind() -> None:
    """At each stage of a connection."""
    server = secured()
    begun = server.reach(unverified())
    with pytest.raises(ssl.SSLWantReadError):
        begun.tls.do_handshake()
    begun.exchange()
    open_: SecurePeer = server.connect()
    ended = server.connect()
    ended.send(b"\1")
    for connection in (begun.connection, open_.secure.connection, ended.secure.connection):
        connection.connectionLost()
    assert not server.tls.protocols
    assert not list(server.state.connections)
    server.clock.advance(100)
