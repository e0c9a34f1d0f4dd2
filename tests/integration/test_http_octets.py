# SPDX-License-Identifier: MIT
"""HTTP over real sockets, octet by octet: who half-closes, who expects, who smuggles."""

import re
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from attrs import frozen

from tests.support.certificates import unverified, write_certificate
from tests.support.processes import PATIENCE, RunningServer, running

HOST = b"Host: localhost\r\n"
POST = b"POST /broadcast/octets HTTP/1.1\r\n" + HOST
HI = b"Content-Length: 2\r\n\r\nhi"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
UPGRADE = (
    b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
HEALTH = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
PAGE = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
PROXY = b"PROXY TCP4 192.0.2.9 192.0.2.1 4321 80\r\n"
STATUS = re.compile(rb"HTTP/1\.[01] (\d+) ")


@frozen
class Way:
    """A way to a server.

    Args:
        address: its host and port, or its socket's path.
        tls: what the client speaks TLS by.
        first: what stands before all else.
    """

    address: tuple[str, int] | str
    tls: ssl.SSLContext | None = None
    first: bytes = b""

    def connect(self) -> socket.socket:
        """Open a connection."""
        family = socket.AF_UNIX if isinstance(self.address, str) else socket.AF_INET
        connection = socket.socket(family)
        connection.settimeout(PATIENCE)
        connection.connect(self.address)
        connection.sendall(self.first)
        return connection if self.tls is None else self.tls.wrap_socket(connection)


@pytest.fixture(scope="module", params=["lane", "no lane", "unix", "proxied", "tls"])
def at(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    """A server that reads at once, one that leaves all to the reactor, and the other endpoints."""
    path = tmp_path_factory.mktemp("octets")
    options = ["--no-lane"] if request.param == "no lane" else []
    listen, way = "tcp:0:interface=127.0.0.1", partial(Way)
    if request.param == "unix":
        options = ["--listen", f"unix:{path / 'socket'}"]
    elif request.param == "proxied":
        listen, way = f"haproxy:{listen}", partial(Way, first=PROXY)
    elif request.param == "tls":
        listen = f"ssl:0:interface=127.0.0.1:privateKey={write_certificate(path, 1)}"
        way = partial(Way, tls=unverified())
    with running(*options, listen=listen) as server:
        yield way(str(path / "socket") if request.param == "unix" else (server.host, server.port))


def exchange(at: Way, octets: bytes, *, half_closes: bool = True) -> bytes:
    """Send octets, and read to the end of the connection."""
    with at.connect() as connection:
        connection.sendall(octets)
        if half_closes:
            # FIN alone, also under TLS, where Python's own would forget the keys.
            socket.socket.shutdown(connection, socket.SHUT_WR)
        received = b""
        # A server that ends a connection under TLS may not wait for our `close_notify`.
        with suppress(ssl.SSLError):
            while piece := connection.recv(65_536):
                received += piece
        return received


def statuses(answers: bytes) -> list[int]:
    """The status of each answer."""
    return [int(found) for found in STATUS.findall(answers)]


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (HEALTH, [200]),
        (HEALTH * 50, [200] * 50),
        (POST + HI, [201]),
        (POST + CHUNKED + b"2\r\nhi\r\n0\r\n\r\n", [201]),
        (POST + HI + HEALTH + UPGRADE, [201, 200, 404]),
        (UPGRADE, [404]),
        (UPGRADE.replace(b"GET", b"POST"), [405]),
        (b"GET http://localhost/healthz HTTP/1.1\r\n" + HOST + b"\r\n", [200]),
        (POST + b"Expect: 100-continue\r\n" + HI, [100, 201]),
        (b"GET / HTTP/1.1\nHost: localhost\n\n", [400]),
        (b"GET /healthz HTTP/1.1\r\n\r\n", [400]),
        (HEALTH[:20], [400]),
        (POST + b"Content-Length: 9\r\n\r\nhi", [400]),
    ],
)
def test_who_half_closes_is_answered(at: Way, octets: bytes, expected: list[int]) -> None:
    """As `printf … | nc -N` does; again and again, for it is a race."""
    for _ in range(5):
        assert statuses(exchange(at, octets)) == expected


