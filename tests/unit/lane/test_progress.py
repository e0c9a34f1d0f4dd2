# SPDX-License-Identifier: MIT
"""How far a connection has come, as the system tells it."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import define

from wsecho.lane.progress import progress


@define
class Transport:
    """A transport of Twisted's, as far as it matters."""

    socket: Any
    dataBuffer: bytes = b""
    offset: int = 0
    _tempDataLen: int = 0


@define
class Lane:
    """A transport of the lane, under which it stands."""

    socket: Any
    waiting: int


@define
class Tls:
    """TLS upon another transport."""

    beneath: Any


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a connection over loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = socket.create_connection(listening.getsockname())
        server, _ = listening.accept()
    with client, server:
        yield client, server


def test_what_the_peer_took_and_sent_is_known(pair: tuple[socket.socket, socket.socket]) -> None:
    """By the system's own counts, which rise; a window is left."""
    client, server = pair
    before = progress(Transport(server), 0)
    client.sendall(b"x" * 100)
    assert server.recv(100, socket.MSG_WAITALL) == b"x" * 100
    server.sendall(b"y" * 50)
    assert client.recv(50, socket.MSG_WAITALL) == b"y" * 50
    after = progress(Transport(server), 0)
    assert after.received - before.received == 100
    assert after.window is not None
    assert after.window > 0


def test_what_waits_anywhere_waits(pair: tuple[socket.socket, socket.socket]) -> None:
    """Before the transport, in it, and in the system."""
    _, server = pair
    assert progress(Transport(server, b"abcdef", 2, 10), 7).waiting == 7 + 4 + 10
    assert progress(Lane(server, 30), 7).waiting == 37
    assert progress(Tls(Lane(server, 30)), 7).waiting == 37
    server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
    server.setblocking(False)
    sent = server.send(b"x" * (1 << 22))
    assert 0 < progress(Transport(server), 0).waiting <= sent


def test_a_unix_socket_tells_what_waits_alone() -> None:
    """What waits less was taken."""
    one, other = socket.socketpair()
    with one, other:
        other.send(b"z" * 1000)
        full = progress(Transport(other, b"abc"), 0)
        one.recv(1000)
        empty = progress(Transport(other), 0)
    assert full.waiting > 3
    assert (full.taken, full.window) == (-full.waiting, 0)
    assert empty.waiting == 0
    assert empty.taken > full.taken


@pytest.mark.parametrize("sock", [None, "no socket"])
def test_where_there_is_no_socket_what_waits_is_told(sock: object) -> None:
    """As in memory."""
    told = progress(Transport(sock, b"abc"), 4)
    assert (told.taken, told.waiting) == (-7, 7)


def test_a_socket_that_is_closed_tells_nothing() -> None:
    """It may be closed between any two lines of ours."""
    one, other = socket.socketpair()
    one.close()
    other.close()
    assert progress(Transport(one), 4).waiting == 4
