# SPDX-License-Identifier: MIT
"""WAMP over RawSocket: its handshake, its frames, its end."""

import json

import cbor2
import msgpack
import pytest

from tests.unit.doors.wamp.harness import HELLO, Raw, Wamp, make_server

PING, PONG = 1, 2


def join(**options: object) -> Raw:
    """A session of JSON."""
    raw, _ = Raw.shake_hands(make_server(**options))
    raw.say(HELLO)
    assert raw.heard()[0][0] == 2
    return raw


@pytest.mark.parametrize(
    ("octets", "answer"),
    [
        (b"\x7f\xf1\0\0", b"\x7f\xf1\0\0"),
        (b"\x7f\x02\0\0", b"\x7f\xf2\0\0"),
        (b"\x7f\x73\0\0", b"\x7f\xf3\0\0"),
        (b"\x7f\xf0\0\0", b"\x7f\x10\0\0"),
        (b"\x7f\xf4\0\0", b"\x7f\x10\0\0"),
        (b"\x7f\xf1\0\1", b"\x7f\x30\0\0"),
    ],
)
def test_the_handshake(octets: bytes, answer: bytes) -> None:
    """Our own limit whatever the peer's; unknown serializers and reserved bits are refused."""
    raw, received = Raw.shake_hands(make_server(), octets)
    assert received == answer
    assert raw.peer.wire.half_closed is (answer[1] & 0x0F == 0)


@pytest.mark.parametrize(
    ("limit", "octet"), [(100, 0x01), (512, 0x01), (64 << 10, 0x71), (16 << 20, 0xF1)]
)
def test_our_limit_is_told_and_kept(limit: int, octet: int) -> None:
    """From 512 octets to 16 MiB; one message more than that ends the session."""
    server = make_server(max_message_size=limit)
    raw, answer = Raw.shake_hands(server)
    assert answer == bytes((0x7F, octet, 0, 0))
    told = 1 << (9 + (octet >> 4))
    text = json.dumps(HELLO)
    raw.frame(0, (text + " " * (min(told, (1 << 24) - 1) - len(text))).encode())
    assert raw.heard()[0][0] == 2
    if told < 1 << 24:
        raw.frame(0, b" " * (max(limit, told) + 1))
        [[kind, _, reason]] = raw.heard()
        assert (kind, reason) == (3, "wamp.error.protocol_violation")
        assert raw.peer.wire.half_closed


def test_the_handshake_may_trickle_in() -> None:
    """One octet at a time, with the first frame in one go behind it, or not."""
    server = make_server()
    frame = json.dumps(HELLO).encode()
    octets = b"\x7f\xf1\0\0\0" + len(frame).to_bytes(3) + frame
    for feed in ("trickle", "send"):
        peer = server.connect()
        getattr(peer, feed)(octets)
        received = peer.received()
        assert received[:4] == b"\x7f\xf1\0\0"
        assert json.loads(received[8:])[0] == 2


def test_a_handshake_that_does_not_come_is_cut() -> None:
    """The first octet alone is no reason to keep a connection."""
    server = make_server(open_timeout=3)
    peer = server.connect()
    peer.send(b"\x7f")
    server.clock.advance(3)
    assert peer.wire.aborted


@pytest.mark.parametrize(("octet", "form"), [(b"\xf2", msgpack.packb), (b"\xf3", cbor2.dumps)])
def test_binary_forms(octet: bytes, form: object) -> None:
    """MessagePack and CBOR."""
    raw, _ = Raw.shake_hands(make_server(), b"\x7f" + octet + b"\0\0")
    assert callable(form)
    raw.frame(0, form(HELLO))
    [(_, payload)] = raw.frames()
    assert (msgpack.unpackb if octet == b"\xf2" else cbor2.loads)(payload)[0] == 2


def test_a_ping_is_answered() -> None:
    """With its own payload; a PONG that nobody asked for is let pass."""
    raw = join()
    raw.frame(PING, b"payload")
    assert raw.frames() == [(PONG, b"payload")]
    raw.frame(PONG, b"x")
    raw.say([48, 1, {}, "wsecho.echo", [1]])
    assert raw.heard() == [[50, 1, {}, [1]]]


