# SPDX-License-Identifier: MIT
"""A whole server in memory under TLS, and Python's own TLS at the other end."""

import ssl
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrs import define, field
from twisted.internet.ssl import PrivateCertificate
from twisted.internet.task import Clock

from tests.support.certificates import unverified, write_certificate
from tests.unit.doors.harness import Peer, Server, Wire
from wsecho.tls.certificates import OneCertificate
from wsecho.tls.connection import TlsConnection, TlsFactory
from wsecho.tls.failures import Failures

ALERT = 21
"""The type of a record that is an alert (RFC 8446 section 5.1)."""


@cache
def certificate() -> OneCertificate:
    """A certificate that all tests may show."""
    with TemporaryDirectory() as folder:
        pem = write_certificate(Path(folder), 1).read_bytes()
    return OneCertificate(PrivateCertificate.loadPEM(pem).options())


@define(eq=False)
class Secure:
    """A client's end of TLS, on a wire."""

    connection: TlsConnection
    wire: Wire
    clock: Clock
    incoming: ssl.MemoryBIO = field(factory=ssl.MemoryBIO, init=False)
    outgoing: ssl.MemoryBIO = field(factory=ssl.MemoryBIO, init=False)
    tls: ssl.SSLObject = field(init=False)
    records: bytes = b""
    has_ended: bool = False
    """Whether the server has sent `close_notify`."""

    def begin(self, context: ssl.SSLContext, name: str | None = "localhost") -> None:
        """Prepare to ask for a name."""
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=name)

    def shake_hands(self) -> None:
        """Shake hands; the error that ends that, if one does."""
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self.exchange()
            else:
                self.exchange()
                return

    def exchange(self) -> None:
        """Take what each side has for the other."""
        if data := self.outgoing.read():
            self.connection.dataReceived(data)
        self.clock.advance(0)
        self.records += self.wire.value()
        self.incoming.write(self.wire.value())
        self.wire.clear()

    def say(self, data: bytes) -> None:
        """Send."""
        for start in range(0, len(data), 1 << 14):
            self.tls.write(data[start : start + (1 << 14)])
            self.exchange()

    def hear(self) -> bytes:
        """Read all that came."""
        self.exchange()
        heard = b""
        while not self.has_ended:
            try:
                data = self.tls.read(1 << 16)
            except (ssl.SSLWantReadError, ssl.SSLZeroReturnError) as error:
                self.has_ended = isinstance(error, ssl.SSLZeroReturnError)
                break
            self.has_ended = data == b""
            heard += data
        return heard


@define
class SecurePeer(Peer):
    """A connection under TLS."""

    secure: Secure = field(kw_only=True)

    def send(self, data: bytes) -> None:
        """Send bytes, all at once."""
        self.secure.say(data)

    def trickle(self, data: bytes) -> None:
        """Send bytes, one by one."""
        for position in range(len(data)):
            self.secure.say(data[position : position + 1])

    def received(self) -> bytes:
        """Take what the server sent since the last call."""
        return self.secure.hear()


@define
class SecureServer(Server):
    """The server, all of whose connections are under TLS."""

    tls: TlsFactory = field(init=False)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        self.tls = TlsFactory(certificate(), self.factory, self.clock, Failures(self.clock))

    def reach(self, context: ssl.SSLContext, address: str = "192.168.1.1") -> Secure:
        """Open a connection on which no hand was shaken yet."""
        connection: Any = self.tls.buildProtocol(None)
        wire = Wire(address)
        connection.makeConnection(wire)
        secure = Secure(connection, wire, self.clock)
        secure.begin(context)
        return secure

    def connect(self, address: str = "192.168.1.1") -> SecurePeer:
        """Open a connection, and shake hands."""
        secure = self.reach(unverified(), address)
        secure.shake_hands()
        front: Any = secure.connection
        return SecurePeer(front, secure.wire, secure=secure)
