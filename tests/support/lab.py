# SPDX-License-Identifier: MIT
"""A client of the lab that is nothing but a socket: it asks, and sees each octet."""

import json
import re
import socket
import struct
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import Any, Final, Self

from attrs import define, field

from tests.support.frames import Frame
from tests.support.processes import PATIENCE, RunningServer
from wsecho.core.lab.steps import STEPS

DEFLATE: Final = "permessage-deflate; client_max_window_bits"
_KEY: Final = "dGhlIHNhbXBsZSBub25jZQ=="


def handshake(target: str, offers: str = "", protocols: str = "") -> bytes:
    """Write a request for a WebSocket."""
    lines = [
        f"GET {target} HTTP/1.1",
        *("Host: localhost", "Upgrade: websocket", "Connection: Upgrade"),
        *("Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {_KEY}"),
    ]
    if offers:
        lines.append(f"Sec-WebSocket-Extensions: {offers}")
    if protocols:
        lines.append(f"Sec-WebSocket-Protocol: {protocols}")
    return "\r\n".join([*lines, "", ""]).encode()


@define(eq=False)
class BareClient:
    """One connection.

    Attributes:
        socket: itself.
        received: all octets that came.
        report: the name of its report.
    """

    socket: socket.socket
    server: RunningServer
    report: str
    received: bytes = b""
    _keys: Iterator[int] = field(factory=lambda: count(1))

    @classmethod
    @contextmanager
    def to(
        cls,
        server: RunningServer,
        chain: str,
        *,
        offers: str = "",
        protocols: str = "",
        receive_buffer: int = 0,
    ) -> Iterator[Self]:
        """Connect, and ask for a chain, noted in a report of its own."""
        report = token_hex(16)
        with socket.socket() as sock:
            if receive_buffer:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            sock.settimeout(PATIENCE)
            sock.connect((server.host, server.port))
            path = f"/lab/{chain}" if chain else "/lab"
            sock.sendall(handshake(f"{path}?report={report}", offers, protocols))
            yield cls(sock, server, report)

    def read(self, least: int = 1) -> bytes:
        """Read until so many octets came in all, or the end; return all."""
        while len(self.received) < least and (data := self.socket.recv(1 << 16)):
            self.received += data
        return self.received

    def head(self) -> bytes:
        """Read the answer's head."""
        while b"\r\n\r\n" not in self.received and (data := self.socket.recv(1 << 16)):
            self.received += data
        return self.received.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"

    def frames(self, octets: int) -> bytes:
        """Read so many octets behind the answer; return all that came behind it."""
        head = self.head()
        return self.read(len(head) + octets)[len(head) :]

    def to_end(self) -> bytes:
        """Read until the server closes its half; return all that came behind the answer."""
        return self.frames(1 << 40)

    def send(self, first: int, payload: bytes = b"") -> None:
        """Send a frame, with a key of its own."""
        key = next(self._keys).to_bytes(4)
        self.socket.sendall(Frame(first, payload, key, 0).write())

    def told(self, wait: int = 10) -> dict[str, Any]:
        """What the report says of it, once that is known."""
        (connection,) = report_of(self.server, self.report, wait)["connections"]
        assert isinstance(connection, dict)
        return connection


def report_of(server: RunningServer, name: str, wait: int = 10) -> dict[str, Any]:
    """Read a report."""
    url = server.http(f"/lab/report/{name}?wait={wait}")
    with urllib.request.urlopen(url, timeout=PATIENCE + wait) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def resident(server: RunningServer) -> int:
    """Octets of memory that a server has."""
    status = Path(f"/proc/{server.process.popen.pid}/status").read_text()
    match = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert match is not None
    return int(match[1]) * 1024


def descriptors(server: RunningServer) -> int:
    """How many files a server has open."""
    return len(list(Path(f"/proc/{server.process.popen.pid}/fd").iterdir()))


def go_away(server: RunningServer, target: str, number: int) -> None:
    """Open so many connections, and leave without a word: by FIN, by reset, having read nothing."""
    with ExitStack() as stack:
        opened = []
        for _ in range(number):
            sock = stack.enter_context(
                socket.create_connection((server.host, server.port), PATIENCE)
            )
            sock.sendall(handshake(target, DEFLATE) + b"\x81\x85\0\0\0\0Hello")
            opened.append(sock)
        for sock in opened[::2]:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def target_of(name: str) -> str:
    """A chain with a step, and what it needs beside it."""
    example = STEPS[name].example
    beside = {
        "retry-after": "status=503/{}",
        "body": "status=503/{}",
        "again": "send-size=60KiB/{}",
    }
    text = beside.get(name, "{}").format(example)
    return f"/lab/{text}/send=a" if name == "glue" else f"/lab/{text}"
