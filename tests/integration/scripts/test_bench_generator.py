# SPDX-License-Identifier: MIT
"""The bench's load generator against a small server that does as each test wants.

A benchmark that believes whatever comes back measures nothing: what must be refused is here, too.
"""

import json
import re
import shutil
import socket
import struct
import subprocess
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest
from _bench import payloads
from _bench.environment import Generator, compile_generator

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")

BROWSER = "permessage-deflate; client_max_window_bits"
FLUSHED = b"\x00\x00\xff\xff"
TEXT, PING, PONG = 1, 9, 10


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Generator:
    """The generator as it compiles here."""
    return compile_generator(tmp_path_factory.mktemp("cache"))


@dataclass
class Peer:
    """One accepted connection, spoken to by blocking calls."""

    connection: socket.socket
    number: int

    def __post_init__(self) -> None:
        self.stream = self.connection.makefile("rb")

    def request(self) -> str:
        """Read the head of the handshake; give its path."""
        first = self.stream.readline()
        while self.stream.readline() not in {b"\r\n", b""}:
            pass
        _, path, _ = first.split(b" ")
        return path.decode()

    def accept(self, extensions: str = "") -> str:
        """Answer the handshake, agreeing on some extensions; give its path."""
        path = self.request()
        line = f"Sec-WebSocket-Extensions: {extensions}\r\n" if extensions else ""
        self.connection.sendall(f"HTTP/1.1 101 Switching Protocols\r\n{line}\r\n".encode())
        return path

    def read(self) -> tuple[int, bytes]:
        """Read one frame: its first byte, and what it carries."""
        first, size = self.stream.read(2)
        size &= 127
        if size >= 126:
            wide = size == 127
            (size,) = struct.unpack(">Q" if wide else ">H", self.stream.read(8 if wide else 2))
        mask, data = self.stream.read(4), self.stream.read(size)
        return first, bytes(byte ^ mask[n % 4] for n, byte in enumerate(data))

    def send(self, first: int, data: bytes) -> None:
        """Send one frame by its first byte and what it carries."""
        head = (
            bytes([first, len(data)])
            if len(data) < 126
            else struct.pack(">BBH", first, 126, len(data))
        )
        self.connection.sendall(head + data)


@contextmanager
def server(serve: Callable[[Peer], None]) -> Iterator[int]:
    """Serve each connection in a thread until it fails or is done; give the port."""

    def attend(peer: Peer) -> None:
        with peer.connection:
            try:
                serve(peer)
            except (OSError, ValueError):
                return

    def accept() -> None:
        number = 0
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            Thread(target=attend, args=(Peer(connection, number),), daemon=True).start()
            number += 1

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=accept, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


@dataclass
class Run:
    """What the generator made of it."""

    status: int
    said: str
    complaint: str

    @property
    def counted(self) -> dict[str, float | str]:
        """Its result, where it has one."""
        assert self.status == 0, self.complaint
        return dict(json.loads(self.said))