def test_what_the_peer_cannot_take_is_not_sent() -> None:
    """An event is left out, a result becomes an error: the peer's own limit holds."""
    server = make_server()
    raw, _ = Raw.shake_hands(server, b"\x7f\x01\0\0")
    raw.say(HELLO)
    raw.frames()
    other = Wamp.join(server)
    raw.say([32, 1, {}, "com.example.topic"])
    raw.frames()
    other.publish("com.example.topic", "x" * 600)
    other.publish("com.example.topic", "short")
    assert [message[4] for message in raw.heard()] == [["short"]]
    text = "y" * 450
    raw.say([48, 2, {}, "wsecho.echo", [text], {"a": text[:30]}])
    assert raw.heard()[0][0] == 50
    callee = Wamp.join(server)
    callee.say([64, 1, {}, "com.example.long"])
    callee.heard()
    raw.say([48, 3, {}, "com.example.long"])
    [[_, invocation, *_]] = callee.heard()
    callee.say([70, invocation, {}, ["x" * 600]])
    assert raw.heard()[0][:5] == [8, 48, 3, {}, "wamp.error.payload_size_exceeded"]


def test_an_error_that_the_peer_cannot_take_is_another_error() -> None:
    """Its callee chose a URI that alone is too long: the call ends, and nobody else hears of it."""
    server = make_server()
    raw, _ = Raw.shake_hands(server, b"\x7f\x01\0\0")
    raw.say(HELLO)
    raw.frames()
    callee = Wamp.join(server)
    callee.say([64, 1, {}, "com.example.failing"])
    callee.heard()
    for number, uri in enumerate(("com." + "x" * 600, "com." + "x" * 400, "com.short"), 1):
        raw.say([48, number, {}, "com.example.failing"])
        [[_, invocation, *_]] = callee.heard()
        callee.say([8, 68, invocation, {}, uri, ["y" * 600]])
        expected = "wamp.error.payload_size_exceeded" if len(uri) > 500 else uri
        assert raw.heard() == [[8, 48, number, {}, expected]]
        assert callee.heard() == []


@pytest.mark.parametrize(
    "frame", [b"\0\0\0\1{", b"\0\0\0\5[999]", b"\3\0\0\0", b"\x08\0\0\0", b"\0\0\0\0"]
)
def test_what_breaks_the_protocol_ends_its_session_alone(frame: bytes, lines: list[str]) -> None:
    """ABORT, FIN, one line in the log; what came behind it is not read."""
    server = make_server()
    good = Wamp.join(server)
    raw, _ = Raw.shake_hands(server)
    raw.say(HELLO)
    raw.frames()
    raw.peer.send(frame + b"\1\0\0\0")
    [[kind, _, reason]] = raw.heard()
    assert (kind, reason) == (3, "wamp.error.protocol_violation")
    assert raw.peer.wire.half_closed
    raw.peer.lose()
    [line] = lines
    assert "with wamp.error.protocol_violation: by violation: " in line
    assert good.call("wsecho.echo", 1) == [50, 1, {}, [1]]


def test_goodbye_is_answered_and_the_connection_closed() -> None:
    """A peer that does not close then is cut off."""
    server = make_server()
    raw, _ = Raw.shake_hands(server)
    raw.say(HELLO)
    raw.frames()
    raw.say([6, {}, "wamp.close.normal"])
    assert raw.heard() == [[6, {}, "wamp.close.goodbye_and_out"]]
    assert raw.peer.wire.half_closed
    assert not raw.peer.wire.aborted
    server.clock.advance(10)
    assert raw.peer.wire.aborted


def test_a_lost_connection_ends_its_session() -> None:
    """Within the handshake too."""
    server = make_server()
    raw, _ = Raw.shake_hands(server)
    raw.say(HELLO)
    early = server.connect()
    early.send(b"\x7f\xf1")
    assert len(server.router.sessions) == 1
    raw.peer.front.connectionLost()
    early.front.connectionLost()
    assert not server.router.sessions
    assert not server.clock.getDelayedCalls()


@pytest.mark.parametrize("what", ["events", "pongs"])
def test_who_does_not_read_is_cut_at_the_bound(what: str) -> None:
    """Be it events or its own pings' answers that it does not take."""
    server = make_server(send_queue=1000)
    raw, _ = Raw.shake_hands(server)
    raw.say(HELLO)
    raw.say([32, 1, {}, "com.example.topic"])
    speaker = Wamp.join(server)
    raw.peer.wire.fill()
    for _ in range(20):
        if what == "events":
            speaker.publish("com.example.topic", "x" * 100)
        else:
            raw.frame(PING, b"x" * 100)
    assert raw.peer.wire.aborted
    raw.peer.front.connectionLost()
    assert len(server.router.sessions) == 1
