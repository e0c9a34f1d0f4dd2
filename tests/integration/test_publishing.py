# SPDX-License-Identifier: MIT
"""`publish` and `publish_async` against real servers, and across what breaks on the way."""

import asyncio
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from tests.support.certificates import write_certificate
from tests.support.processes import PATIENCE, RunningServer, running
from tests.support.proxies import free_port
from tests.support.tokens import key_file, token
from wsecho.client import errors, publish, publish_async
from wsecho.core.wire.positions import Position

ROOM: Final = "/broadcast/{}"
"""Each test has one of its own."""


def in_loop(url: str, data: Any, **options: Any) -> Position:
    """Publish as a coroutine does."""
    return asyncio.run(publish_async(url, data, **options))


Way = Callable[..., Position]
both = pytest.mark.parametrize("say", [publish, in_loop])


def kept(server: RunningServer, room: str) -> list[Any]:
    """What a room keeps."""
    answer = requests.get(server.http(f"{ROOM.format(room)}?history=100"), timeout=PATIENCE)
    return [message.get("data", message.get("base64")) for message in answer.json()["messages"]]


@contextmanager
def answering(answer: Callable[[socket.socket, int], None]) -> Iterator[str]:
    """Be a server that answers each connection, which it is given with its number; where it is."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            number = 0
            with suppress(OSError):
                while True:
                    one, _ = listening.accept()
                    number += 1
                    with closing(one), suppress(OSError):
                        one.settimeout(PATIENCE)
                        answer(one, number)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/broadcast/lobby"
        # An accept that waits does not notice that its socket is closed.
        listening.shutdown(socket.SHUT_RDWR)


def whole(source: socket.socket) -> bytes:
    """Read a request, or an answer, with its body."""
    read = b""
    while b"\r\n\r\n" not in read:
        read += source.recv(1) or b"\r\n\r\n"
    head = read.decode("latin-1").lower()
    length = int(head.partition("content-length:")[2].partition("\r\n")[0] or 0)
    body = b""
    while len(body) < length and (some := source.recv(length - len(body))):
        body += some
    return read + body


def relayed(server: RunningServer, request: bytes) -> bytes:
    """What a server answers to a request."""
    with socket.create_connection((server.host, server.port), PATIENCE) as upstream:
        upstream.sendall(request)
        return whole(upstream)


@both
def test_text_and_binary(server: RunningServer, say: Way) -> None:
    """The largest that fits among them, and each in its place."""
    room = ROOM.format(f"said-{say.__name__}")
    url = server.http(room)
    first = say(url, "héllo")
    places = [say(url, data) for data in ("", b"\0\xff", "x" * 16_777_216)]
    assert places == [Position(first.epoch, offset) for offset in (2, 3, 4)]
    assert kept(server, room.rpartition("/")[2]) == ["héllo", "", "AP8="]
    # An answer is cut by its bytes.
    rest = requests.get(server.http(f"{room}?after={places[1]}"), timeout=PATIENCE).json()
    assert [len(message["data"]) for message in rest["messages"]] == [16_777_216]


@both
@pytest.mark.parametrize("size", [16_777_217, 100_000_000])
def test_one_octet_more(server: RunningServer, say: Way, size: int) -> None:
    """Is refused at once by its name, not by a connection that breaks while it is sent."""
    with pytest.raises(errors.TooLarge, match="over 16777216 bytes"):
        say(server.http(ROOM.format("large")), b"x" * size)


@both
def test_its_own_key(server: RunningServer, say: Way) -> None:
    """Said again by whoever calls, it is there once; another message under it is refused."""
    room = f"keyed-{say.__name__}"
    url = server.http(ROOM.format(room))
    assert say(url, "a", key="order-17") == say(url, "a", key="order-17")
    assert kept(server, room) == ["a"]
    with pytest.raises(errors.BadRequest, match="used for another message"):
        say(url, "b", key="order-17")


@both
def test_tokens(tmp_path: Path, say: Way) -> None:
    """None, one that grants nothing here, one that does."""
    with running("--token-key", str(key_file(tmp_path))) as server:
        url = server.http(ROOM.format("lobby"))
        with pytest.raises(errors.Unauthorized, match="a token is needed"):
            say(url, "x")
        with pytest.raises(errors.Unauthorized):
            say(url, "x", token=token(exp=1))
        with pytest.raises(errors.Forbidden):
            say(url, "x", token=token(rooms={"join": ["*"]}))
        assert say(url, "x", token=token(rooms={"publish": ["lobby"]})).offset == 1


@both
def test_the_answer_is_eaten(server: RunningServer, say: Way) -> None:
    """Behind a server that took the message: it is said again, and is there once."""
    room = f"eaten-{say.__name__}"

    def eat(one: socket.socket, number: int) -> None:
        answer = relayed(server, whole(one))
        if number > 2:
            one.sendall(answer)

    with answering(eat) as url:
        assert say(url.replace("lobby", room), "once").offset == 1
    assert kept(server, room) == ["once"]


@both
def test_a_server_that_comes_late(say: Way) -> None:
    """Nobody listens yet, then one does."""
    port = free_port()
    with ThreadPoolExecutor(1) as pool:
        saying = pool.submit(say, f"http://127.0.0.1:{port}{ROOM.format('a')}", "patient")
        time.sleep(0.5)
        with running(listen=f"tcp:{port}:interface=127.0.0.1") as server:
            assert saying.result(PATIENCE).offset == 1
            assert kept(server, "a") == ["patient"]


@both
def test_retry_after_is_honoured(server: RunningServer, say: Way) -> None:
    """A server that is busy is left alone for as long as it says."""
    times: list[float] = []

    def busy(one: socket.socket, number: int) -> None:
        request = whole(one)
        times.append(time.monotonic())
        if number < 3:
            one.sendall(b"HTTP/1.1 429 X\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")
        else:
            one.sendall(relayed(server, request))

    with answering(busy) as url:
        say(url.replace("lobby", "busy"), "x")
    # The least that it asked for; how much longer it took is not asked.
    assert [later - sooner >= 1 for sooner, later in pairwise(times)] == [True, True]


def silent(one: socket.socket, _: int) -> None:
    """Take all, and say nothing."""
    while one.recv(65_536):
        pass


def trickling(one: socket.socket, _: int) -> None:
    """Answer so that something always comes, and the end never does."""
    whole(one)
    one.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(200):
        one.sendall(b"x")
        time.sleep(0.05)


def hanging_up(one: socket.socket, _: int) -> None:
    """Take a little, and go."""
    one.recv(10)


def no_http(one: socket.socket, _: int) -> None:
    """Speak something else."""
    one.sendall(b"220 mail.example.org ESMTP\r\n")


@both
@pytest.mark.parametrize("answer", [silent, trickling, hanging_up, no_http])
def test_what_never_answers(say: Way, answer: Callable[[socket.socket, int], None]) -> None:
    """Is given up in time, in whatever way it does not."""
    with answering(answer) as url, pytest.raises(errors.Unknown, match="may have arrived"):
        say(url, "x", timeout=1)


@both
def test_it_is_not_sent_elsewhere(server: RunningServer, say: Way) -> None:
    """A redirection is told of; what is said goes nowhere, nor does the token."""
    asked: list[bytes] = []

    def redirect(one: socket.socket, _: int) -> None:
        asked.append(whole(one))
        place = server.http(ROOM.format("elsewhere"))
        one.sendall(f"HTTP/1.1 302 X\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode())

    with answering(redirect) as url, pytest.raises(errors.NotWsecho, match="HTTP 302, which names"):
        say(url, "x", token="a.b.c")
    assert len(asked) == 1
    assert kept(server, "elsewhere") == []


@both
def test_what_is_no_wsecho(say: Way, tmp_path: Path) -> None:
    """Is named at once: Python's own server, for one, knows no POST."""
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL) as popen:
        try:
            with pytest.raises(errors.NotWsecho, match="HTTP 501 from 'SimpleHTTP"):
                say(f"http://127.0.0.1:{port}/broadcast/a", "x")
        finally:
            popen.terminate()


