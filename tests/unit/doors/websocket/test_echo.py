# SPDX-License-Identifier: MIT
"""Echo, through a whole server in memory."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import globalLogPublisher
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Opcode

from tests.unit.doors.harness import Client, Server, masked
from wsecho.config.config import Config
from wsecho.doors.websocket.echo import Echo

MESSAGES = st.lists(st.one_of(st.text(), st.binary()), max_size=5)


@given(MESSAGES, st.sampled_from([None, 9, 12, 15]), st.booleans(), st.booleans(), st.booleans())
def test_the_same_opcode_and_the_same_bytes(
    messages: list[str | bytes],
    window: int | None,
    ours: bool,
    theirs: bool,
    compress: bool,
) -> None:
    """With and without permessage-deflate, with each of its parameters."""
    deflate = ClientPerMessageDeflateFactory(
        server_no_context_takeover=ours,
        client_no_context_takeover=theirs,
        server_max_window_bits=window,
        client_max_window_bits=window or True,
    )
    client = Server().open("/", extensions=[deflate] if compress else None)
    assert bool(client.protocol.extensions) is compress
    for message in messages:
        if isinstance(message, str):
            client.text(message)
        else:
            client.binary(message)
    answers = client.take()
    assert [frame.opcode is Opcode.TEXT for frame in answers] == [
        isinstance(message, str) for message in messages
    ]
    assert [bytes(frame.data) for frame in answers] == [
        message.encode() if isinstance(message, str) else message for message in messages
    ]


def test_no_compression_is_not_negotiated() -> None:
    """`--no-compression` declines the offer, and the connection works."""
    deflate = ClientPerMessageDeflateFactory()
    client = Server(Config(compression=False)).open("/", extensions=[deflate])
    assert not client.protocol.extensions


def test_fragments_are_answered_whole() -> None:
    """One message, whatever frames it came in, pings between them answered."""
    client = Server().open("/echo")
    client.raw(masked(1, b"a", fin=False))
    client.raw(masked(9, b"ping"))
    client.raw(masked(0, b"b", fin=False) + masked(0, b"c"))
    assert client.texts() == ["abc"]


def test_a_fragment_is_a_sign_of_life() -> None:
    """As a whole message is: a ping need not be answered within a message."""
    server = Server(Config(auto_ping=5, auto_ping_timeout=5))
    client = server.open("/echo")
    client.raw(masked(1, b"a", fin=False))
    for _ in range(5):
        server.clock.pump([1] * 4)
        client.raw(masked(0, b"b", fin=False))
    assert not client.peer.wire.aborted
    server.clock.pump([1] * 15)
    assert client.peer.wire.aborted


def test_a_template_answers_text_only() -> None:
    """The text goes where {data} stands; binary is echoed as it is."""
    server = Server(Config(reply=b"Data received as:  {data}!"))
    client = server.open("/")
    client.text("Connection Established")
    client.text("{data}")
    client.binary(b"\0{data}")
    answers = [bytes(frame.data) for frame in client.take()]
    assert answers == [
        b"Data received as:  Connection Established!",
        b"Data received as:  {data}!",
        b"\0{data}",
    ]


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (b"\x81\x02hi", 1002),
        (masked(3, b""), 1002),
        (masked(1, b"x", rsv=4), 1002),
        (masked(0, b"x"), 1002),
        (masked(9, b"", fin=False), 1002),
        (masked(8, b"\x03"), 1002),
        (masked(8, b"\x03\xe7"), 1002),
        (masked(1, b"\xff"), 1007),
        (masked(1, b"\xc3"), 1007),
        (masked(2, b"x" * 101), 1009),
    ],
)
def test_a_fault_is_answered_with_its_code(frames: bytes, code: int) -> None:
    """What was echoed before comes first; then Close, then the end of our side."""
    server = Server(Config(max_message_size=100))
    client = server.open("/")
    client.raw(masked(1, b"before") + frames + b"\xff" * 1000)
    assert client.texts() == ["before"]
    assert client.close_code == code
    assert client.peer.wire.half_closed
    assert not client.peer.wire.aborted
    server.clock.advance(60)
    assert client.peer.wire.aborted


def test_the_size_limit_is_inclusive() -> None:
    """A message of exactly the limit is echoed."""
    client = Server(Config(max_message_size=100)).open("/")
    client.binary(b"x" * 100)
    assert len(client.take()) == 1


def test_inflation_is_bounded_while_inflating() -> None:
    """A small frame that would inflate past the limit is closed with 1009."""
    server = Server(Config(max_message_size=1000))
    client = server.open("/", extensions=[ClientPerMessageDeflateFactory()])
    client.binary(b"\0" * 1_000_000)
    assert client.close_code == 1009


def test_the_peer_closes() -> None:
    """Its code and reason are echoed, and the server ends the connection first."""
    client = Server().open("/")
    client.protocol.send_close(3000, "bye")
    client.flush()
    assert (client.close_code, client.close_reason) == (3000, "bye")
    assert client.peer.wire.disconnecting


def test_a_peer_that_does_not_read_is_not_read_from() -> None:
    """Backpressure instead of memory: the echo waits for its reader."""
    client = Server().open("/")
    client.peer.wire.fill()
    assert client.peer.wire.producerState == "paused"
    client.raw(masked(1, b"1") + masked(1, b"2"))
    assert client.texts() == []
    client.peer.wire.empty()
    assert client.peer.wire.producerState == "producing"
    assert client.texts() == ["1", "2"]


def test_a_fault_of_ours_ends_one_connection_with_1011(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is logged, and the peer learns nothing of it."""
    logged: list[dict[str, object]] = []
    server = Server()
    broken, other = server.open("/"), server.open("/")

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    observer: Any = logged.append
    globalLogPublisher.addObserver(observer)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(Echo, "received", fail)
            broken.text("x")
    finally:
        globalLogPublisher.removeObserver(observer)
    assert (broken.close_code, broken.close_reason) == (1011, "internal error")
    assert any("log_failure" in event for event in logged)
    other.text("fine")
    assert other.texts() == ["fine"]


def open_and_ping(server: Server) -> Client:
    """A client that is silent until it is pinged."""
    client = server.open("/")
    server.clock.pump([1.0] * 31)
    return client


def test_a_peer_that_answers_pings_stays() -> None:
    """Pong after pong."""
    server = Server(Config(auto_ping=30, auto_ping_timeout=5))
    client = open_and_ping(server)
    client.read()
    client.flush()
    server.clock.pump([1.0] * 10)
    assert not client.peer.wire.aborted


def test_a_peer_that_leaves_a_ping_unanswered_is_cut() -> None:
    """After `--auto-ping-timeout`."""
    server = Server(Config(auto_ping=30, auto_ping_timeout=5))
    client = open_and_ping(server)
    server.clock.pump([1.0] * 10)
    assert client.peer.wire.aborted
