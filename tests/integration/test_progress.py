# SPDX-License-Identifier: MIT
"""Who gets on is alive, however slowly; who neither sends nor takes anything is cut.

Pings are so frequent here, and their answers due so soon, that two seconds are what a
minute is by default.
"""

import os
import re
import socket
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self
from urllib.request import urlopen

import pytest
import websockets.sync.client
from attrs import define, field

from tests.support.certificates import unverified, write_certificate
from tests.support.frames import whole
from tests.support.processes import PATIENCE, RunningServer, running
from tests.support.waiting import wait_until

PINGS: Final = ("--auto-ping", "0.5", "--auto-ping-timeout", "1.5")
MB: Final = 1_000_000
PIECES: Final = 50
"""In so many pieces something large is sent, or read, a tenth of a second apart."""
PACE: Final = 0.1

WAYS: Final = ("lane", "no lane", "deflate", "tls")


@define
class Client:
    """A WebSocket by hand, that sends and reads as much at a time as it is told."""

    sock: socket.socket
    data: bytearray = field(factory=bytearray)
    pings: int = 0

    @classmethod
    def to(cls, server: RunningServer, path: str, way: str = "lane") -> Self:
        """Open it."""
        sock = socket.create_connection((server.host, server.port), timeout=PATIENCE)
        if way == "tls":
            sock = unverified().wrap_socket(sock, server_hostname="localhost")
        offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n" if way == "deflate" else ""
        sock.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n{offer}"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        client = cls(sock)
        while b"\r\n\r\n" not in client.data:
            client.read(65_536)
        head, _, client.data = client.data.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        assert (b"permessage-deflate" in head) is (way == "deflate")
        return client

    def __enter__(self) -> Self:
        """Have it closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def read(self, most: int) -> int:
        """Read once; return how much came."""
        data = self.sock.recv(most)
        self.data += data
        return len(data)

    def message(self, pace: float = 0.0, most: int = 1 << 20) -> bytes:
        """Read a message's frame, so much at a time, and answer the pings before it.

        Raises:
            AssertionError: the connection ends before.
        """
        while True:
            frame = self._frame()
            if frame is None:
                octets = self.read(most)
                assert octets, "the server has ended the connection"
                # TLS gives no more than a record at a time.
                time.sleep(pace * octets / most)
            elif frame[0] & 0x0F == 9:
                self.pings += 1
                self.sock.sendall(whole(frame[1], 0x8A))
            else:
                return frame[1]

    def _frame(self) -> tuple[int, bytes] | None:
        data = self.data
        if len(data) < 2:
            return None
        size = {126: 4, 127: 10}.get(data[1], 2)
        length = data[1] if size == 2 else int.from_bytes(data[2:size])
        if len(data) < size + length:
            return None
        frame = data[0], bytes(data[size : size + length])
        del data[: size + length]
        return frame


@contextmanager
def serving(way: str, folder: Path, *options: str) -> Iterator[RunningServer]:
    """A server that pings often."""
    listen = "tcp:0:interface=127.0.0.1"
    if way == "tls":
        listen = f"ssl:0:interface=127.0.0.1:privateKey={write_certificate(folder, 1)}"
    lane = ("--no-lane",) if way == "no lane" else ()
    with running(*PINGS, *lane, *options, listen=listen) as server:
        yield server


def cut(server: RunningServer) -> int:
    """How many connections were cut since they left a ping unanswered."""
    with urlopen(server.http("/metrics"), timeout=PATIENCE) as answer:
        text = answer.read().decode()
    found = re.search(
        r'^wsecho_limit_hits_total\{limit="auto-ping-timeout"\} (\d+)', text, re.MULTILINE
    )
    return int(found[1]) if found else 0


def send_slowly(client: Client, data: bytes) -> None:
    """Send something in pieces, with nothing between them."""
    step = len(data) // PIECES + 1
    for at in range(0, len(data), step):
        client.sock.sendall(data[at : at + step])
        time.sleep(PACE)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [2_000, MB])
def test_a_frame_takes_its_time(way: str, size: int, tmp_path: Path) -> None:
    """No ping can be answered within it, and none has to be."""
    payload = os.urandom(size)
    with serving(way, tmp_path) as server, Client.to(server, "/echo", way) as client:
        if way == "deflate":
            packer = zlib.compressobj(wbits=-15)
            packed = packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH)
            send_slowly(client, whole(packed[:-4], 0xC2))
            assert zlib.decompressobj(-15).decompress(client.message() + b"\0\0\xff\xff") == payload
        else:
            send_slowly(client, whole(payload, 0x82))
            assert client.message() == payload


@pytest.mark.parametrize("way", ["lane", "no lane", "tls"])
def test_fragments_take_their_time(way: str, tmp_path: Path) -> None:
    """As one frame does; a ping could be answered between them, and is not."""
    with serving(way, tmp_path) as server, Client.to(server, "/echo", way) as client:
        first, middle, last = (whole(b"x" * 1000, code) for code in (0x02, 0x00, 0x80))
        send_slowly(client, first + middle * (PIECES * 2) + last)
        assert client.message() == b"x" * 1000 * (PIECES * 2 + 2)


@pytest.mark.parametrize("way", ["lane", "no lane", "tls"])
def test_an_answer_is_read_at_leisure(way: str, tmp_path: Path) -> None:
    """A ping behind it is answered once it is read."""
    payload = os.urandom(8 * MB)
    with serving(way, tmp_path) as server, Client.to(server, "/echo", way) as client:
        client.sock.sendall(whole(payload, 0x82))
        assert client.message(PACE, 8 * MB // PIECES) == payload
        client.sock.sendall(whole(b"after"))
        assert client.message() == b"after"


@pytest.mark.parametrize("asks", [b"", os.urandom(8 * MB)], ids=["idle", "behind an answer"])
@pytest.mark.parametrize("way", ["lane", "no lane"])
def test_who_does_neither_is_cut(way: str, asks: bytes, tmp_path: Path) -> None:
    """Though its system has taken the ping, or all that it has place for."""
    with serving(way, tmp_path) as server, Client.to(server, "/echo", way) as client:
        if asks:
            client.sock.sendall(whole(asks, 0x82))
        wait_until(lambda: cut(server) == 1)
        with pytest.raises((ConnectionError, AssertionError)):
            client.message()


@pytest.mark.parametrize("way", ["lane", "no lane"])
def test_who_reads_no_more_is_cut_though_a_room_goes_on(way: str, tmp_path: Path) -> None:
    """What its system takes for it is no sign of its own."""
    with serving(way, tmp_path) as server, Client.to(server, "/broadcast/a") as member:
        with websockets.sync.client.connect(server.ws("/broadcast/a?self=0")) as speaker:

            def is_cut() -> bool:
                speaker.send("x" * 200)
                return cut(server) == 1

            wait_until(is_cut)
        assert member.pings == 0