def test_a_page_comes_whole_to_who_half_closes(at: Way) -> None:
    """However many writes it takes."""
    whole = exchange(
        at, PAGE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), half_closes=False
    )
    assert exchange(at, PAGE).partition(b"\r\n\r\n")[2] == whole.partition(b"\r\n\r\n")[2]


def test_a_stream_and_a_poll_end_for_who_half_closes(at: Way) -> None:
    """The answer has an end: it does not go on for nobody."""
    accept = b"Accept: text/event-stream\r\n\r\n"
    stream = exchange(at, b"GET /broadcast/octets HTTP/1.1\r\n" + HOST + accept)
    assert b"event: joined" in stream
    assert stream.endswith(b"0\r\n\r\n")
    where = re.search(rb'"position":"([^"]+)"', stream)
    assert where is not None
    request = b"GET /broadcast/octets?wait=60&after=" + where[1] + b" HTTP/1.1\r\n" + HOST + b"\r\n"
    assert exchange(at, request).endswith(b'"messages":[]}\n')


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (POST + HI.replace(b"2", b"+2"), 400),
        (POST + b"Content-Length: 4\r\n" + CHUNKED + b"0\r\n\r\n" + HEALTH, 400),
        (POST + b"Transfer-Encoding: identity\r\n\r\n" + HEALTH, 400),
        (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + HEALTH, 501),
        (POST + CHUNKED + b"0\r\nno field\r\n\r\n" + HEALTH, 400),
        (POST + CHUNKED + b"ffffffffff", 413),
        (POST + b"Host: b\r\n" + HI + HEALTH, 400),
        (POST + b"Expect: much\r\n" + HI + HEALTH, 417),
        (POST + b"Content-Encoding: gzip\r\n" + HI, 415),
        (b"GET / HTTP/1.1\n", 400),
    ],
)
def test_what_is_refused_ends_the_connection(at: Way, octets: bytes, expected: int) -> None:
    """With one answer, which a client gets that still sends; and nothing else is done."""
    assert statuses(exchange(at, octets, half_closes=False)) == [expected]


@pytest.mark.skipif(shutil.which("nc") is None, reason="there is no nc")
def test_by_netcat(server: RunningServer) -> None:
    """The command that people type."""
    command = ["nc", "-q", "1", server.host, str(server.port)]
    answer = subprocess.run(
        command, input=HEALTH, capture_output=True, timeout=PATIENCE, check=False
    )
    assert statuses(answer.stdout) == [200]


def test_bodies_need_no_folder(tmp_path: Path) -> None:
    """Of 100 kB, and in chunks: there is no temporary folder that could be written to."""
    nowhere = str(tmp_path / "none")
    script = (
        "import sys, tempfile\n"
        "tempfile._get_default_tempdir = lambda: sys.exit('no folder')\n"
        "from twisted.scripts.twistd import run\n"
        "run()\n"
    )
    program = (sys.executable, "-c", script, "--nodaemon", "--pidfile=", "wsecho")
    with running(program=program, environment={"TMPDIR": nowhere}) as server:
        at = Way((server.host, server.port))
        body = b"x" * 200_000
        assert statuses(exchange(at, POST + b"Content-Length: 200000\r\n\r\n" + body)) == [201]
        chunks = b"30d40\r\n" + body + b"\r\n0\r\n\r\n"
        assert statuses(exchange(at, POST + CHUNKED + chunks)) == [201]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_curl_is_asked_for_a_large_body_only_where_it_is_let_in(
    server: RunningServer, tmp_path: Path
) -> None:
    """It waits for `100 Continue` where a body is large."""
    large = tmp_path / "large"
    large.write_bytes(b"x" * 2_000_000)
    for path, expected in (("/broadcast/octets", "201"), ("/broadcast/octets/members", "405")):
        command = ["curl", "-s", "-v", "-H", "Expect: 100-continue", "--data-binary", f"@{large}"]
        found = subprocess.run(
            [*command, server.http(path)], capture_output=True, timeout=PATIENCE, check=False
        )
        assert f"< HTTP/1.1 {expected}".encode() in found.stderr
        assert (b"< HTTP/1.1 100" in found.stderr) is (expected == "201")
