# SPDX-License-Identifier: MIT
"""A handshake that fails is one line, which says who and why; many are few lines."""

import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from OpenSSL.SSL import Error
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from zope.interface import provider

from tests.support.certificates import unverified
from tests.unit.tls.secure import ALERT, Secure, SecureServer
from wsecho.tls.failures import CUT, CUT_HERE, MAX_LINES, WINDOW, Failures, why


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """The log's lines about TLS."""
    said: list[str] = []

    @provider(ILogObserver)
    def hear(event: LogEvent) -> None:
        if "no TLS" in (event.get("log_format") or ""):
            said.append(formatEvent(event))

    globalLogPublisher.addObserver(hear)
    yield said
    globalLogPublisher.removeObserver(hear)


def context(**attributes: Any) -> ssl.SSLContext:
    """A client's context."""
    made = unverified()
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


def offering(*protocols: str) -> ssl.SSLContext:
    """A client that offers protocols by ALPN."""
    made = unverified()
    made.set_alpn_protocols(list(protocols))
    return made


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ((), None),
        (("http/1.1",), "http/1.1"),
        (("h2", "http/1.1"), "http/1.1"),
        (("http/1.0", "http/1.1"), "http/1.1"),
        (("http/1.0",), "http/1.0"),
        (("spdy/3", "x" * 255, "http/1.1"), "http/1.1"),
    ],
)
def test_what_is_chosen(offered: tuple[str, ...], chosen: str | None, lines: list[str]) -> None:
    """HTTP/1.1 for whoever offers it, in whatever order; whoever offers nothing gets nothing."""
    secure = SecureServer().reach(offering(*offered) if offered else unverified())
    secure.shake_hands()
    assert secure.tls.selected_alpn_protocol() == chosen
    secure.say(b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert secure.hear().startswith(b"HTTP/1.1 404 ")
    assert not lines


@pytest.mark.parametrize("offered", [("h2",), ("h2", "h3"), ("http/0.9",), ("HTTP/1.1",)])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_nothing_in_common(
    offered: tuple[str, ...], version: ssl.TLSVersion, lines: list[str]
) -> None:
    """Alert 120, `no_application_protocol` (RFC 7301 section 3.2)."""
    made = offering(*offered)
    made.minimum_version = made.maximum_version = version
    assert alert_of(SecureServer().reach(made)) == 120
    assert lines == [
        "no TLS with 192.168.1.1:54321: it offers protocols by ALPN, and http/1.1 is none of them"
    ]


def alert_of(secure: Secure) -> int:
    """The fatal alert that a handshake ends with."""
    with pytest.raises(ssl.SSLError):
        secure.shake_hands()
    assert secure.wire.half_closed
    record = secure.records[-7:]
    assert (record[0], record[5]) == (ALERT, 2)
    return record[6]


def test_other_versions_and_ciphers(lines: list[str]) -> None:
    """Each is named."""
    old = context()
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    assert alert_of(SecureServer().reach(old)) == 70
    weak = context(maximum_version=ssl.TLSVersion.TLSv1_2)
    weak.set_ciphers("AES128-SHA:@SECLEVEL=0")
    assert alert_of(SecureServer().reach(weak)) == 40
    assert [line.partition(": ")[2] for line in lines] == [
        "no version of TLS is spoken by both",
        "no cipher is common to both",
    ]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "it is plain HTTP, and this port speaks TLS",
        ),
        (b"POST /broadcast/a HTTP/1.1\r\n", "it is plain HTTP, and this port speaks TLS"),
        (b"CONNECT a:1 HTTP/1.1\r\n", "it is a request to a proxy, and this port speaks TLS"),
        (b"\x7f\xf1\0\0" * 4, "what came is no TLS"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "what came is no TLS"),
        (b"\0" * 20, "what came is no TLS"),
    ],
)
def test_what_is_no_tls(said: bytes, reason: str, lines: list[str]) -> None:
    """By what it looks like; nothing of it is repeated."""
    secure = SecureServer().reach(unverified())
    secure.connection.dataReceived(said)
    assert lines == [f"no TLS with 192.168.1.1:54321: {reason}"]
    secure.connection.connectionLost()
    assert len(lines) == 1


