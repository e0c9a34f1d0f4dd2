# SPDX-License-Identifier: MIT
"""Endpoints of every kind, and their certificates read again."""

import socket
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from twisted.internet.address import IPv4Address
from twisted.internet.endpoints import TCP6ServerEndpoint, wrapServerTLS
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.selectreactor import SelectReactor
from twisted.internet.ssl import PrivateCertificate
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.protocols.haproxy._wrapper import HAProxyProtocolWrapper
from twisted.protocols.tls import TLSMemoryBIOProtocol
from zope.interface import directlyProvides

from tests.support.certificates import write_certificate
from wsecho.app.listening import Listening
from wsecho.config.config import ConfigError
from wsecho.lane.accepted import Accepted
from wsecho.tls.connection import TlsConnection


class Reactor(MemoryReactorClock):
    """A reactor in memory whose TCP ports say where they are."""

    def listenTCP(self, port: Any, factory: Any, backlog: Any = 50, interface: str = "") -> Any:
        """Listen in memory."""
        super().listenTCP(port, factory, backlog, interface)
        host = IPv4Address("TCP", interface or "0.0.0.0", port)
        return SimpleNamespace(getHost=lambda: host)


def listening(*endpoints: str) -> tuple[Listening, MemoryReactorClock, Any]:
    """What listens at endpoints, on a reactor in memory."""
    reactor, factory = Reactor(), Factory.forProtocol(Protocol)
    listening = Listening(reactor)
    listening.begin(endpoints, factory)
    return listening, reactor, factory


def serial(connection: Any) -> int:
    """The serial number of the certificate that a server would show."""
    return int(connection.get_certificate().get_serial_number())


def test_a_plain_port_has_our_very_factory() -> None:
    """No holder stands between."""
    _, reactor, factory = listening("tcp:1", "unix:/x.sock")
    assert reactor.tcpServers[0][1] is factory
    assert reactor.unixServers[0][1] is factory


def test_an_ssl_certificate(tmp_path: Path) -> None:
    """A bad file leaves the old in force; so does a key that is not its certificate's."""
    path = write_certificate(tmp_path, 1)
    where, reactor, factory = listening(f"ssl:1:privateKey={path}")
    [(_, listened, *_)] = reactor.tcpServers
    holder: Any = listened
    assert holder.current.wrappedFactory is factory
    assert serial(_serve(holder)) == 1
    write_certificate(tmp_path, 2)
    assert where.reload() == []
    assert serial(_serve(holder)) == 2
    good = path.read_text()
    for bad in ("nonsense", ""):
        path.write_text(bad)
        [complaint] = where.reload()
        assert "\n" not in str(complaint)
        assert str(complaint).startswith(f"--listen ssl:1:privateKey={path}: ")
        assert serial(_serve(holder)) == 2
    other = write_certificate(tmp_path, 3, "other.pem").read_text()
    key, begin, certificate = good.partition("-----BEGIN CERTIFICATE")
    path.write_text(other.partition("-----BEGIN CERTIFICATE")[0] + begin + certificate)
    assert key
    assert len(where.reload()) == 1
    assert serial(_serve(holder)) == 2


@pytest.mark.parametrize("prefix", ["", "haproxy:"])
def test_a_tls_folder(tmp_path: Path, prefix: str) -> None:
    """Renewals are seen, which Twisted alone does not; what is open keeps its certificate."""
    write_certificate(tmp_path, 1)
    where, reactor, factory = listening(f"{prefix}tls:{tmp_path}:1")
    [(_, holder, *_)] = reactor.tcpServers
    holder.doStart()
    before = _serve(holder)
    write_certificate(tmp_path, 2)
    assert where.reload() == []
    assert serial(before) == 1
    assert serial(_serve(holder)) == 2
    (tmp_path / "both.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    assert len(where.reload()) == 1
    assert serial(_serve(holder)) == 2
    assert factory.numPorts == 1
    holder.doStop()
    assert factory.numPorts == 0


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize(
    "kind", ["tls:{folder}:1", "ssl:1:privateKey={folder}/both.pem", "ssl:1:{folder}/both.pem"]
)
def test_nobody_is_asked_for_a_password(tmp_path: Path, kind: str, form: PrivateFormat) -> None:
    """Neither at the start nor later, when the whole server would wait for it."""
    endpoint = kind.format(folder=tmp_path)
    path = write_certificate(tmp_path, 1)
    where, *_ = listening(endpoint)
    key = load_pem_private_key(path.read_bytes(), None)
    certificate = path.read_text().partition("-----BEGIN CERTIFICATE")[1:]
    secret = key.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"hello"))
    path.write_text(secret.decode() + "".join(certificate))
    [complaint] = where.reload()
    assert complaint.reason.startswith(f"{path} has a password, which nobody is there to type")
    with pytest.raises(ConfigError, match=f"{path} has a password"):
        listening(endpoint)


