# SPDX-License-Identifier: MIT
"""Sends a case's octets through a plain socket, or TLS, and takes what comes back."""

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from .answer import SWITCHING, Answer
from .case import Case, Place, Then
from .frames import PROBE, close, echoes, masked
from .judging import must_close

_PIECE = 65_536
_MOST = 1 << 20
"""Octets of an answer that are kept."""
_PORTS = {"ws": 80, "wss": 443}


@dataclass(frozen=True, slots=True)
class Driver:
    """Runs cases against one server."""

    url: str
    patience: float = 5.0
    """Seconds that it may take for each thing that it is to do."""
    moment: float = 1.0
    """Seconds for what should not come."""

    @property
    def place(self) -> Place:
        """The server, as requests name it."""
        parts = urlsplit(self.url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        host = parts.netloc.rpartition("@")[2]
        return Place(host, target, "https" if parts.scheme == "wss" else "http")

    def run(self, case: Case) -> Answer:
        """Run a case to its end; what the server does, it does within some seconds."""
        octets = case.request.octets(self.place)
        with self._connect() as connection:
            exchange = _Exchange(connection, self.patience)
            exchange.send(case.pieces(octets), case.pause)
            if case.half_closes:
                # FIN alone, also under TLS, where Python's own would forget the keys.
                socket.socket.shutdown(connection, socket.SHUT_WR)
            self._follow(case, exchange)
            return Answer(exchange.received, exchange.ended, exchange.echoed)

    def _connect(self) -> socket.socket:
        parts = urlsplit(self.url)
        address = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        connection = socket.create_connection(address, self.patience)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if parts.scheme != "wss":
            return connection
        # A server under test often signs its own certificate.
        trusting = ssl._create_unverified_context()  # noqa: S323, SLF001
        trusting.set_alpn_protocols(["http/1.1"])
        return trusting.wrap_socket(connection, server_hostname=parts.hostname)

    def _follow(self, case: Case, exchange: "_Exchange") -> None:
        within = self.moment if case.then is Then.WATCH else self.patience
        exchange.take(lambda: exchange.answer.head is not None, within)
        head = exchange.answer.head
        if case.then is Then.COLLECT:
            exchange.take(lambda: False, self.patience, self.moment)
        elif head is not None and head.status == SWITCHING:
            if case.then is Then.PROBE:
                exchange.send([masked(PROBE)], 0)
            exchange.take(lambda: exchange.echoed, self.patience)
            exchange.send([close()], 0)
        if must_close(case, head):
            exchange.take(lambda: False, self.patience)


@dataclass(slots=True)
class _Exchange:
    connection: socket.socket
    patience: float
    received: bytes = b""
    ended: bool = False

    @property
    def answer(self) -> Answer:
        return Answer(self.received, self.ended)

    @property
    def echoed(self) -> bool:
        return echoes(self.answer.rest)

    def send(self, pieces: list[bytes], pause: float) -> None:
        """Send as much as the server takes; it may have answered before it had all."""
        self.connection.settimeout(self.patience)
        with suppress(OSError):
            for number, piece in enumerate(pieces):
                if number:
                    time.sleep(pause)
                self.connection.sendall(piece)

    def take(self, done: Callable[[], bool], within: float, quiet: float | None = None) -> None:
        """Take what comes, until something is so or the connection ends.

        Args:
            done: tells whether it is so.
            within: seconds in all, however much comes.
            quiet: seconds without anything that end it, too.
        """
        deadline = time.monotonic() + within
        while not (self.ended or done()):
            left = deadline - time.monotonic()
            if left <= 0 or not self._receive(left if quiet is None else min(left, quiet)):
                return

    def _receive(self, within: float) -> bool:
        self.connection.settimeout(within)
        try:
            piece = self.connection.recv(_PIECE)
        except TimeoutError:
            return False
        except OSError:
            piece = b""
        self.ended = not piece
        self.received += piece[: max(0, _MOST - len(self.received))]
        return True
