# SPDX-License-Identifier: MIT
"""The lane over real sockets: whatever Twisted's own transport does for a WebSocket, it does."""

import os
import re
import select
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.request import urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import few
from tests.support.frames import GOOD, MASKS, TEXTS, Frame, whole
from tests.support.processes import PATIENCE, RunningServer, running

MAX_SIZE: Final = 300
PING: Final = st.builds(Frame, st.just(0x89), st.binary(max_size=125), MASKS, st.just(0))
FRAGMENTED: Final = st.tuples(TEXTS, TEXTS, MASKS).map(
    lambda parts: [Frame(0x01, parts[0], parts[2], 0), Frame(0x80, parts[1], parts[2], 0)]
)
NO_TEXT: Final = st.just([Frame(0x81, b"\xff", b"abcd", 0)])
STREAMS: Final = st.lists((GOOD | PING).map(lambda f: [f]) | FRAGMENTED | NO_TEXT, max_size=12).map(
    lambda groups: b"".join(frame.write() for group in groups for frame in group)
)
CLOSE: Final = Frame(0x88, struct.pack("!H", 1000), b"abcd", 0).write()


PURE: Final = {"WSECHO_PURE": "1"}


@pytest.fixture(
    scope="module",
    params=[((), {}), ((), PURE), (("--no-lane",), {})],
    ids=["lane", "lane in Python", "no lane"],
)
def one(request: pytest.FixtureRequest) -> Iterator[RunningServer]:
    """A server with the lane, one with all of that in Python, and one without."""
    options, environment = request.param
    with running("--send-queue", "64KiB", *options, environment=environment) as server:
        yield server
        assert "Traceback" not in server.process.output


@pytest.fixture(scope="module")
def each() -> Iterator[list[RunningServer]]:
    """A server of each kind, at once."""
    most = ("--max-message-size", str(MAX_SIZE))
    with (
        running(*most) as lane,
        running(*most, environment=PURE) as pure,
        running(*most, "--no-lane") as plain,
    ):
        yield [lane, pure, plain]
        assert not any("Traceback" in server.process.output for server in (lane, pure, plain))


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


def test_all_ways_answer_the_same(each: list[RunningServer]) -> None:
    """Any stream that comes to its Close frame, cut anywhere."""

    @few()
    @given(STREAMS, st.lists(st.integers(0, 2000), max_size=4))
    def compare(stream: bytes, cuts: list[int]) -> None:
        first, second, third = (talk(server, stream, cuts) for server in each)
        assert first == second == third

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


def head(first: int, size: int) -> bytes:
    """What stands before a large payload whose mask changes nothing."""
    return bytes((first, 0xFF)) + size.to_bytes(8) + bytes(4)


@pytest.mark.parametrize("size", [1 << 20, 16 << 20])
@pytest.mark.parametrize("first", [0x81, 0x82], ids=["text", "binary"])
def test_a_slow_reader_gets_large_messages_whole(one: RunningServer, first: int, size: int) -> None:
    """It sends while it reads little by little; the server holds one of them at a time."""
    unit = "0123456789ab\u20ac".encode() if first == 0x81 else os.urandom(15)
    payload = unit * (size // len(unit)) + b"x" * (size % len(unit))
    outgoing = memoryview(head(first, size) + payload + whole(b"behind") + CLOSE)
    answer = bytearray()
    with connect(one) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        client.setblocking(False)
        while True:
            writing = [client] if outgoing else []
            readable, writable, _ = select.select([client], writing, [], PATIENCE)
            assert readable or writable
            if writable:
                # It offers all it has, and reads a little only when no more is taken.
                outgoing = outgoing[client.send(outgoing) :]
            elif piece := client.recv(20_000):
                answer += piece
            else:
                break
    expected = bytes((first, 127)) + size.to_bytes(8) + payload
    assert bytes(answer) == expected + b"\x81\x06behind\x88\x02\x03\xe8"


@pytest.mark.parametrize("size", [21, 126, 20_000, 300_000])
@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("κόσμε".encode(), b"\xf4\x90"),
        ("κόσμε".encode() + b"\xf4", b"\x90"),
        (b"", b"\xff"),
        (b"x", b"\xc0"),
        (b"\xed", b"\xa0"),
    ],
)
def test_a_text_is_refused_at_its_first_octet_that_is_none(
    one: RunningServer, size: int, good: bytes, bad: bytes
) -> None:
    """Though the rest of its frame does not come: nobody waits for it."""
    with connect(one) as client:
        frame = Frame(0x81, (good + bad).ljust(size), b"abcd", 0).write()
        begin = len(frame) - size + len(good)
        client.sendall(whole(b"before") + frame[:begin])
        # The server has the beginning, and waits for more of it, when the bad octet comes.
        assert client.recv(8) == b"\x81\x06before"
        client.sendall(frame[begin : begin + len(bad)])
        answer = client.recv(1 << 16)
    assert answer[2:4] == (1007).to_bytes(2)


