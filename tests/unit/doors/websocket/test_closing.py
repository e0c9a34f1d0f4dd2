# SPDX-License-Identifier: MIT
"""How a WebSocket ends, by whomever: the code, the time that is waited, what is said of it."""

from typing import Any

import pytest

from tests.unit.doors.harness import Client, Server, masked
from wsecho.core.wire.errors import OUR_FAULT, STOPPING, TOO_SLOW, CloseReason
from wsecho.doors.websocket.closing import CLOSE_TIMEOUT
from wsecho.server.stats import ABNORMAL, NO_STATUS


def connected() -> tuple[Server, Client, Any]:
    """An open echo, and its connection on the server's side."""
    server = Server()
    client = server.open("/echo")
    [connection] = server.websockets.connections
    return server, client, connection


@pytest.mark.parametrize("why", [OUR_FAULT, STOPPING, TOO_SLOW])
def test_the_server_may_close_with_any_code(why: CloseReason) -> None:
    """1001, 1011 and 1013 are among them, which Autobahn itself refuses to send."""
    server, client, connection = connected()
    connection.close(why)
    assert (client.close_code, client.close_reason) == (why.code, why.reason)
    client.flush()
    assert client.peer.wire.disconnecting
    client.peer.lose()
    assert list(server.state.stats.closes) == [("echo", str(int(why.code)))]


def test_who_does_not_answer_a_close_is_cut_off() -> None:
    """In time, unless whoever closes them all keeps the time."""
    server, client, connection = connected()
    connection.close(OUR_FAULT)
    server.clock.pump([1] * int(CLOSE_TIMEOUT + 1))
    assert client.peer.wire.aborted
    server, client, connection = connected()
    connection.close(STOPPING)
    server.clock.pump([1] * int(CLOSE_TIMEOUT + 1))
    assert not client.peer.wire.aborted


def test_what_waits_is_dropped_for_who_reads_too_slowly() -> None:
    """The Close frame would never get there behind it all."""
    _, client, connection = connected()
    client.peer.wire.fill()
    connection.push(b"\x81\x01x")
    connection.close(TOO_SLOW)
    client.peer.wire.empty()
    assert client.take() == []
    assert client.close_code == 1013


def test_a_later_end_of_the_token_counts() -> None:
    """A fresh token takes the place of the one before."""
    server, client, connection = connected()
    connection.expire_at(10.0)
    connection.expire_at(20.0)
    server.clock.advance(15)
    assert client.close_code is None
    server.clock.advance(5)
    assert client.close_code == 4401


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (masked(8, b"\x03\xe8bye"), 1000),
        (masked(8, b""), NO_STATUS),
        (b"", ABNORMAL),
    ],
)
def test_what_the_peer_said_is_what_is_counted(said: bytes, code: int) -> None:
    """A Close frame's code, none in it, or no Close frame at all."""
    server, client, _ = connected()
    client.peer.send(said)
    client.peer.lose()
    assert list(server.state.stats.closes) == [("echo", str(code))]
