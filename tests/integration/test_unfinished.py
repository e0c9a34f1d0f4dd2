# SPDX-License-Identifier: MIT
"""Messages in many fragments, and compressed ones around the limit, over real sockets."""

import os
import socket
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.integration.test_members import resident
from tests.support.deflated import Compressor, Written
from tests.support.frames import Frame, whole
from tests.support.processes import PATIENCE, RunningServer, running

LIMIT: Final = 1 << 24
MAX_FRAGMENTS: Final = 131_072
DOORS: Final = {
    "echo": ("/echo", None),
    "raw": ("/broadcast/fragments", None),
    "v1": ("/broadcast/fragments", "wsecho.v1"),
    "WAMP": ("/ws", "wamp.2.json"),
}
DEFLATE: Final = "permessage-deflate"
# A WAMP session that does not begin is ended.
PATIENT: Final = ("--open-timeout", "120")
MIB: Final = 1 << 20
# A key of zeros masks nothing.
EMPTY: Final = Frame(0, b"", bytes(4), 0).write()


@pytest.fixture(
    scope="module",
    params=[((), {}), ((), {"WSECHO_PURE": "1"}), (("--no-lane",), {})],
    ids=["lane", "lane in Python", "no lane"],
)
def one(request: pytest.FixtureRequest) -> Iterator[RunningServer]:
    """A server with the lane, one with that in Python, and one without."""
    options, environment = request.param
    with running(*options, *PATIENT, environment=environment) as server:
        yield server
        assert "Traceback" not in server.process.output


@pytest.fixture(scope="module")
def patient() -> Iterator[RunningServer]:
    """A server that waits longer for a session to begin."""
    with running(*PATIENT) as server:
        yield server
        assert "Traceback" not in server.process.output


def open_socket(server: RunningServer, door: str, extensions: str = "") -> socket.socket:
    """Open a WebSocket by hand."""
    path, subprotocol = DOORS[door]
    fields = f"Sec-WebSocket-Protocol: {subprotocol}\r\n" if subprotocol else ""
    fields += f"Sec-WebSocket-Extensions: {extensions}\r\n" if extensions else ""
    client = socket.create_connection((server.host, server.port), 4 * PATIENCE)
    client.sendall(
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"{fields}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client.recv(1)
    assert head.startswith(b"HTTP/1.1 101 ")
    return client


def read_exactly(client: socket.socket, octets: int) -> bytes:
    """Read so many octets."""
    data = b""
    while len(data) < octets:
        piece = client.recv(octets - len(data))
        assert piece
        data += piece
    return data


def read_until(client: socket.socket, first: int) -> bytes:
    """Read frames up to one of a kind; return its payload."""
    while True:
        head = read_exactly(client, 2)
        length = head[1]
        if length > 125:
            length = int.from_bytes(read_exactly(client, 2 if length == 126 else 8))
        payload = read_exactly(client, length)
        if head[0] == first:
            return payload


@pytest.mark.parametrize(("door", "extensions"), [("echo", ""), ("v1", DEFLATE), ("WAMP", "")])
def test_an_unfinished_message_costs_what_came_of_it(
    one: RunningServer, door: str, extensions: str
) -> None:
    """At most twice its octets and a constant; each octet cost 22 in fragments of two."""
    many, fragments = 4, 15_000
    begin = Frame(0x41 if extensions else 0x01, b"", bytes(4), 0).write()
    begun = begin + Frame(0, b"ab", bytes(4), 0).write() * fragments
    with ExitStack() as stack:
        clients = [stack.enter_context(open_socket(one, door, extensions)) for _ in range(many)]
        before = resident(one)
        for client in clients:
            client.sendall(begun + whole(b"are you there", 0x89))
            assert read_until(client, 0x8A) == b"are you there"
        assert resident(one) - before < 2 * many * 2 * fragments + MIB


@pytest.mark.parametrize("door", DOORS)
def test_one_fragment_too_many_is_closed_with_1008(patient: RunningServer, door: str) -> None:
    """As many as are allowed are a message; with the next one it is known that there are more."""
    begun = b"\x01" + EMPTY[1:] + EMPTY * (MAX_FRAGMENTS - 2)
    with open_socket(patient, door) as client:
        if door == "echo":
            client.sendall(begun + b"\x80" + EMPTY[1:])
            assert read_until(client, 0x81) == b""
        client.sendall(begun + EMPTY + whole(b"are you there", 0x89))
        assert read_until(client, 0x8A) == b"are you there"
        client.sendall(EMPTY)
        close = read_until(client, 0x88)
        assert close == (1008).to_bytes(2) + b"a message of more than 131072 fragments is not taken"


@pytest.mark.parametrize("path", ["/echo", "/broadcast/limit"])
def test_one_octet_over_the_limit_is_not_cut(one: RunningServer, path: str) -> None:
    """By a real client; it was cut to the limit, and answered."""
    with connect(one.ws(path), max_size=None) as client:
        client.send(b"\1" * (LIMIT + 1))
        with pytest.raises(ConnectionClosed) as raised:
            client.recv(PATIENCE)
        assert raised.value.rcvd is not None
        assert raised.value.rcvd.code == 1009


def test_what_does_not_get_shorter_may_have_the_limit(patient: RunningServer) -> None:
    """Compressed it is longer than that; in fragments too."""
    payload = os.urandom(LIMIT)
    assert len(Compressor().write(Written(payload))) > LIMIT
    with connect(patient.ws("/echo"), max_size=None) as client:
        client.send(payload)
        assert client.recv(PATIENCE) == payload
        client.send(iter([payload[: LIMIT // 2], payload[LIMIT // 2 :]]))
        assert client.recv(PATIENCE) == payload


@pytest.mark.parametrize("door", ["echo", "raw"])
def test_streams_that_end_silence_nobody(one: RunningServer, door: str) -> None:
    """Nor do they take memory: 20 messages of 1 MiB behind an end took 20 MiB."""
    stored = Compressor().write(Written(bytes(MIB), end=zlib.Z_FINISH))
    hello = bytes.fromhex("f348cdc9c9070000")
    with open_socket(one, door, f"{DEFLATE}; server_no_context_takeover") as client:
        for payload, deflated in ((b"Hello", hello), (bytes(MIB), stored), (b"Hello", hello)) * 5:
            client.sendall(whole(deflated, 0xC2))
            head = read_exactly(client, 2)
            length = head[1]
            if length > 125:
                length = int.from_bytes(read_exactly(client, 2 if length == 126 else 8))
            answer = read_exactly(client, length)
            if head[0] & 0x40:
                answer = zlib.decompressobj(-12).decompress(answer + b"\0\0\xff\xff")
            assert answer == payload
