# SPDX-License-Identifier: MIT
"""An application that answers octets, and not always those that it should: by the room's name."""

import contextlib
import json
import re
import socket
import socketserver
import ssl
import struct
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.support.waiting import wait_until

YES: Final = (
    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{"allow":true}'
)
_DRIP: Final = 0.2
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


class Misbehaving(socketserver.ThreadingTCPServer):
    """Listens on loopback.

    Args:
        certificate: speak TLS with this key and certificate, in one file.

    Attributes:
        questions: what was asked, by the room.
        octets: the same as it came, body and head.
        answers: what is answered, by the room: octets, whether the connection ends with them, and
            whether by a reset; what is not here is answered by a yes.
        drips: rooms whose answers come octet by octet.
        closes_kept: rooms whose questions end a connection that was used before.
        never_reads: take connections, and read nothing.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, certificate: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.questions: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.octets: dict[str, list[tuple[bytes, str]]] = defaultdict(list)
        self.answers: dict[str, tuple[bytes, bool, bool]] = {}
        self.drips: set[str] = set()
        self.closes_kept: set[str] = set()
        self.never_reads = False
        self.ended = threading.Event()
        self.context: ssl.SSLContext | None = None
        if certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)

    @property
    def port(self) -> int:
        """Where."""
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of connections that were cut."""


class _Handler(socketserver.BaseRequestHandler):
    server: Misbehaving

    def handle(self) -> None:
        connection: Any = self.request
        if self.server.context is not None:
            connection = self.server.context.wrap_socket(connection, server_side=True)
        if self.server.never_reads:
            self.server.ended.wait()
            return
        asked = 0
        while (read := self._read(connection)) is not None:
            head, body = read
            question = json.loads(body)
            room = question.get("room", "")
            self.server.questions[room].append(question)
            self.server.octets[room].append((body, head))
            asked += 1
            if room in self.server.closes_kept and asked > 1:
                break
            octets, ends, resets = self.server.answers.get(room, (YES, False, False))
            self._send(connection, octets, slowly=room in self.server.drips)
            if resets:
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            if ends:
                break
        with contextlib.suppress(OSError):
            connection.close()

    def _read(self, connection: Any) -> tuple[str, bytes] | None:
        data = b""
        while b"\r\n\r\n" not in data:
            part = connection.recv(65536)
            if not part:
                return None
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        assert length is not None
        while len(body) < int(length[1]):
            body += connection.recv(65536)
        return head.decode("latin-1"), body

    def _send(self, connection: Any, octets: bytes, *, slowly: bool) -> None:
        if not slowly:
            connection.sendall(octets)
            return
        for number in range(len(octets)):
            if self.server.ended.wait(_DRIP):
                return
            connection.sendall(octets[number : number + 1])


@contextmanager
def misbehaving(certificate: Path | None = None) -> Iterator[Misbehaving]:
    """Serve, until the end."""
    with Misbehaving(certificate) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            wait_until(lambda: not thread.is_alive())
