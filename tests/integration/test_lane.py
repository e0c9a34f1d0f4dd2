# SPDX-License-Identifier: MIT
"""The lane over real sockets: whatever Twisted's own transport does for a WebSocket, it does."""

import os
import socket
import struct
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.frames import GOOD, MASKS, TEXTS, Frame, whole
from tests.processes import PATIENCE, RunningServer, running

MOST: Final = 300
PING: Final = st.builds(Frame, st.just(0x89), st.binary(max_size=125), MASKS, st.just(0))
FRAGMENTED: Final = st.tuples(TEXTS, TEXTS, MASKS).map(
    lambda parts: [Frame(0x01, parts[0], parts[2], 0), Frame(0x80, parts[1], parts[2], 0)]
)
NO_TEXT: Final = st.just([Frame(0x81, b"\xff", b"abcd", 0)])
STREAMS: Final = st.lists((GOOD | PING).map(lambda f: [f]) | FRAGMENTED | NO_TEXT, max_size=12).map(
    lambda groups: b"".join(frame.write() for group in groups for frame in group)
)
CLOSE: Final = Frame(0x88, struct.pack("!H", 1000), b"abcd", 0).write()


@pytest.fixture(scope="module", params=[(), ("--no-lane",)], ids=["lane", "no lane"])
def one(request: pytest.FixtureRequest) -> Iterator[RunningServer]:
    """A server with the lane, and one without."""
    with running("--send-queue", "64KiB", *request.param) as server:
        yield server


@pytest.fixture(scope="module")
def both() -> Iterator[list[RunningServer]]:
    """A server with the lane and one without, at once."""
    most = ("--max-message-size", str(MOST))
    with running(*most) as lane, running(*most, "--no-lane") as plain:
        yield [lane, plain]


def connect(server: RunningServer, path: str = "/echo") -> socket.socket:
    """Open a WebSocket by hand."""
    client = socket.create_connection((server.host, server.port), PATIENCE)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.sendall(
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client.recv(1)
    return client


def read_all(client: socket.socket) -> bytes:
    """Read until the server is done."""
    data = bytearray()
    try:
        while chunk := client.recv(1 << 16):
            data += chunk
    except ConnectionError:
        data += b"(reset)"
    return bytes(data)


def talk(server: RunningServer, stream: bytes, cuts: list[int]) -> bytes:
    """Send a stream in pieces, then Close; all that is answered."""
    ends = sorted(cut % (len(stream) + 1) for cut in cuts)
    with connect(server) as client:
        try:
            for begin, end in zip([0, *ends], [*ends, len(stream)], strict=True):
                client.sendall(stream[begin:end])
            client.sendall(CLOSE)
        except OSError:
            pass  # it may have closed already, over a text that is none
        return read_all(client)


def test_both_ways_answer_the_same(both: list[RunningServer]) -> None:
    """Any stream that comes to its Close frame, cut anywhere."""

    @given(STREAMS, st.lists(st.integers(0, 2000), max_size=4))
    @settings(max_examples=int(os.environ.get("WSECHO_EXAMPLES", "60")))
    def compare(stream: bytes, cuts: list[int]) -> None:
        first, second = (talk(server, stream, cuts) for server in both)
        assert first == second

    compare()


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, 1 << 20, 16 << 20])
def test_messages_of_all_sizes_come_back(one: RunningServer, size: int) -> None:
    """A peer that sends all before it reads anything gets all of it."""
    payload = os.urandom(1024) * (size // 1024) + b"x" * (size % 1024)
    frame = Frame(0x82, b"", bytes(4), 0).write()[:1]
    if size < 126:
        frame += bytes((0x80 | size,))
    elif size < 65_536:
        frame += b"\xfe" + size.to_bytes(2)
    else:
        frame += b"\xff" + size.to_bytes(8)
    with connect(one) as client:
        client.sendall(frame + bytes(4) + payload)
        client.sendall(CLOSE)
        answer = read_all(client)
    assert answer.endswith(b"\x88\x02\x03\xe8")
    assert answer[:-4].endswith(payload)


def test_a_thousand_messages_in_one_segment(one: RunningServer) -> None:
    """In their order, and Close behind them."""
    with connect(one) as client:
        client.sendall(b"".join(whole(b"%d" % number) for number in range(1000)) + CLOSE)
        answer = read_all(client)
    sent = [b"%d" % number for number in range(1000)]
    assert answer == b"".join(bytes((0x81, len(t))) + t for t in sent) + b"\x88\x02\x03\xe8"


def test_resets_in_the_middle_of_a_broadcast_harm_nobody(one: RunningServer) -> None:
    """Half of the members go by RST, some of them while a message is on its way to them."""
    members = [connect(one, "/broadcast/resets") for _ in range(40)]
    speaker = connect(one, "/broadcast/resets?self=0")
    for number in range(20):
        speaker.sendall(whole(b"%02d" % number))
        gone = members.pop()
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        gone.close()
    expected = b"".join(b"\x81\x02%02d" % number for number in range(20))
    for member in members:
        heard = b""
        while len(heard) < len(expected):
            heard += member.recv(1 << 16)
        assert heard == expected
        member.close()
    speaker.close()
    assert "Traceback" not in one.process.output


def test_a_peer_that_floods_and_never_reads_is_held_back(one: RunningServer) -> None:
    """The echo stops reading from it; others are answered meanwhile."""
    flood = connect(one)
    flood.setblocking(False)
    frame, sent = whole(b"x" * 100) * 100, 0
    while sent < 64 << 20:
        try:
            sent += flood.send(frame)
        except BlockingIOError:
            break
    assert sent < 64 << 20
    assert talk(one, whole(b"hello"), []).startswith(b"\x81\x05hello")
    flood.close()