@both
def test_tls(tmp_path: Path, say: Way) -> None:
    """Whom nobody trusts is told nothing; whom one trusts oneself, is."""
    file = write_certificate(tmp_path, 1)
    with running(listen=f"ssl:0:interface=127.0.0.1:privateKey={file}:certKey={file}") as it:
        url = f"https://localhost:{it.port}{ROOM.format('a')}"
        with pytest.raises(errors.NotWsecho, match="its certificate does not count: self"):
            say(url, "x")
        trusted = ssl.create_default_context(cafile=file)
        assert say(url, "x", ssl=trusted).offset == 1


@both
def test_a_proxy_of_the_environment(
    server: RunningServer, say: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is used where it is named."""
    lines: list[bytes] = []

    def pass_on(one: socket.socket, _: int) -> None:
        request = whole(one)
        lines.append(request.partition(b"\r\n")[0])
        one.sendall(relayed(server, request))

    with answering(pass_on) as proxy:
        monkeypatch.setenv("http_proxy", proxy.removesuffix("/broadcast/lobby"))
        monkeypatch.delenv("no_proxy", raising=False)
        url = server.http(ROOM.format("proxied"))
        assert say(url, "x").offset >= 1
    assert lines == [f"POST {url} HTTP/1.1".encode()]


def test_the_loop_goes_on_meanwhile(server: RunningServer) -> None:
    """A hundred at once, of which one is cancelled on its way."""
    room = "together"

    async def main() -> None:
        url = server.http(ROOM.format(room))
        with answering(silent) as nowhere:
            lost = asyncio.create_task(publish_async(nowhere, "x"))
            places = await asyncio.gather(*(publish_async(url, str(n)) for n in range(100)))
            assert sorted(place.offset for place in places) == list(range(1, 101))
            lost.cancel()
            with pytest.raises(asyncio.CancelledError):
                await lost

    asyncio.run(main())
    assert sorted(kept(server, room)) == sorted(map(str, range(100)))


def test_it_holds_up_no_program_s_end(server: RunningServer) -> None:
    """An attempt that is on its way is left behind; and nothing but the standard library is used.

    The packages that this one stands on for its data are the exception.
    """
    program = """
import sys, threading
from wsecho.client import publish
threading.Thread(target=publish, args=(sys.argv[1], "x"), daemon=True).start()
print(publish(sys.argv[2], "x").offset)
known = {name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names
print(sorted(name for name in known if not name.startswith("_")))
"""
    url = server.http(ROOM.format("ending"))
    with answering(silent) as nowhere:
        command = [sys.executable, "-c", program, nowhere, url]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    assert done.stderr == ""
    offset, modules = done.stdout.splitlines()
    assert (offset, done.returncode) == ("1", 0)
    assert {"twisted", "autobahn", "websockets"}.isdisjoint(json.loads(modules.replace("'", '"')))
