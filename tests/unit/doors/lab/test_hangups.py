# SPDX-License-Identifier: MIT
"""Whether a peer that is not read from has gone away."""

import socket
import struct
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from wsecho.doors.lab.hangups import hung_up

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture(params=[socket.AF_INET, socket.AF_UNIX], ids=["tcp", "unix"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    """Two ends of a connection, the server's first."""
    if request.param == socket.AF_UNIX:
        ours, theirs = socket.socketpair()
    else:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            theirs = socket.create_connection(listening.getsockname())
            ours, _ = listening.accept()
    with ours, theirs:
        yield ours, theirs


def over(sock: socket.socket) -> Any:
    """A transport over a socket, within another as TLS has it."""
    return SimpleNamespace(transport=SimpleNamespace(socket=sock))


def test_a_peer_that_is_there_has_not(pair: Pair) -> None:
    """Though it has sent something that nobody reads."""
    ours, theirs = pair
    theirs.send(b"unread")
    assert hung_up(over(ours)) is None


def test_a_peer_that_has_closed_its_half_has(pair: Pair) -> None:
    """Though something stands before it."""
    ours, theirs = pair
    theirs.send(b"unread")
    theirs.shutdown(socket.SHUT_WR)
    assert hung_up(over(ours)) == "fin"


def test_a_reset_is_told(pair: Pair) -> None:
    """A Unix socket knows no such thing."""
    ours, theirs = pair
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    theirs.close()
    assert hung_up(over(ours)) == ("fin" if ours.family == socket.AF_UNIX else "reset")


def test_what_is_no_socket_is_not_looked_at(pair: Pair) -> None:
    """Nor one that is closed already."""
    assert hung_up(SimpleNamespace(transport=None)) is None
    pair[0].close()
    assert hung_up(over(pair[0])) is None
