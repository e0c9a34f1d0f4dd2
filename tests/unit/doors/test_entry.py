# SPDX-License-Identifier: MIT
"""Connections over the limits, at the doors: what each kind of client is told."""

import json
from ipaddress import ip_network
from typing import Any

import pytest
from twisted.internet.address import UNIXAddress
from twisted.protocols.haproxy._wrapper import HAProxyWrappingFactory

from tests.unit.doors.harness import Peer, Server, Wire
from tests.unit.doors.test_front import UPGRADE, status
from wsecho.config.config import Config
from wsecho.doors.entry import MAX_TURNED_AWAY
from wsecho.doors.front import Front

GET = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"


def forwarded(address: str) -> bytes:
    """A request that a proxy passes on."""
    return GET.replace(b"\r\n\r\n", f"\r\nX-Forwarded-For: {address}\r\n\r\n".encode())


@pytest.mark.parametrize("request_", [GET, UPGRADE])
def test_over_max_connections_is_503(request_: bytes) -> None:
    """In answer to the request, with a time to come back; who leaves makes place."""
    server = Server(Config(max_connections=1))
    first, second = server.connect(), server.connect()
    assert second.received() == b""
    second.send(request_)
    answer = second.received()
    assert status(answer) == 503
    assert b"Retry-After: 5" in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "over_limit"
    assert second.wire.half_closed
    assert server.state.admissions.refused == {"max-connections": 1}
    assert server.state.stats.refusals == {(503, "over_limit"): 1}
    first.lose()
    third = server.connect()
    third.send(UPGRADE)
    assert status(third.received()) == 101


@pytest.mark.parametrize("request_", [GET, UPGRADE])
def test_over_max_connections_per_address_is_429(request_: bytes) -> None:
    """Others still come in."""
    server = Server(Config(max_connections_per_address=1))
    server.connect()
    second = server.connect()
    second.send(request_)
    assert status(second.received()) == 429
    assert server.state.admissions.refused == {"max-connections-per-address": 1}
    other = server.connect("192.0.2.9")
    other.send(UPGRADE)
    assert status(other.received()) == 101


def test_a_rawsocket_over_the_limits_is_closed() -> None:
    """Its handshake has no word for it."""
    server = Server(Config(max_connections=1))
    server.connect()
    second = server.connect()
    second.send(b"\x7f\xf1\0\0")
    assert second.received() == b""
    assert second.wire.disconnecting


def test_those_who_wait_to_be_turned_away_are_bounded() -> None:
    """A flood of silent connections costs no descriptor for long."""
    server = Server(Config(max_connections=1))
    peers = [server.connect() for _ in range(MAX_TURNED_AWAY + 3)]
    assert [peer.wire.aborted for peer in peers[-3:]] == [False, True, True]
    for peer in peers:
        peer.lose()
    assert not len(server.state.admissions)
    assert server.factory.entrance.turned_away == 0
    assert not server.state.connections


def test_behind_a_proxy_the_forwarded_address_counts() -> None:
    """Known per request: the proxy's own connections are no client's before that."""
    server = Server(
        Config(max_connections_per_address=1, proxy=(ip_network("10.0.0.0/8"),)),
    )
    one, two = server.connect("10.0.0.1"), server.connect("10.0.0.1")
    one.send(forwarded("192.0.2.1"))
    assert status(one.received()) == 404
    two.send(forwarded("192.0.2.1"))
    assert status(two.received()) == 429
    assert two.wire.disconnecting
    three = server.connect("10.0.0.1")
    three.send(forwarded("192.0.2.2"))
    assert status(three.received()) == 404
    one.send(forwarded("192.0.2.2"))
    assert status(one.received()) == 429


@pytest.mark.parametrize("proxy", [ip_network("10.0.0.0/8"), "unix"])
def test_a_proxys_connections_are_nobodys_at_first(proxy: Any) -> None:
    """However it comes: over a socket of both families, or a Unix socket."""
    server = Server(Config(max_connections_per_address=1, proxy=(proxy,)))
    for number in range(3):
        peer = server.connect("" if proxy == "unix" else "::ffff:10.0.0.1")
        peer.send(forwarded(f"192.0.2.{number}"))
        assert status(peer.received()) == 404


def test_without_a_proxy_all_of_a_unix_socket_are_one() -> None:
    """Whatever they say of themselves."""
    server = Server(Config(max_connections_per_address=1))
    server.connect("")
    second = server.connect("")
    second.send(forwarded("192.0.2.1"))
    assert status(second.received()) == 429
    assert server.state.admissions.of("a local socket") == 1


@pytest.mark.parametrize("first", [GET, UPGRADE, b"\x7f\xf1\0\0"])
def test_behind_the_proxy_protocol_the_client_counts(first: bytes) -> None:
    """By every door, and not the balancer, whose connections they all are."""
    server = Server(Config(max_connections_per_address=1))
    factory = HAProxyWrappingFactory(server.factory)

    def connect(line: str) -> Wire:
        wire, protocol = Wire("10.0.0.1"), factory.buildProtocol(None)
        assert protocol is not None
        protocol.makeConnection(wire)
        protocol.dataReceived(f"PROXY TCP4 {line} 10.0.0.9 4711 80\r\n".encode())
        protocol.dataReceived(first)
        return wire

    assert [bool(connect(f"192.0.2.{number}").value()) for number in (1, 2, 3)] == [True] * 3
    assert server.state.admissions.of("192.0.2.2") == 1
    assert server.state.admissions.of("10.0.0.1") == 0
    again = connect("192.0.2.2").value()
    assert again.startswith(b"HTTP/1.1 429") if first[:1] != b"\x7f" else again == b""


def test_a_client_cannot_name_itself_by_its_sockets_name() -> None:
    """It binds it where it likes, so that it reads as a trusted proxy's address."""
    server = Server(Config(max_connections_per_address=1, proxy=(ip_network("10.0.0.0/8"),)))
    for _ in range(2):
        front, wire = server.factory.buildProtocol(None), Wire("")
        assert isinstance(front, Front)
        wire.peerAddr = UNIXAddress(b"10.0.0.1")
        front.makeConnection(wire)
        front.dataReceived(forwarded("192.0.2.1"))
    assert server.state.admissions.of("192.0.2.1") == 0
    assert server.state.admissions.refused == {"max-connections-per-address": 1}


def test_an_upgrade_behind_a_proxy_is_its_clients() -> None:
    """A room is not joined by one that is refused."""
    server = Server(Config(max_connections_per_address=1, proxy=(ip_network("10.0.0.0/8"),)))
    upgrade = UPGRADE.replace(b"/echo", b"/broadcast/a")
    upgrade = upgrade.replace(b"Host:", b"X-Forwarded-For: 192.0.2.1\r\nHost:")
    answers = []
    for _ in range(2):
        peer = server.connect("10.0.0.1")
        peer.send(upgrade)
        answers.append(status(peer.received()))
    assert answers == [101, 429]
    assert [len(room) for room in server.rooms.hub.rooms()] == [1]


def test_every_kind_of_connection_has_one_place() -> None:
    """From its first moment to its last, whatever it speaks."""
    server = Server()
    peers: list[Peer] = [server.open("/echo").peer, server.open("/broadcast/a").peer]
    for first in (b"", GET, b"\x7f\xf1\0\0"):
        peer = server.connect()
        peer.send(first)
        peers.append(peer)
    assert len(server.state.admissions) == 5
    for peer in peers:
        peer.lose()
    assert len(server.state.admissions) == 0