def drive(generator: Generator, folder: Path, serve: Callable[[Peer], None], *options: str) -> Run:
    """Let the generator load a server for a moment."""
    payload = folder / "payload"
    if "--offer" in options:
        payload.write_bytes(payloads.documents(16 << 10))
        options = (*options, "--compressed", "--documents", "4")
    else:
        payload.write_bytes(payloads.text(125))
    with server(serve) as port:
        command = [str(generator.path), "--port", str(port), "--payload", str(payload)]
        command += ["--warmup", "0.1", "--seconds", "0.2", *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return Run(done.returncode, done.stdout, done.stderr.strip())


def echo(peer: Peer) -> None:
    """Give every frame back."""
    peer.accept()
    while True:
        peer.send(*peer.read())


def deflating(
    answer: str, *, looks_back: int | None = None, spoil: bool = False
) -> Callable[[Peer], None]:
    """An echo that agrees on `answer` and keeps to it, unless it is told otherwise."""

    def bits(side: str) -> int:
        found = re.search(rf'{side}_max_window_bits="?(\d+)', answer)
        return int(found[1]) if found else 15

    def serve(peer: Peer) -> None:
        peer.accept(answer)
        wide = looks_back or max(9, bits("server"))
        inflater = zlib.decompressobj(-bits("client"))
        deflater = zlib.compressobj(wbits=-wide)
        while True:
            first, data = peer.read()
            assert first == 0x80 | 0x40 | TEXT
            text = inflater.decompress(data + FLUSHED)
            json.loads(text)
            if spoil:
                text = text.replace(b"user-", b"loser", 1)
            packed = deflater.compress(text) + deflater.flush(zlib.Z_SYNC_FLUSH)
            peer.send(first, packed.removesuffix(FLUSHED))
            if "client_no_context_takeover" in answer:
                inflater = zlib.decompressobj(-bits("client"))
            if "server_no_context_takeover" in answer:
                deflater = zlib.compressobj(wbits=-wide)

    return serve


class TestEcho:
    """Without compression."""

    def test_echoes_are_counted(self, generator: Generator, tmp_path: Path) -> None:
        """Over several connections, with several under way on each."""
        run = drive(generator, tmp_path, echo, "--connections", "3", "--in-flight", "4")
        assert float(run.counted["count"]) > 0
        assert (run.counted["attempts"], run.counted["failed"]) == (3, 0)

    def test_another_text_is_refused(self, generator: Generator, tmp_path: Path) -> None:
        """A server that answers quickly with something else is no echo."""

        def upper(peer: Peer) -> None:
            peer.accept()
            while True:
                first, data = peer.read()
                peer.send(first, data.upper())

        assert drive(generator, tmp_path, upper).complaint == "what came back is not what was sent"

    def test_a_ping_is_answered(self, generator: Generator, tmp_path: Path) -> None:
        """In between echoes; servers that ping are not cut short, nor cut us."""
        answers = []

        def pinging(peer: Peer) -> None:
            peer.accept()
            while True:
                first, data = peer.read()
                if first & 15 == PONG:
                    answers.append(data)
                    continue
                if not answers:
                    peer.send(0x80 | PING, b"there?")
                peer.send(first, data)

        assert float(drive(generator, tmp_path, pinging).counted["count"]) > 0
        assert set(answers) == {b"there?"}


class TestOpening:
    """Connections that do not open."""

    def test_one_is_counted_and_tried_again(self, generator: Generator, tmp_path: Path) -> None:
        """It is told, with its reason, and the round goes on with all connections."""

        def first_fails(peer: Peer) -> None:
            if peer.number == 0:
                peer.request()
            else:
                echo(peer)

        counted = drive(generator, tmp_path, first_fails, "--connections", "5").counted
        assert (counted["attempts"], counted["failed"]) == (6, 1)
        assert counted["trouble"] == "closed before it was open: end of stream"
        assert float(counted["count"]) > 0

    def test_more_than_a_few_fail_the_round(self, generator: Generator, tmp_path: Path) -> None:
        """With the answer that was given in place of 101."""

        def refuse(peer: Peer) -> None:
            peer.request()
            peer.connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")

        run = drive(generator, tmp_path, refuse)
        assert run.status == 1
        assert "did not open: the server answered HTTP/1.1 503 Service" in run.complaint


class TestDeflate:
    """RFC 7692: the server checks what it is sent, the generator what it gets."""

    @pytest.fixture(autouse=True)
    def _needs_zlib(self, generator: Generator) -> None:
        if "deflate" not in generator.features:
            pytest.skip("zlib's headers are not here")

    @pytest.mark.parametrize(
        "answer",
        [
            "permessage-deflate",
            "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12",
            "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9",
            "permessage-deflate;client_max_window_bits=8",
            "permessage-deflate; server_no_context_takeover",
            "permessage-deflate; client_no_context_takeover; client_max_window_bits=10",
            'permessage-deflate; server_max_window_bits="10"; client_max_window_bits="11"',
        ],
    )
    def test_legal_answers(self, generator: Generator, tmp_path: Path, answer: str) -> None:
        """Whatever a server may answer to a browser's offer is kept to, both ways."""
        counted = drive(generator, tmp_path, deflating(answer), "--offer", BROWSER).counted
        # More than two turns of the ring of documents: what is repeated was tried, too.
        assert float(counted["count"]) > 2 * 4

    @pytest.mark.parametrize(
        ("offer", "answer", "complaint"),
        [
            ("permessage-deflate", "permessage-deflate; client_max_window_bits=12", "not offered"),
            (BROWSER, "permessage-deflate; client_max_window_bits", "out of range"),
            (BROWSER, "permessage-deflate; server_max_window_bits=16", "out of range"),
            (BROWSER, "permessage-deflate; surprise", "an unknown or a repeated parameter"),
            (BROWSER, "permessage-bzip2", "another extension"),
            (f"{BROWSER}; server_no_context_takeover", "permessage-deflate", "was asked for"),
            (f"{BROWSER}; server_max_window_bits=10", "permessage-deflate", "was asked for"),
            (BROWSER, "", "did not take up permessage-deflate"),
        ],
    )
    def test_illegal_answers(
        self, generator: Generator, tmp_path: Path, offer: str, answer: str, complaint: str
    ) -> None:
        """They end the round instead of making it easier for the server."""
        run = drive(generator, tmp_path, deflating(answer), "--offer", offer)
        assert (run.status, complaint in run.complaint) == (1, True), run.complaint

    def test_another_text_is_refused(self, generator: Generator, tmp_path: Path) -> None:
        """It must inflate to what was sent."""
        run = drive(generator, tmp_path, deflating(BROWSER[:18], spoil=True), "--offer", BROWSER)
        assert run.complaint == "what came back does not inflate to what was sent"

    def test_a_window_wider_than_agreed_is_refused(
        self, generator: Generator, tmp_path: Path
    ) -> None:
        """Looking back further than a client keeps would compress better than allowed."""
        serve = deflating("permessage-deflate; server_max_window_bits=9", looks_back=15)
        run = drive(generator, tmp_path, serve, "--offer", BROWSER)
        assert run.complaint == "what came back does not inflate to what was sent"

    def test_uncompressed_answers_are_refused(self, generator: Generator, tmp_path: Path) -> None:
        """A server that agrees and then does not compress does less work than the others."""

        def lazy(peer: Peer) -> None:
            peer.accept("permessage-deflate")
            _, data = peer.read()
            peer.send(0x80 | TEXT, zlib.decompressobj(-15).decompress(data + FLUSHED))
            peer.read()

        run = drive(generator, tmp_path, lazy, "--offer", BROWSER)
        assert run.complaint == "compression is not as was negotiated"


def test_a_room_keeps_several_messages_under_way(generator: Generator, tmp_path: Path) -> None:
    """What one sends goes to all; the server never has fewer than asked to hand out."""
    waiting: list[int] = []
    members: list[Peer] = []

    def room(peer: Peer) -> None:
        members.append(peer)
        peer.accept()
        while True:
            batch = [peer.read() for _ in range(4)]
            waiting.append(len(batch))
            for first, data in batch:
                for member in tuple(members):
                    member.send(first, data)

    run = drive(
        generator, tmp_path, room, "--mode", "broadcast", "--connections", "2", "--in-flight", "4"
    )
    # Each message has three deliveries: to both members and to who sent it.
    assert float(run.counted["count"]) > 12
    assert len(waiting) > 1


def test_rooms_are_by_themselves_and_may_be_paced(generator: Generator, tmp_path: Path) -> None:
    """Each has its members and a sender; by a clock they take turns, whatever comes back."""
    rooms: dict[str, list[Peer]] = {}

    def room(peer: Peer) -> None:
        path = peer.accept()
        members = rooms.setdefault(path, [])
        members.append(peer)
        while True:
            first, data = peer.read()
            for member in tuple(members):
                member.send(first, data)

    options = (
        "--mode",
        "broadcast",
        "--connections",
        "4",
        "--rooms",
        "2",
        "--path",
        "/broadcast/r",
    )
    counted = drive(generator, tmp_path, room, *options).counted
    assert {path: len(members) for path, members in rooms.items()} == {
        "/broadcast/r-0": 3,
        "/broadcast/r-1": 3,
    }
    assert float(counted["count"]) > 12
    rooms.clear()
    paced = drive(generator, tmp_path, room, *options, "--pace", "100").counted
    # Three deliveries of each of some twenty messages, never more than the clock asks for.
    assert 0 < float(paced["count"]) <= 3 * 100 * (float(paced["seconds"]) + 0.1)
    assert float(paced["p99_us"]) > 0


def test_a_session_of_socketio(generator: Generator, tmp_path: Path) -> None:
    """Engine.IO's opening, a room joined by an event, pings answered, events counted."""
    rooms: dict[str, list[Peer]] = {}
    pongs: list[bytes] = []

    def session(peer: Peer) -> None:
        peer.accept()
        peer.send(0x80 | TEXT, b'0{"sid":"x","upgrades":[],"pingInterval":25000}')
        assert peer.read()[1] == b"40"
        peer.send(0x80 | TEXT, b'40{"sid":"y"}')
        name, room = json.loads(peer.read()[1].removeprefix(b"42"))
        assert name == "join"
        members = rooms.setdefault(room, [])
        members.append(peer)
        peer.send(0x80 | TEXT, b'42["joined"]')
        peer.send(0x80 | TEXT, b"2")
        while True:
            first, data = peer.read()
            if data == b"3":
                pongs.append(data)
                continue
            for member in tuple(members):
                member.send(first, data)

    options = ("--mode", "broadcast", "--connections", "4", "--rooms", "2", "--socketio")
    assert float(drive(generator, tmp_path, session, *options).counted["count"]) > 12
    assert {*rooms} == {"bench-0", "bench-1"}
    assert {*pongs} == {b"3"}
