# SPDX-License-Identifier: MIT
"""What is sent on a WebSocket: whole, in order, counted, and bounded where nobody holds back."""

from typing import Any

import pytest

from tests.unit.doors.harness import Client, Server, masked
from wsecho.config.config import Config
from wsecho.core.websocket.frames import Opcode, encode_frame

PING = masked(9, b"?")


def connected(**options: Any) -> tuple[Server, Client, Any]:
    """An open echo, and its connection on the server's side."""
    server = Server(Config(**options))
    client = server.open("/echo")
    [connection] = server.websockets.connections
    return server, client, connection


def test_each_way_of_sending_counts_the_same() -> None:
    """Messages, and the octets that were given."""
    _, client, connection = connected()
    connection.send(b"one", is_binary=False)
    connection.send_all([(b"two", False), (b"three", True)])
    frame = encode_frame(Opcode.TEXT, b"four")
    assert connection.offer(frame) is True
    connection.push(frame)
    assert [bytes(message.data) for message in client.take()] == [
        *(b"one", b"two", b"three", b"four", b"four")
    ]
    counts = connection.own_stats
    assert counts.messages_out == 5
    assert counts.bytes_out == len(b"onetwothree") + 2 * len(frame)


def test_an_offer_is_not_taken_by_who_is_full() -> None:
    """It counts for nothing; last words go behind what waits."""
    _, client, connection = connected()
    client.peer.wire.fill()
    frame = encode_frame(Opcode.TEXT, b"x")
    assert connection.offer(frame) is False
    assert connection.own_stats.messages_out == 0
    connection.push(frame)
    assert client.take() == []
    client.peer.wire.empty()
    assert client.texts() == ["x"]


def test_nothing_follows_a_close_frame() -> None:
    """Whatever way it would go (RFC 6455 section 5.5.1)."""
    server, client, connection = connected()
    connection.drain(1.0)
    assert client.close_code == 1001
    connection.send(b"x", is_binary=False)
    connection.send_all([(b"x", False)])
    connection.push(encode_frame(Opcode.TEXT, b"x"))
    assert client.take() == []
    assert connection.free_transport() is None
    assert server.state.stats.doors["echo"].total("messages_out") == 0


@pytest.mark.parametrize(("path", "is_cut"), [("/broadcast/a", True), ("/echo", False)])
def test_answers_to_pings_are_bounded(path: str, *, is_cut: bool) -> None:
    """A peer that pings and never reads is cut off, unless it is not read from meanwhile."""
    server = Server(Config(send_queue=100))
    client = server.open(path)
    client.peer.wire.fill()
    for _ in range(50):
        if not client.peer.wire.aborted:
            client.raw(PING)
    assert client.peer.wire.aborted is is_cut
    assert server.state.stats.limits == ({"send-queue": 1} if is_cut else {})
    assert (client.peer.wire.producerState == "paused") is not is_cut