def test_a_large_text_that_is_none_is_refused_with_what_says_so(one: RunningServer) -> None:
    """While the rest of it still comes; the Close frame arrives all the same."""
    size = 4 << 20
    with connect(one) as client:
        client.sendall(head(0x81, size) + b"x" * 300_000 + b"\xff" + b"y" * 200_000)
        client.settimeout(PATIENCE)
        answer = client.recv(1 << 16)
        client.sendall(b"y" * (size - 500_001))
        client.sendall(whole(b"late"))
        answer += read_all(client)
    assert answer.startswith(b"\x88")
    assert answer[2:4] == (1007).to_bytes(2)
    assert answer[1] == len(answer) - 2


def test_the_heads_of_long_messages_cost_little(one: RunningServer) -> None:
    """Two hundred peers that announce 16 MiB each, and send nothing of it."""
    process = one.process.popen.pid

    def resident() -> int:
        [line] = [
            line
            for line in Path(f"/proc/{process}/status").read_text().splitlines()
            if line.startswith("VmRSS:")
        ]
        return int(line.split()[1])

    before = resident()
    clients = [connect(one) for _ in range(200)]
    for client in clients:
        client.sendall(head(0x82, 16 << 20) + b"x")
    # Who answers this has read the others.
    assert talk(one, whole(b"hello"), []).startswith(b"\x81\x05hello")
    grown = resident() - before
    for client in clients:
        client.close()
    assert grown < 200 * 1024


def test_messages_that_the_lane_answers_are_counted(one: RunningServer) -> None:
    """In and out, with their octets; while the connection is open, and when it is gone."""
    before = counts(one)
    with connect(one) as client:
        client.sendall(whole(b"abc") * 50 + whole(b"de", 0x82))
        got = b""
        while len(got) < 50 * 5 + 4:
            got += client.recv(1 << 16)
        during = counts(one)
        client.sendall(whole(b"x" * 1000) + CLOSE)
        read_all(client)
    gained = {key: value - before.get(key, 0) for key, value in during.items()}
    assert gained == {"messages in": 51, "messages out": 51, "bytes in": 152, "bytes out": 152}
    assert counts(one) == {
        key: value + (1 if key.startswith("messages") else 1000) for key, value in during.items()
    }


def counts(server: RunningServer) -> dict[str, int]:
    """What the metrics say of the echo door."""
    with urlopen(server.http("/metrics"), timeout=PATIENCE) as answer:
        text = answer.read().decode()
    pattern = r'^wsecho_message(s|_bytes)_total\{direction="(\w+)",door="echo"\} (\S+)$'
    found = re.findall(pattern, text, re.MULTILINE)
    kinds = {"s": "messages", "_bytes": "bytes"}
    return {f"{kinds[kind]} {way}": int(float(value)) for kind, way, value in found}
