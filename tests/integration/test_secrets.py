# SPDX-License-Identifier: MIT
"""The log keeps secrets: a word in each field of what is sent, at each door, and no log of it."""

import json
import re
import socket
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from requests import post
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.support.processes import PATIENCE, Process, RunningServer, running
from tests.support.redis_server import redis_server
from tests.support.tokens import ED, key_file, token

MARK = "s3cr3t"
FORMS = ["--log-format=text", "--log-format=json"]

FAULTY = """
import sys
import time
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.scripts.twistd import run
from wsecho.doors.broadcast.resource import Broadcast
from wsecho.doors.websocket.echo import Echo
from wsecho.doors.websocket.framed import FramedMember
from wsecho.doors.http.page import PageFile
from wsecho.doors.wamp.http import LongPoll
from wsecho.router.model.session import Session

def of_request(self, request):
    orphan = Deferred()
    orphan.errback(LookupError(request.uri, repr(request)))
    print(request.uri)
    reactor.callLater(0, int, request.uri)
    raise ValueError(request.uri, request.getAllHeaders(), request.content.read(), request)

def of_payload(self, payload, *more, **others):
    reactor.callLater(0, int, bytes(payload))
    raise ValueError(payload)

def of_message(self, message, *more, **others):
    raise ValueError(message)

for kind in (Broadcast, PageFile, LongPoll):
    kind.render = of_request
for kind in (Echo, FramedMember):
    kind.received = of_payload
    kind.received_all = of_payload
Session._take = of_message
run()
"""


def request_lines() -> Iterator[bytes]:
    """The mark in each part of a request line."""
    mark = MARK.encode()
    paths = [
        b"/",
        b"/echo",
        b"/ws",
        b"/broadcast",
        b"/broadcast/room",
        b"/lp/open",
        b"/lp/x/send",
        b"/healthz",
        b"/readyz",
        b"/metrics",
        b"/nothing",
        b"/index.html",
    ]
    for path in paths:
        for method in (b"GET", b"HEAD", b"POST", b"PUT", b"OPTIONS", b"DELETE", mark):
            yield method + b" " + path + b"?token=" + mark
        for tail in (
            b"/" + mark,
            b"/" + mark + b"%FF",
            b"/" + mark + b"/members",
            b"?" + mark + b"=1",
            b"?after=" + mark,
            b"?wait=" + mark,
            b"?member=" + mark,
            b"?member=" + mark + b"&member=" + mark,
            b"#" + mark,
        ):
            yield b"GET " + path + tail
    yield b"GET http://" + mark + b"/"
    yield b"GET " + mark
    yield b"GET /broadcast/" + 300 * mark
    yield b"CONNECT " + mark + b":443"
    yield b"GET /\xff" + mark


HEADERS = [
    "Host: {0}",
    "Origin: http://{0}",
    "Cookie: {0}={0}",
    "{0}: x",
    "X-Forwarded-For: {0}",
    "Forwarded: for={0}",
    "Authorization: Bearer {0}",
    "Authorization: Basic {0}",
    "Range: {0}",
    "Range: bytes={0}",
    "If-None-Match: {0}",
    "If-Modified-Since: {0}",
    "Content-Type: {0}",
    "Content-Length: {0}",
    "Transfer-Encoding: {0}",
    "Expect: {0}",
    "Idempotency-Key: {0}é",
    "Last-Event-ID: {0}",
    "Accept: {0}",
    "{0}",
    " {0}",
    "Upgrade: {0}",
    "Connection: {0}",
    "Referer: http://{0}/",
    "User-Agent: {0}",
    "Content-Encoding: {0}",
]
UPGRADE = [
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
]
UPGRADES = [
    "Sec-WebSocket-Protocol: {0}",
    "Sec-WebSocket-Protocol: wsecho.v1, wsecho.token.{0}",
    "Sec-WebSocket-Protocol: {0} {0}",
    "Sec-WebSocket-Extensions: {0}",
    "Sec-WebSocket-Extensions: permessage-deflate; {0}={0}",
    "Sec-WebSocket-Version: {0}",
    "Sec-WebSocket-Key: {0}",
]