@pytest.mark.parametrize("prefix", ["", "haproxy:"])
@pytest.mark.parametrize("kind", ["tls:{folder}:1", "ssl:1:privateKey={folder}/both.pem"])
def test_the_first_end_of_a_certificate_is_known(tmp_path: Path, kind: str, prefix: str) -> None:
    """Of the one that is in force; plain ports have none."""
    write_certificate(tmp_path, 1, days=(-1, 20))
    where, *_ = listening("tcp:2", prefix + kind.format(folder=tmp_path), "unix:/x.sock")
    before = where.end_of_certificates
    assert before is not None
    write_certificate(tmp_path, 2, days=(-1, 30))
    assert where.reload() == []
    after = where.end_of_certificates
    assert after is not None
    assert round((after - before) / 86_400) == 10
    assert listening("tcp:1")[0].end_of_certificates is None


def _serve(holder: Any) -> Any:
    """Open a connection."""
    protocol = holder.buildProtocol(IPv4Address("TCP", "127.0.0.1", 1))
    protocol.makeConnection(StringTransport())
    if isinstance(protocol, HAProxyProtocolWrapper):
        protocol.dataReceived(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n")
        protocol = protocol.wrappedProtocol
    assert isinstance(protocol, TLSMemoryBIOProtocol)
    return protocol._tlsConnection


def test_a_tls_folder_without_a_certificate_is_told_at_the_start(tmp_path: Path) -> None:
    """It would show nobody anything."""
    with pytest.raises(ConfigError, match="no certificate in this folder has its key there"):
        listening(f"tls:{tmp_path}:1")
    write_certificate(tmp_path, 1)
    with pytest.raises(ConfigError, match=r"^--listen tls:[^ ]*: "):
        listening(f"tls:{tmp_path}:no-port")


def test_tls_of_another_endpoint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A plugin's puts Twisted's own TLS around the factory: its connections end as ours do."""
    options = PrivateCertificate.loadPEM(write_certificate(tmp_path, 1).read_bytes()).options()

    def parse(reactor: Any, _description: str) -> Any:
        return wrapServerTLS(options, TCP6ServerEndpoint(reactor, 1))

    monkeypatch.setattr("wsecho.app.listening.serverFromString", parse)
    _, reactor, _ = listening("another:1")
    [(_, listened, *_)] = reactor.tcpServers
    holder: Any = listened
    assert isinstance(holder.buildProtocol(None), TlsConnection)


def test_where_a_port_was_is_known_when_it_is_closed(tmp_path: Path) -> None:
    """Requests on connections that stay ask for it."""
    places = Listening(SelectReactor())
    places.begin(("tcp:0:interface=127.0.0.1", f"unix:{tmp_path / 'socket'}"), Factory())
    for port in places.ports:
        port.stopListening()
        port.connectionLost(None)  # type: ignore[attr-defined]
    assert places.is_on_loopback
    assert not places.beyond


def test_what_needs_no_reading() -> None:
    """Plain ports, and PROXY before them."""
    where, reactor, _ = listening("tcp:1", "haproxy:tcp:2")
    assert where.reload() == []
    assert [port for port, *_ in reactor.tcpServers] == [1, 2]


@pytest.mark.parametrize(
    ("endpoints", "on_loopback", "beyond"),
    [
        (("tcp:1:interface=127.0.0.1",), True, 0),
        (("tcp6:1:interface=\\:\\:1", "unix:/x.sock"), True, 0),
        (("haproxy:tcp:1:interface=127.0.0.2",), True, 0),
        (("unix:/x.sock",), False, 0),
        (("tcp:1",), False, 1),
        (("tcp:1:interface=127.0.0.1", "tcp:2:interface=192.0.2.1"), False, 1),
    ],
)
def test_who_can_reach_it(endpoints: tuple[str, ...], on_loopback: bool, beyond: int) -> None:
    """A Unix socket is neither on loopback nor beyond it."""
    where, _, _ = listening(*endpoints)
    assert where.is_on_loopback is on_loopback
    assert len(where.beyond) == beyond


def test_a_bad_endpoint_is_one_line() -> None:
    """Whatever Twisted's parsers raise."""
    with pytest.raises(ConfigError, match=r"^--listen ssl:1:privateKey=/nowhere: "):
        listening("ssl:1:privateKey=/nowhere")


@pytest.fixture
def real() -> Iterator[Callable[[str], Any]]:
    """Makes a port of a reactor that listens, though it does not run."""
    ports: list[Any] = []

    def listen(endpoint: str) -> Any:
        places = Listening(SelectReactor())
        places.begin((endpoint,), Factory.forProtocol(Protocol))
        ports.extend(places.ports)
        return ports[-1]

    yield listen
    for port in ports:
        port.socket.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how long the queue is")
@pytest.mark.parametrize(
    ("endpoint", "length"),
    [("tcp:0", 1024), ("tcp:0:backlog=60", 60), ("tcp:0:backlog=2000", 2000)],
)
def test_a_storm_finds_room_in_the_queue(
    real: Callable[[str], Any], endpoint: str, length: int
) -> None:
    """Unless the endpoint says how much; the kernel has its own bound."""
    most = int(Path("/proc/sys/net/core/somaxconn").read_text())
    told = real(endpoint).socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 64)
    # In tcp_info of a socket that listens, `tcpi_sacked` is the queue's length.
    assert struct.unpack_from("=8x6I", told)[5] == min(length, most)


