# SPDX-License-Identifier: MIT
"""TLS over real sockets, with the clients that people use, at their defaults."""

import asyncio
import contextlib
import json
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import websocket
import websockets
from websockets.sync.client import connect

from tests.support.certificates import serial_of, unverified, write_certificate
from tests.support.processes import PATIENCE, RunningServer, running
from tests.support.redis_server import redis_server
from tests.support.tokens import ED, OTHER_ED, key_file, token
from tests.support.waiting import wait_until

READ_AGAIN = re.compile("keys and certificates were read again")
UPGRADE = (
    b"GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
POST = b"POST /broadcast/a HTTP/1.1\r\nHost: localhost\r\n"


def endpoint(kind: str, folder: Path) -> str:
    """An endpoint string of a kind."""
    if kind == "tls":
        return f"tls:{folder}:0:interface=127.0.0.1"
    return f"ssl:0:interface=127.0.0.1:privateKey={folder / 'both.pem'}"


@contextlib.contextmanager
def serving(
    way: str, folder: Path, *options: str, days: tuple[float, float] = (-1, 1)
) -> Iterator[RunningServer]:
    """A server that is entered one way."""
    path = write_certificate(folder, 1, days=days)
    assert path.name == "both.pem"
    if way != "workers":
        with running(*options, listen=endpoint(way, folder)) as server:
            yield server
        return
    with redis_server() as redis:
        several = ("--workers", "2", "--redis", redis.url)
        with running(*options, *several, listen=endpoint("ssl", folder)) as server:
            yield server


@pytest.fixture(scope="module", params=["ssl", "tls", "workers"])
def secure(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A server under TLS, by each way in."""
    with serving(request.param, tmp_path_factory.mktemp("certificates")) as server:
        yield server


def https(server: RunningServer, path: str) -> str:
    """The URL of an HTTP address."""
    return f"https://{server.host}:{server.port}{path}"


def wss(server: RunningServer, path: str) -> str:
    """The URL of a WebSocket address."""
    return f"wss://{server.host}:{server.port}{path}"


def open_socket(server: RunningServer, path: str, **options: Any) -> Any:
    """Open a WebSocket with `websockets`."""
    return connect(wss(server, path), ssl=unverified(), open_timeout=PATIENCE, **options)


# -- the clients


@pytest.mark.parametrize(
    "options", [(), ("--http1.1",), ("--http2",), ("--http1.0",), ("--no-alpn",)]
)
def test_curl(secure: RunningServer, options: tuple[str, ...]) -> None:
    """Whatever it offers by ALPN."""
    done = run("curl", "-sk", *options, "-w", "%{http_code}", https(secure, "/healthz"))
    assert done.stdout.endswith("200")
    assert done.returncode == 0


def run(*command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is missing: apt install {command[0]}")
    return subprocess.run(
        command, input="", capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [("http/1.1", "http/1.1"), ("h2,http/1.1", "http/1.1"), ("h2", None), ("h3,spdy/3", None)],
)
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl(secure: RunningServer, offered: str, chosen: str | None, version: str) -> None:
    """No overlap is alert 120 (RFC 7301 section 3.2)."""
    where = f"{secure.host}:{secure.port}"
    done = run("openssl", "s_client", "-connect", where, "-alpn", offered, version)
    if chosen is None:
        assert "SSL alert number 120" in done.stderr
        secure.process.wait_for(re.compile("no TLS with .*: it offers protocols by ALPN"))
    else:
        assert f"ALPN protocol: {chosen}" in done.stdout


def trusting() -> requests.Session:
    """A session that takes any certificate, whatever the environment says."""
    session = requests.Session()
    session.verify, session.trust_env = False, False
    return session


def test_requests_and_httpx(secure: RunningServer) -> None:
    """A room by its HTTP doors; httpx offers HTTP/2 as well where it may."""
    room, trust = https(secure, "/broadcast/room"), unverified()
    with trusting() as session:
        said = session.post(room, data="one", timeout=PATIENCE)
        assert said.status_code == 201
        before = said.headers["Location"]
        found = session.get(https(secure, before), timeout=PATIENCE).json()["messages"]
        assert [message["data"] for message in found] == ["one"]
        assert session.get(https(secure, "/"), timeout=PATIENCE).text.startswith("<!")
        assert session.get(https(secure, "/nothing"), timeout=PATIENCE).status_code == 404
    with httpx.Client(verify=trust, timeout=PATIENCE) as client:
        assert client.post(room, content="two").status_code == 201
        page = client.get(room, params={"history": 2}).json()
        assert [message["data"] for message in page["messages"]] == ["one", "two"]
        with client.stream("GET", f"{room}?history=1", headers=EVENTS) as stream:
            assert next(line for line in stream.iter_lines() if "two" in line)


EVENTS = {"Accept": "text/event-stream"}
pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")


def test_aiohttp(secure: RunningServer) -> None:
    """The framed door, WAMP and long-poll, by one session."""

    async def main() -> None:
        trust = unverified()
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(
                wss(secure, "/broadcast/b"), ssl=trust, protocols=["wsecho.v1"]
            ) as framed:
                assert (await framed.receive_json(timeout=PATIENCE))["type"] == "joined"
                await framed.send_json({"type": "publish", "data": "x" * 200_000, "id": 1})
                frames = [await framed.receive_json(timeout=PATIENCE) for _ in range(2)]
                assert {frame["type"] for frame in frames} == {"message", "published"}
            async with session.ws_connect(
                wss(secure, "/ws"), ssl=trust, protocols=["wamp.2.json"]
            ) as wamp:
                await wamp.send_json([1, "realm1", {"roles": {"caller": {}}}])
                assert (await wamp.receive_json(timeout=PATIENCE))[0] == 2
            body = {"protocols": ["wamp.2.json"]}
            async with session.post(https(secure, "/lp/open"), json=body, ssl=trust) as opened:
                assert opened.status == 200

    asyncio.run(main())


def test_websocket_clients(secure: RunningServer) -> None:
    """`websockets`, of both kinds, and `websocket-client`, at sizes around a record's."""

    async def main() -> None:
        async with websockets.connect(wss(secure, "/echo"), ssl=unverified()) as client:
            for size in SIZES:
                await client.send(b"x" * size)
                assert await asyncio.wait_for(client.recv(), PATIENCE) == b"x" * size

    asyncio.run(main())
    with open_socket(secure, "/broadcast/raw") as client:
        client.send("to all")
        assert client.recv(timeout=PATIENCE) == "to all"
    other = websocket.create_connection(
        wss(secure, "/echo"), timeout=PATIENCE, sslopt={"cert_reqs": ssl.CERT_NONE}
    )
    other.send("hello")
    assert other.recv() == "hello"
    other.close()


SIZES = [0, 1, 16_383, 16_384, 16_385, 70_000, 900_000]


def test_rawsocket(secure: RunningServer) -> None:
    """WAMP without HTTP, on the same port."""
    with secured(secure) as client:
        client.sendall(b"\x7f\xf1\0\0")
        assert client.recv(4)[0] == 0x7F


# -- how connections end


ENDS = {
    "400": b"\1\2\3",
    "400, HTTP of a kind": b"GET / / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "404": b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "413, said": POST + b"Content-Length: 99999999\r\n\r\n",
    "413, sent": POST + b"Content-Length: 99999999\r\n\r\n" + b"x" * 2_000_000,
    "426": UPGRADE.replace(b": 13", b": 12"),
    "414": b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n",
    "431": b"GET / HTTP/1.1\r\nA: " + b"a" * 20_000,
    "200 of a page": b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "1000": UPGRADE + b"\x88\x82\0\0\0\0\x03\xe8",
    "1002": UPGRADE + b"\x83\x80\0\0\0\0",
    "1007": UPGRADE + b"\x81\x81\0\0\0\0\xff",
    "1009": UPGRADE + b"\x82\xff\0\0\0\x01\0\0\0\0\0\0\0\0",
}


@pytest.mark.parametrize("said", ENDS.values(), ids=ENDS.keys())
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_end_is_close_notify_and_then_fin(
    secure: RunningServer, said: bytes, version: ssl.TLSVersion
) -> None:
    """A bare FIN, or a reset, would be an error here (RFC 8446 section 6.1)."""
    context = unverified()
    context.minimum_version = context.maximum_version = version
    with secured(secure, context) as client:
        client.sendall(said)
        heard = b""
        # Python raises SSLEOFError for an end without close_notify.
        while data := client.recv(65_536):
            heard += data
        assert heard.startswith(b"HTTP/1.1 ")
        plain = socket.socket(fileno=client.detach())
    with plain:
        plain.settimeout(PATIENCE)
        assert plain.recv(100) == b""


@contextlib.contextmanager
def secured(
    server: RunningServer, context: ssl.SSLContext | None = None
) -> Iterator[ssl.SSLSocket]:
    """A TLS connection that tells an end from a cut."""
    with (
        socket.create_connection((server.host, server.port), timeout=PATIENCE) as plain,
        (context or unverified()).wrap_socket(
            plain, server_hostname="localhost", suppress_ragged_eofs=False
        ) as client,
    ):
        yield client


# -- handshakes that fail


def test_a_failed_handshake_is_a_line(tmp_path: Path) -> None:
    """It says who and why."""
    write_certificate(tmp_path, 1)
    with running(listen=endpoint("ssl", tmp_path)) as server:
        where = f"{server.host}:{server.port}"
        told = server.process.wait_for
        run("curl", "-s", f"http://{where}/healthz")
        told(re.compile(r"no TLS with 127\.0\.0\.1:\d+: it is plain HTTP"))
        run("curl", "-s", f"https://{where}/healthz")
        told(re.compile(r"no TLS with .*: the peer does not take the certificate"))
        run("openssl", "s_client", "-connect", where, "-tls1_1", "-cipher", "ALL@SECLEVEL=0")
        told(re.compile(r"no TLS with .*: no version of TLS is spoken by both"))
        weak = ("-tls1_2", "-cipher", "AES128-SHA@SECLEVEL=0")
        run("openssl", "s_client", "-connect", where, *weak)
        told(re.compile(r"no TLS with .*: no cipher is common to both"))
        with socket.create_connection((server.host, server.port)) as client:
            client.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01")
        told(re.compile(r"no TLS with .*: it was cut midway"))
        for _ in range(60):
            with socket.create_connection((server.host, server.port)) as client:
                client.sendall(b"SECRET / HTTP/1.1\r\n\r\n")
                client.recv(100)
        told(re.compile(r"no TLS with \d+ more within 10 s: what came is no TLS \("))
        lines = [line for line in server.process.lines if "no TLS with" in line]
        assert len(lines) < 30
        assert "SECRET" not in server.process.output
        assert "Traceback" not in server.process.output


# -- while it runs, and at its end


@pytest.mark.parametrize("way", ["ssl", "tls"])
def test_sighup_drops_nobody(tmp_path: Path, way: str) -> None:
    """Keys and certificates are read again; streams, sockets and kept connections go on."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    keys = key_file(tmp_path, ED)
    with (
        serving(way, folder, "--token-key", str(keys)) as server,
        trusting() as kept,
        open_socket(server, f"/broadcast/a?token={token(ED)}") as client,
        httpx.Client(verify=unverified(), timeout=PATIENCE) as reader,
        reader.stream(
            "GET", https(server, f"/broadcast/a?token={token(ED)}"), headers=EVENTS
        ) as stream,
    ):
        assert kept.get(https(server, "/healthz"), timeout=PATIENCE).ok
        lines = stream.iter_lines()
        assert next(line for line in lines if "joined" in line)
        write_certificate(folder, 2)
        key_file(tmp_path, OTHER_ED)
        server.process.signal(signal.SIGHUP)
        server.process.wait_for(READ_AGAIN)
        with secured(server) as fresh:
            assert serial_of(fresh.getpeercert(binary_form=True)) == 2
        client.send("still here")
        assert client.recv(timeout=PATIENCE) == "still here"
        assert next(line for line in lines if "still here" in line)
        assert kept.get(https(server, "/healthz"), timeout=PATIENCE).ok
        with open_socket(server, f"/broadcast/a?token={token(OTHER_ED)}"):
            pass
        assert "Traceback" not in server.process.output


@pytest.mark.parametrize("way", ["ssl", "tls", "workers"])
def test_a_certificate_that_is_over_is_told(tmp_path: Path, way: str) -> None:
    """Where it is read, and by a metric for as long as it is shown; clients' alerts are lines."""
    over = re.compile("the certificate of localhost ended on .*: renew it, and send SIGHUP")
    with serving(way, tmp_path, days=(-9, -1)) as server:
        assert over.search(server.process.output)
        assert end_shown(server) < time.time()
        verified = ("--cacert", str(tmp_path / "both.pem"), f"https://localhost:{server.port}/")
        assert run("curl", *verified).returncode == 60
        server.process.wait_for(re.compile("does not take the certificate .alert .*expired"))
        write_certificate(tmp_path, 2, days=(-1, 30))
        server.process.signal(signal.SIGHUP)
        server.process.wait_for(READ_AGAIN)
        wait_until(lambda: end_shown(server) > time.time() + 86_400)


def end_shown(server: RunningServer) -> float:
    """What the metric says."""
    with trusting() as session:
        text = session.get(https(server, "/metrics"), timeout=PATIENCE).text
    [value] = re.findall(r"^wsecho_certificate_end_timestamp_seconds (\S+)$", text, re.MULTILINE)
    return float(value)


def test_sigterm_under_tls(tmp_path: Path) -> None:
    """1001, `close_notify`, and an answer to who asks on a connection from before."""
    with serving("ssl", tmp_path) as server, open_socket(server, "/echo") as client:
        with secured(server) as kept, secured(server) as silent:
            kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert kept.recv(1000).startswith(b"HTTP/1.1 200 ")
            server.process.signal(signal.SIGTERM)
            with pytest.raises(websockets.ConnectionClosed):
                client.recv(timeout=PATIENCE)
            assert client.close_code == 1001
            for each in (kept, silent):
                each.sendall(POST + b"Connection: keep-alive\r\nContent-Length: 1\r\n\r\nx")
                heard = b""
                while data := each.recv(1000):
                    heard += data
                assert heard.startswith(b"HTTP/1.1 201 ")
                assert json.loads(heard.partition(b"\r\n\r\n")[2])["position"]
        server.process.wait()
        assert "Traceback" not in server.process.output
