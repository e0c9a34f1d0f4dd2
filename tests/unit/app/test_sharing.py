# SPDX-License-Identifier: MIT
"""What one process binds and others accept on: every kind of endpoint."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.protocol import Factory, Protocol

from tests.support.certificates import write_certificate
from wsecho.app.listening import Listening
from wsecho.app.sharing import AdoptingReactor, adopt_alone, hold, shared_endpoint


@pytest.mark.parametrize(
    ("endpoint", "shared"),
    [
        ("tcp:8080", "tcp:8080"),
        ("systemd:domain=INET:index=0", "tcp:0"),
        ("haproxy:systemd:domain=INET6:index=1", "haproxy:tcp:0"),
        ("unix:/run/systemd:x", "unix:/run/systemd:x"),
        ("ssl:443:privateKey=/a", "ssl:443:privateKey=/a"),
    ],
)
def test_a_socket_of_systemd_is_adopted_like_any(endpoint: str, shared: str) -> None:
    """It could not be found by a worker's own process id."""
    assert shared_endpoint(endpoint) == shared


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[tuple[tuple[str, ...], Listening]]:
    """Endpoints of every kind, bound and held."""
    write_certificate(tmp_path, 7)
    endpoints = (
        "tcp:0:interface=127.0.0.1",
        "tcp6:0:interface=\\:\\:1",
        f"unix:{tmp_path}/x.sock",
        f"ssl:0:privateKey={tmp_path}/both.pem:interface=127.0.0.1",
        f"tls:{tmp_path}:0:interface=127.0.0.1",
        "haproxy:tcp:0:interface=127.0.0.1",
    )
    listening = Listening(reactor)
    listening.begin(endpoints, Factory.forProtocol(Protocol))
    yield endpoints, listening
    for port in listening.ports:
        port.stopListening()


def adopt(endpoints: tuple[str, ...], parent: Listening) -> Listening:
    """What a worker makes of them."""
    descriptors = [os.dup(number) for number in hold(parent.ports)]
    listening = Listening(AdoptingReactor(reactor, descriptors))
    listening.begin(tuple(map(shared_endpoint, endpoints)), Factory.forProtocol(Protocol))
    return listening


def test_a_worker_listens_where_its_parent_does(
    parent: tuple[tuple[str, ...], Listening], tmp_path: Path
) -> None:
    """At the same addresses; its end leaves them to the others, file and all."""
    endpoints, bound = parent
    worker, other = adopt(endpoints, bound), adopt(endpoints, bound)
    hosts: list[Any] = [port.getHost() for port in bound.ports]
    assert [port.getHost() for port in worker.ports] == hosts
    for port in worker.ports:
        port.stopListening()
    for host in hosts:
        address: Any = str(host.name) if hasattr(host, "name") else (host.host, host.port)
        family = socket.AF_UNIX if hasattr(host, "name") else socket.AF_INET
        family = socket.AF_INET6 if ":" in getattr(host, "host", "") else family
        with socket.socket(family) as client:
            client.connect(f"{tmp_path}/x.sock" if family == socket.AF_UNIX else address)
    for port in other.ports:
        port.stopListening()


def test_certificates_of_adopted_sockets_are_read_again(
    parent: tuple[tuple[str, ...], Listening], tmp_path: Path
) -> None:
    """As of bound ones: what cannot be used is told, and only that."""
    worker = adopt(*parent)
    assert worker.reload() == []
    (tmp_path / "both.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    assert [str(one).split(":")[0] for one in worker.reload()] == ["--listen ssl", "--listen tls"]
    for port in worker.ports:
        port.stopListening()


@pytest.mark.parametrize("mode", ["600", "660", "666"])
@pytest.mark.parametrize("has_workers", [True, False], ids=["by a worker", "alone"])
def test_the_file_of_an_adopted_socket_stays_as_it_is(
    tmp_path: Path, mode: str, *, has_workers: bool
) -> None:
    """Its mode says who may come; it may be another user's; and others go on with it."""
    path = tmp_path / "x.sock"
    bound = Listening(reactor)
    bound.begin((f"unix:{path}:mode={mode}",), Factory.forProtocol(Protocol))
    [descriptor] = hold(bound.ports)
    port: Any
    if has_workers:
        [port] = adopt((f"unix:{path}:mode={mode}",), bound).ports
    else:
        port = adopt_alone(reactor, descriptor, Factory.forProtocol(Protocol))
    assert path.stat().st_mode & 0o777 == int(mode, 8)
    assert port.getHost() == bound.ports[0].getHost()
    port.stopListening()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    bound.ports[0].stopListening()


def test_a_socket_that_is_adopted_alone_tells_its_family() -> None:
    """By itself, for an endpoint may say another."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as bound:
            bound.bind((address, 0))
            port = adopt_alone(reactor, bound.fileno(), Factory.forProtocol(Protocol))
            host: Any = port.getHost()
            assert (host.host, host.port) == bound.getsockname()[:2]
            port.stopListening()