def test_small_messages_do_not_wait_for_each_other(
    real: Callable[[str], Any], tmp_path: Path
) -> None:
    """Whatever stands around our factory; a Unix socket has no such thing."""
    path = write_certificate(tmp_path, 1)
    for endpoint in ("tcp:0", "haproxy:tcp:0", f"ssl:0:privateKey={path}"):
        port = real(endpoint)
        with (
            socket.create_connection(port.socket.getsockname()),
            port.socket.accept()[0] as accepted,
        ):
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    real(f"unix:{tmp_path / 'socket'}")


def test_only_a_plain_connection_is_read_at_once(
    real: Callable[[str], Any], tmp_path: Path
) -> None:
    """What stands around others begins to read by itself."""
    path = write_certificate(tmp_path, 1)
    others = ("haproxy:tcp:0", f"ssl:0:privateKey={path}", f"unix:{tmp_path / 'socket'}")
    assert real("tcp:0").transport is Accepted
    places = Listening(SelectReactor(), reads_at_once=False)
    places.begin(("tcp:0",), Factory.forProtocol(Protocol))
    port: Any = places.ports[0]
    assert port.transport is not Accepted
    port.socket.close()
    assert not any(issubclass(real(other).transport, Accepted) for other in others)


def test_a_client_behind_a_proxy_line_may_close_its_half() -> None:
    """As far as the protocol within knows of such a thing; also after a reload."""
    where, reactor, _ = listening("haproxy:tcp:1")
    [(_, listened, *_)] = reactor.tcpServers
    holder: Any = listened
    for _ in range(2):
        proxied = holder.buildProtocol(None)
        assert isinstance(proxied, HAProxyProtocolWrapper)
        assert IHalfCloseableProtocol(proxied, None) is None
        within: Any = proxied.wrappedProtocol
        told: list[str] = []
        directlyProvides(within, IHalfCloseableProtocol)
        within.readConnectionLost = lambda told=told: told.append("read")
        within.writeConnectionLost = lambda told=told: told.append("write")
        half_closeable = IHalfCloseableProtocol(proxied)
        half_closeable.readConnectionLost()
        half_closeable.writeConnectionLost()
        assert told == ["read", "write"]
        assert where.reload() == []