def requests() -> Iterator[bytes]:
    """All of them, each whole."""
    for line in request_lines():
        yield line + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    for path in ("/", "/echo", "/ws", "/broadcast/room", "/lp/open", "/metrics"):
        for header in HEADERS:
            for method in ("GET", "POST"):
                head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{header.format(MARK)}\r\n"
                yield f"{head}Connection: close\r\n\r\n".encode("latin-1")
        for header in [*HEADERS, *UPGRADES]:
            fields = [field for field in UPGRADE if field.split(":")[0] != header.split(":")[0]]
            lines = [
                f"GET {path} HTTP/1.1",
                "Host: localhost",
                *fields,
                header.format(MARK),
                "",
                "",
            ]
            yield "\r\n".join(lines).encode("latin-1")
    for path in ("/broadcast/room", "/broadcast", "/lp/open", "/lp/x/send", "/"):
        for kind in ("text/plain", "application/json", "application/octet-stream"):
            for body in (
                MARK,
                f"\xff{MARK}",
                json.dumps({"rooms": [MARK, MARK], "data": MARK}),
                json.dumps({"protocols": [MARK]}),
                json.dumps(MARK),
            ):
                octets = body.encode("latin-1")
                head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
                yield f"{head}Content-Length: {len(octets)}\r\n\r\n".encode() + octets
    chunked = (
        "POST /broadcast/room HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    yield f"{chunked}1;{MARK}={MARK}\r\nx\r\n0\r\n{MARK}: {MARK}\r\n\r\n".encode()
    yield f"{chunked}{MARK}\r\n".encode()
    yield MARK.encode() + b"\r\n\r\n"
    yield b"\x16\x03\x01" + MARK.encode()
    yield b"PROXY " + MARK.encode() + b"\r\n"


def send(server: RunningServer, octets: bytes) -> None:
    """Send something on a connection of its own; a short look at the answer is enough."""
    with socket.create_connection((server.host, server.port), PATIENCE) as client:
        client.settimeout(0.02)
        client.sendall(octets)
        try:
            while client.recv(65536):
                pass
        except OSError:
            pass


def websockets(server: RunningServer) -> None:
    """The mark in what goes through open WebSockets, and in what closes them."""
    for path, protocol in (
        ("/echo", MARK),
        ("/broadcast/room", "wsecho.raw"),
        (f"/broadcast/{MARK}", "wsecho.v1"),
        (f"/broadcast/room?member={MARK * 3}", "wsecho.v1"),
        ("/ws", "wamp.2.json"),
    ):
        frames: list[Any] = [MARK, MARK.encode(), json.dumps({MARK: MARK})]
        frames += [
            json.dumps(
                {"type": kind, "data": MARK, "base64": MARK, "id": MARK, "key": MARK, "token": MARK}
            )
            for kind in ("publish", "token", "ping", MARK)
        ]
        for frame in frames:
            try:
                with connect(server.ws(path), subprotocols=[Subprotocol(protocol)]) as client:
                    client.send(frame)
                    client.ping(MARK)
                    client.close(4999, MARK)
            except (ConnectionClosed, InvalidStatus):
                pass
    for first, payload in (
        (0x88, struct.pack("!H", 999) + MARK.encode()),
        (0x81, b"\xff\xfe"),
        (0x83, MARK.encode()),
        (0xF1, MARK.encode()),
    ):
        head = "\r\n".join(["GET /echo HTTP/1.1", "Host: localhost", *UPGRADE, "", ""]).encode()
        send(server, head + bytes([first, 0x80 | len(payload), 0, 0, 0, 0]) + payload)


def wamp(server: RunningServer) -> None:
    """The mark in each field of WAMP's messages."""
    roles: dict[str, Any] = {"publisher": {}, "subscriber": {}, "caller": {}, "callee": {}}
    details = {"roles": roles, "authid": MARK, "authmethods": [MARK], "authextra": {MARK: MARK}}
    for realm in ("realm1", MARK, f"{MARK}#"):
        for message in (
            [32, 1, {}, f"{MARK}#"],
            [32, 1, {"match": MARK}, MARK],
            [16, 1, {}, MARK, [MARK], {MARK: MARK}],
            [48, 1, {}, MARK, [MARK]],
            [48, 1, {}, f"wamp.{MARK}"],
            [64, 1, {}, f"wsecho.{MARK}"],
            [48, 1, {}, "wamp.session.kill", [MARK]],
            [48, 1, {}, "wsecho.echo", [MARK]],
            [16, 1, {"acknowledge": True}, f"wsecho.room.{MARK}", [MARK], {"key": MARK}],
            [6, {"message": MARK}, MARK],
            [3, {"message": MARK}, MARK],
            [5, MARK, {}],
            [8, 68, 1, {}, MARK],
            [99, MARK],
            [1, MARK, details],
            MARK,
            [32, MARK, {}, MARK],
        ):
            try:
                url = server.ws("/ws")
                with connect(url, subprotocols=[Subprotocol("wamp.2.json")]) as client:
                    client.send(json.dumps([1, realm, details]))
                    client.recv(PATIENCE)
                    client.send(json.dumps(message))
                    client.close(4000, MARK)
            except ConnectionClosed:
                pass
            hello, text = json.dumps([1, realm, details]).encode(), json.dumps(message).encode()
            octets = b"\x7f\xf1\0\0"
            octets += b"".join(struct.pack("!I", len(part)) + part for part in (hello, text))
            send(server, octets)
    send(server, b"\x7f\xf1\0\0" + struct.pack("!I", len(MARK)) + MARK.encode())
    send(server, b"\x7f" + MARK.encode())


def everything(server: RunningServer) -> None:
    """All of it."""
    for request in requests():
        send(server, request)
    websockets(server)
    wamp(server)


def check(server: RunningServer, *also: str) -> None:
    """Read the whole log, to its end."""
    server.process.end()
    text = server.process.output
    for word in (MARK, *also):
        lines = [line for line in text.splitlines() if word in line]
        assert not lines, lines[:5]
    assert "refused" in text
    assert "closed" in text


@pytest.mark.parametrize("form", FORMS)
def test_nothing_that_a_client_sends_is_logged(form: str) -> None:
    """By whichever door."""
    with running(form) as server:
        everything(server)
        check(server)


def test_nor_where_tokens_are_asked_for(tmp_path: Path) -> None:
    """And not a good token either."""
    good = token(ED, name=MARK, rooms={"join": ["*"], "publish": ["room"]})
    with running("--token-key", str(key_file(tmp_path, ED)), "--proxy", "127.0.0.1") as server:
        everything(server)
        for path in (f"/broadcast/{MARK}?token={good}", f"/broadcast/room?token={good}"):
            send(server, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            send(
                server,
                f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".encode(),
            )
            with connect(server.ws(path), origin=None) as client:
                client.close(1000, MARK)
        check(server, good, good.split(".")[1])


@pytest.mark.parametrize("form", FORMS)
def test_nor_by_a_fault_of_ours(form: str, tmp_path: Path) -> None:
    """Whose exception quotes all that there is, at each door, now and later."""
    faulty = tmp_path / "faulty.py"
    faulty.write_text(FAULTY)
    program = (sys.executable, str(faulty), "--nodaemon", "--pidfile=", "wsecho")
    with running(form, program=program) as server:
        everything(server)
        check(server)
        for kind in (
            "ValueError",
            "LookupError",
            "in of_request",
            "in of_payload",
            "in of_message",
        ):
            assert kind in server.process.output


def test_nor_into_a_file_of_twistds_own(tmp_path: Path) -> None:
    """Which is written by Twisted's own observer."""
    log, faulty, path = tmp_path / "twistd.log", tmp_path / "faulty.py", tmp_path / "socket"
    faulty.write_text(FAULTY)
    command = (sys.executable, str(faulty), "--nodaemon", "--pidfile=", f"--logfile={log}")
    process = Process.start(*command, "wsecho", "--listen", f"unix:{path}")
    try:
        for _ in range(int(PATIENCE * 20)):
            if path.exists():
                break
            time.sleep(0.05)
        for request in (f"GET /{MARK}", f"GET /broadcast/{MARK}?token={MARK}", f"HEAD /?{MARK}"):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
                client.sendall(
                    f"{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
                )
                while client.recv(65536):
                    pass
    finally:
        process.end()
    assert "ValueError" in log.read_text()
    assert MARK not in log.read_text()


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_redis_refuses_is_told(form: str) -> None:
    """In its own words and with what to do: that is the operator's, and no client's."""
    with (
        redis_server() as redis,
        running("--redis", redis.url, "--log-format", form) as server,
    ):
        redis.ask("CONFIG", "SET", "maxmemory", "1")
        refused = post(server.http("/broadcast/a"), "hello", timeout=PATIENCE)
        assert refused.status_code == 503
        server.process.wait_for(re.compile("Redis refuses commands: OOM .*; raise its maxmemory"))
        assert "withheld" not in server.process.output