@pytest.mark.parametrize("length", [1, 5, 100])
def test_what_is_cut_midway(length: int, lines: list[str]) -> None:
    """Wherever that is; whoever said nothing at all has not begun."""
    server = SecureServer()
    secure = server.reach(unverified())
    with pytest.raises(ssl.SSLWantReadError):
        secure.tls.do_handshake()
    secure.connection.dataReceived(secure.outgoing.read()[:length])
    secure.connection.connectionLost()
    assert lines == [f"no TLS with 192.168.1.1:54321: {CUT}"]
    server.reach(unverified()).connection.connectionLost()
    assert len(lines) == 1


def test_what_takes_too_long(lines: list[str]) -> None:
    """The opening's time holds for the handshake too."""
    server = SecureServer()
    secure = server.reach(unverified())
    secure.connection.dataReceived(b"\x16\x03\x01\x02")
    server.clock.advance(server.config.open_timeout)
    assert secure.wire.aborted
    secure.connection.connectionLost()
    assert lines == [f"no TLS with 192.168.1.1:54321: {CUT_HERE}"]


def test_who_does_not_trust_the_certificate(lines: list[str]) -> None:
    """Says so by an alert."""
    secure = SecureServer().reach(ssl.create_default_context())
    with pytest.raises(ssl.SSLCertVerificationError):
        secure.shake_hands()
    secure.exchange()
    assert lines == [
        "no TLS with 192.168.1.1:54321: the peer does not take the certificate (alert unknown ca)"
    ]


def test_an_open_connection_that_breaks_is_no_failed_handshake(lines: list[str]) -> None:
    """It has its own line, where it has one."""
    server = SecureServer()
    for end in (b"\x17\x03\x03\x00\x20" + b"x" * 32, b""):
        secure = server.connect().secure
        if end:
            secure.connection.dataReceived(end)
        secure.connection.connectionLost()
    secure = server.connect().secure
    secure.connection.abortConnection()
    assert not lines


def test_many_failures_are_few_lines(lines: list[str]) -> None:
    """Those that had none are told together, and then it begins anew."""
    clock = Clock()
    failures = Failures(clock)
    for number in range(MAX_LINES + 30):
        failures.tell(f"peer {number}", CUT if number % 3 else "what came is no TLS")
    assert len(lines) == MAX_LINES
    clock.advance(WINDOW)
    assert lines[MAX_LINES:] == [
        f"no TLS with 30 more within 10 s: {CUT} (20); what came is no TLS (10)"
    ]
    failures.tell("another", CUT)
    assert lines[MAX_LINES + 1 :] == [f"no TLS with another: {CUT}"]
    clock.advance(WINDOW)
    assert len(lines) == MAX_LINES + 2
    assert not clock.getDelayedCalls()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (None, CUT),
        (ValueError("another"), CUT),
        (Error([]), CUT),
        (Error([("SSL routines", "", "unexpected eof while reading")]), CUT),
        (
            Error([("SSL routines", "", "ssl/tls alert bad certificate")]),
            "the peer does not take the certificate (alert bad certificate)",
        ),
        (
            Error([("SSL routines", "", "tls alert certificate unknown")]),
            "the peer does not take the certificate (alert certificate unknown)",
        ),
        (
            Error([("SSL routines", "", "tlsv1 alert protocol version")]),
            "no version of TLS is spoken by both (alert protocol version)",
        ),
        (
            Error([("SSL routines", "", "tlsv13 alert missing extension")]),
            "the peer ended it (alert missing extension)",
        ),
        (Error([("SSL routines", "", "something new")]), "something new"),
    ],
)
def test_openssls_words(error: Exception | None, reason: str) -> None:
    """Whatever its version; what is unknown here is told as it is."""
    assert why(error) == reason
