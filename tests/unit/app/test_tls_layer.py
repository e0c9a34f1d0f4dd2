# SPDX-License-Identifier: MIT
"""TLS of our own around factories, whoever asked for it."""

from pathlib import Path
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IOpenSSLContextFactory
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.ssl import PrivateCertificate
from twisted.internet.testing import MemoryReactorClock
from twisted.protocols.tls import TLSMemoryBIOFactory

from tests.support.certificates import write_certificate
from wsecho.app.tls_layer import TlsLayer
from wsecho.tls.connection import TlsConnection


def options(folder: Path) -> Any:
    """What an endpoint's parser makes of a certificate."""
    return PrivateCertificate.loadPEM(write_certificate(folder, 1).read_bytes()).options()


def connection(factory: Any) -> Any:
    """What a factory makes for a client."""
    return factory.buildProtocol(IPv4Address("TCP", "127.0.0.1", 1))


def test_one_certificate_is_shown(tmp_path: Path) -> None:
    """As `ssl:` has it."""
    reactor, ours = MemoryReactorClock(), Factory.forProtocol(Protocol)
    around: Any = TlsLayer(reactor).around(ours, IOpenSSLContextFactory(options(tmp_path)))
    assert isinstance(connection(around), TlsConnection)
    assert around.wrappedFactory is ours


def test_a_folder_listens_where_twisted_would(tmp_path: Path) -> None:
    """On all addresses of both families at 443, unless told otherwise."""
    write_certificate(tmp_path, 1)
    reactor, ours = MemoryReactorClock(), Factory.forProtocol(Protocol)
    layer = TlsLayer(reactor)
    layer.endpoint(reactor, str(tmp_path)).listen(ours)
    layer.endpoint(reactor, str(tmp_path), "8443", "9", "127.0.0.1").listen(ours)
    [(port, first, backlog, interface), second] = reactor.tcpServers
    assert (port, backlog, interface) == (443, 50, "::")
    assert (second[0], *second[2:]) == (8443, 9, "127.0.0.1")
    assert isinstance(connection(first), TlsConnection)


def test_twisteds_own_is_taken_over(tmp_path: Path) -> None:
    """So that every connection ends alike; a factory without TLS stays as it is."""
    reactor, ours = MemoryReactorClock(), Factory.forProtocol(Protocol)
    layer = TlsLayer(reactor)
    twisteds = TLSMemoryBIOFactory(options(tmp_path), False, ours)
    assert not isinstance(connection(twisteds), TlsConnection)
    layer.take_over(twisteds)
    assert isinstance(connection(twisteds), TlsConnection)
    layer.take_over(ours)
    assert type(connection(ours)) is Protocol
