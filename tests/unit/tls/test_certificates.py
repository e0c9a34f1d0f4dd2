# SPDX-License-Identifier: MIT
"""Which certificate a `tls:` folder shows, by the name that a client asks for."""

import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from zope.interface import provider

from tests.support.certificates import serial_of, unverified, write_certificate
from tests.unit.doors.harness import Wire
from tests.unit.tls.secure import Secure
from wsecho.tls.certificates import Folder
from wsecho.tls.connection import TlsFactory
from wsecho.tls.failures import Failures


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A folder for several names."""
    path = tmp_path_factory.mktemp("certificates")
    write_certificate(path, 1, "one.pem", "one.example")
    write_certificate(path, 2, "wild.pem", "*.example.org")
    write_certificate(path, 3, "exact.pem", "Exact.example.org")
    return Folder(str(path))


@pytest.fixture
def events() -> Iterator[list[Any]]:
    """All that is logged."""
    heard: list[Any] = []

    @provider(ILogObserver)
    def hear(event: LogEvent) -> None:
        heard.append(event)

    globalLogPublisher.addObserver(hear)
    yield heard
    globalLogPublisher.removeObserver(hear)


@pytest.mark.parametrize(
    ("name", "serial"),
    [
        ("one.example", 1),
        ("ONE.example", 1),
        ("any.example.org", 2),
        ("exact.example.org", 3),
    ],
)
def test_the_certificate_of_a_name(folder: Folder, name: str, serial: int) -> None:
    """The exact one before a wildcard, in whatever case; ALPN is answered by each."""
    secure = reach(folder, name, "h2", "http/1.1")
    secure.shake_hands()
    assert shown(secure) == serial
    assert secure.tls.selected_alpn_protocol() == "http/1.1"
    with pytest.raises(ssl.SSLError, match="no application protocol"):
        reach(folder, name, "h2").shake_hands()


@pytest.mark.parametrize(
    "name", [None, "other.example", "a.b.example.org", "example.org", "*", "x"]
)
def test_an_unknown_name(folder: Folder, name: str | None, events: list[Any]) -> None:
    """Whoever asks for it is shown always the same, and nothing is written about it."""
    first, again = reach(folder, None), reach(folder, name)
    first.shake_hands()
    again.shake_hands()
    assert shown(first) == shown(again)
    assert not events


def test_a_name_of_odd_octets(folder: Folder, events: list[Any]) -> None:
    """It is no name that anybody has; Twisted's own would raise."""
    secure = reach(folder, "odd.example")
    with pytest.raises(ssl.SSLWantReadError):
        secure.tls.do_handshake()
    hello = secure.outgoing.read()
    assert hello.count(b"odd.example") == 1
    secure.connection.dataReceived(hello.replace(b"odd.example", b"\xff\xfe\x80.example"))
    assert secure.wire.value()[0] == 22
    assert not events


def reach(folder: Folder, name: str | None, *offered: str) -> Secure:
    """Ask for a name."""
    clock = Clock()
    factory = TlsFactory(folder, Factory.forProtocol(Protocol), clock, Failures(clock))
    connection: Any = factory.buildProtocol(None)
    secure = Secure(connection, Wire(), clock)
    connection.makeConnection(secure.wire)
    context = unverified()
    if offered:
        context.set_alpn_protocols(list(offered))
    secure.begin(context, name)
    return secure


def shown(secure: Secure) -> int:
    """The serial number of the certificate that was shown."""
    return serial_of(secure.tls.getpeercert(binary_form=True))
