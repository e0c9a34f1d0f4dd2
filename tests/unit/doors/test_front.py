# SPDX-License-Identifier: MIT
"""The first bytes of a connection, good and bad."""

import json

import pytest
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from tests.unit.doors.harness import Client, Server, masked
from wsecho.config.config import Config
from wsecho.core.http.requests import MAX_HEAD

UPGRADE = (
    b"GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
ECHOED = b"\x81\x02hi"


def status(answer: bytes) -> int:
    """The status code of an HTTP answer."""
    return int(answer.split(b" ", 2)[1])


def test_a_frame_in_the_segment_of_the_request_is_answered() -> None:
    """Autobahn's own resource loses it."""
    peer = Server().connect()
    peer.send(UPGRADE + masked(1, b"hi"))
    answer = peer.received()
    assert status(answer) == 101
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in answer
    assert answer.endswith(ECHOED)


def test_a_handshake_may_come_byte_by_byte() -> None:
    """The same answer, however the bytes are cut."""
    peer = Server().connect()
    peer.trickle(UPGRADE + masked(1, b"hi"))
    assert peer.received().endswith(ECHOED)


def test_an_empty_line_before_the_request_is_let_pass() -> None:
    """RFC 9112 section 2.2."""
    peer = Server().connect()
    peer.send(b"\r\n" + UPGRADE)
    assert status(peer.received()) == 101


def test_a_trickling_request_is_cut_at_the_open_timeout() -> None:
    """The time counts from the connection's start, not from the last byte."""
    server = Server(Config(open_timeout=10))
    peer = server.connect()
    for position in range(9):
        peer.send(UPGRADE[position : position + 1])
        server.clock.advance(1)
    assert not peer.wire.aborted
    server.clock.advance(1)
    assert peer.wire.aborted


def test_an_open_websocket_outlives_the_open_timeout() -> None:
    """The clock stops with the head."""
    server = Server(Config(open_timeout=10, auto_ping=0))
    client = server.open("/echo")
    server.clock.advance(1000)
    client.text("still here")
    assert client.texts() == ["still here"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ((b"Version: 13", b"Version: 8"), 426),
        ((b"Version: 13", b"Version: 12"), 426),
        ((b"HTTP/1.1", b"HTTP/1.0"), 400),
        ((b"GET", b"POST"), 405),
        ((b"dGhlIHNhbXBsZSBub25jZQ==", b"nonsense"), 400),
        ((b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\nabc"), 400),
        ((b"/echo", b"/nowhere"), 404),
        ((b"/echo", b"/broadcast/a/b"), 404),
        ((b"/echo", b"/broadcast/"), 400),
        ((b"/echo", b"/broadcast/%00"), 400),
        ((b"/echo", b"/broadcast/a?self=2"), 400),
        ((b"Host: localhost", b"Host : localhost"), 400),
    ],
)
def test_a_bad_upgrade_is_refused_as_json(change: tuple[bytes, bytes], expected: int) -> None:
    """A right status, a reason, and the connection ends without a reset."""
    peer = Server().connect()
    peer.send(UPGRADE.replace(*change))
    answer = peer.received()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert status(answer) == expected
    assert b"Connection: close" in head
    assert f"Content-Length: {len(body)}".encode() in head
    assert json.loads(body)["error"]["reason"]
    assert (b"Sec-WebSocket-Version: 13" in head) is (expected == 426)
    assert peer.wire.half_closed


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\x00\xa5", b"\x00" * 100, b"[]{}\r\n"])
def test_garbage_is_refused_at_its_first_byte(garbage: bytes) -> None:
    """Nobody waits for the end of a head that will not come."""
    peer = Server().connect()
    peer.send(garbage)
    assert status(peer.received()) == 400
    assert peer.wire.half_closed


@pytest.mark.parametrize("end", [b"", b"\r\n\r\n"])
def test_an_oversized_head_is_refused(end: bytes) -> None:
    """431 as soon as the bound is passed, whether its end came or not."""
    peer = Server().connect()
    peer.send(b"GET / HTTP/1.1\r\nX: " + b"x" * MAX_HEAD + end)
    assert status(peer.received()) == 431


def test_a_refused_peer_that_stays_is_cut() -> None:
    """What it sends is thrown away, and its time is short."""
    server = Server()
    peer = server.connect()
    peer.send(b"\0")
    peer.received()
    peer.send(b"more" * 1000)
    assert peer.received() == b""
    server.clock.advance(60)
    assert peer.wire.aborted


@pytest.mark.parametrize("sent", [b"", UPGRADE[:40], UPGRADE, b"\0", b"GET /a HTTP/1.1\r\n\r\n"])
def test_a_connection_may_be_lost_at_any_moment(sent: bytes) -> None:
    """Nothing is left on the clock but the site's own."""
    server = Server(Config(auto_ping=0))
    peer = server.connect()
    peer.send(sent)
    peer.front.connectionLost(Failure(ConnectionDone()))
    assert not server.clock.getDelayedCalls()
    assert not server.websockets.connections


def test_an_upgrade_on_a_kept_alive_connection() -> None:
    """A proxy with kept-alive upstream connections sends it so, frames right behind it."""
    server = Server()
    peer = server.connect()
    peer.send(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert status(peer.received()) == 404
    peer.send(UPGRADE + masked(1, b"hi"))
    assert peer.received().endswith(ECHOED)
    peer.send(masked(1, b"hi"))
    assert peer.received() == ECHOED
    server.clock.advance(1000)
    assert not peer.wire.aborted
    peer.front.connectionLost(Failure(ConnectionDone()))
    assert not server.websockets.connections


def test_a_bad_upgrade_on_a_kept_alive_connection_is_refused() -> None:
    """By the same rules, and the connection ends."""
    peer = Server().connect()
    peer.send(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
    peer.received()
    peer.send(UPGRADE.replace(b"Version: 13", b"Version: 8"))
    answer = peer.received()
    assert status(answer) == 426
    assert b"connection: close" in answer.lower()
    assert peer.wire.disconnecting


def test_a_trickling_head_on_a_kept_alive_connection_is_cut() -> None:
    """The second head has as much time as the first."""
    server = Server(Config(open_timeout=10))
    peer = server.connect()
    peer.send(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
    for _ in range(11):
        peer.send(b"GET / HTTP/1.1\r\n" if _ == 0 else b"X: y\r\n")
        server.clock.advance(1)
    assert peer.wire.aborted


def test_subprotocols() -> None:
    """Echo takes the first offered; the raw door takes its own and no other."""
    server = Server()
    assert server.open("/echo", subprotocols=["x", "y"]).protocol.subprotocol == "x"
    raw = ["x", "wsecho.raw"]
    assert server.open("/broadcast/a", subprotocols=raw).protocol.subprotocol == "wsecho.raw"
    assert server.open("/broadcast/a", subprotocols=["x"]).protocol.subprotocol is None
    assert server.open("/broadcast/a").protocol.subprotocol is None


def test_the_reply_to_a_head_names_no_library_version() -> None:
    """The server's name is its own."""
    client = Client.to(Server().connect(), "/echo")
    client.shake_hands()
    assert client.response.headers["Server"] == "wsecho"
