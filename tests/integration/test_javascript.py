# SPDX-License-Identifier: MIT
"""The library for JavaScript outside of a browser: in Node, Bun and Deno, with real servers."""

import asyncio
import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

import pytest
from attrs import define, field
from websockets.sync.client import connect

import wsecho
from tests.node import HERE, node_program, run_node, runtimes
from tests.support.processes import PATIENCE, Process, RunningServer, running
from tests.support.proxies import Nginx, free_port, listening, proxying
from tests.support.redis_server import redis_server
from tests.support.tokens import key_file, token
from tests.support.waiting import settled, until, wait_until

LIBRARY: Final = Path(__file__).parents[2] / "web/dist/wsecho.js"


def command(runtime: str) -> list[str]:
    """What runs a script: a runtime with the rights that the tests need."""
    if runtime == "node":
        return [node_program()]
    program = str(runtimes() / {"node22": "node"}.get(runtime, runtime))
    return [program, "run", "--allow-all"] if runtime == "deno" else [program]


@define(eq=False)
class Follower:
    """A program that follows a room and tells what happens."""

    process: Process
    _read: int = 0
    told: list[dict[str, Any]] = field(factory=list)

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Everything of a kind that was told so far."""
        lines = list(self.process.lines)
        self.told += [json.loads(line) for line in lines[self._read :] if line.startswith("{")]
        self._read = len(lines)
        return [one for one in self.told if one["type"] == kind]

    def wait_for(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until so many of a kind were told."""
        wait_until(lambda: len(self.all(kind)) >= count)
        return self.all(kind)

    def wait_for_state(self, state: str) -> dict[str, Any]:
        """Wait until the connection is so."""
        wait_until(lambda: [one["state"] for one in self.all("status")][-1:] == [state])
        return self.all("status")[-1]


@contextmanager
def following(url: str, room: str, **options: Any) -> Iterator[Follower]:
    """A follower that is gone at the end."""
    given = [f"{name}={json.dumps(value)}" for name, value in options.items()]
    script = str(HERE / "follower.mjs")
    process = Process.start(node_program(), script, LIBRARY.as_uri(), url, room, *given)
    try:
        yield Follower(process)
    finally:
        process.end()


@pytest.mark.parametrize("transport", ["all", "websocket", "sse", "longpoll"])
@pytest.mark.parametrize("runtime", ["node", "node22", "bun", "deno"])
def test_all_that_it_offers(server: RunningServer, runtime: str, transport: str) -> None:
    """Over each transport, to the end of the process, which nothing holds open."""
    arguments = [str(HERE / "library.mjs"), LIBRARY.as_uri(), server.http(""), transport]
    done = subprocess.run(
        [*command(runtime), *arguments],
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "well\n"), done.stdout + done.stderr[-2000:]


@pytest.mark.parametrize("name", ["wsecho.js", "wsecho.global.js"])
def test_it_is_served_to_pages_of_every_origin(server: RunningServer, name: str) -> None:
    """With a tag, its version, and the type that a browser insists on."""
    request = urllib.request.Request(
        server.http(f"/{name}"), headers={"Origin": "https://a.example"}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        text = answer.read().decode()
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert answer.headers["ETag"]
    assert wsecho.__version__ in text


def test_it_is_beside_a_page_of_ones_own(tmp_path: Path) -> None:
    """Which `--web` serves; a file of its own goes first."""
    (tmp_path / "index.html").write_text("mine")
    (tmp_path / "wsecho.global.js").write_text("mine too")
    with running("--web", str(tmp_path)) as server:
        with urllib.request.urlopen(server.http("/wsecho.js"), timeout=PATIENCE) as answer:
            assert answer.read() == LIBRARY.read_bytes()
        with urllib.request.urlopen(server.http("/wsecho.global.js"), timeout=PATIENCE) as answer:
            assert answer.read() == b"mine too"


@pytest.mark.parametrize("transport", ["websocket", "sse", "longpoll"])
def test_the_largest_that_fits_and_one_more(transport: str) -> None:
    """To the octet: one is taken, the other never sent, and the connection stays where it is."""
    with running("--max-message-size", "65536") as server:
        sizes = [*range(65_380, 65_500), 70_000, 1_000_000, 10]
        with following(server.http(""), "r", transports=[transport], large=sizes) as follower:
            follower.wait_for("said")
            wait_until(lambda: len(follower.all("said") + follower.all("failed")) == len(sizes))
            said = [one["data"] for one in follower.all("said")]
            failed = [(one["data"], one["code"]) for one in follower.all("failed")]
            states = [one["state"] for one in follower.all("status")]
        largest = max(said)
        assert said == [*range(65_380, largest + 1), 10]
        assert failed == [(size, "too_large") for size in sizes if size > largest]
        # So that the boundary is the server's own: a frame of 65,536.
        assert 65_380 < largest < 65_500
        assert states.count("open") == 1


def test_a_restart_loses_and_doubles_nothing() -> None:
    """With Redis, killed and started again several times: each number once, in order, no gap."""
    with redis_server() as redis:
        options = ("--redis", redis.url)
        with running(*options) as first:
            port = first.port
        listen = f"tcp:{port}:interface=127.0.0.1"
        with following(f"http://127.0.0.1:{port}", "killed", numbers=200, every=30) as follower:
            for _ in range(3):
                with running(*options, listen=listen) as server:
                    count = len(follower.all("said")) + 25
                    follower.wait_for("said", count)
                    server.process.popen.kill()
            with running(*options, listen=listen):
                follower.wait_for("said", 200)
                follower.wait_for("message", 200)
                assert follower.all("gap") == follower.all("failed") == []
                numbers = [one["data"] for one in follower.all("message")]
                assert numbers == [str(number) for number in range(1, 201)]
                assert all(one["mine"] for one in follower.all("message"))
                places = [one["position"] for one in follower.all("message")]
                assert [one["position"] for one in follower.all("said")] == places
                assert all(one["recovered"] for one in follower.all("joined")[1:])


def test_a_restart_without_redis_tells_a_gap() -> None:
    """Once, before the first message behind it; what was not taken goes to the new one."""
    with running() as first:
        listen = f"tcp:{first.port}:interface=127.0.0.1"
        url = first.http("")
        with following(url, "gone", numbers=100, every=30) as follower:
            follower.wait_for("said", 20)
            first.process.popen.kill()
            with running(listen=listen):
                follower.wait_for("said", 100)
                [gap] = follower.wait_for("gap")
                assert gap["reason"] == "history_lost"
                last = follower.all("message")[-1]["position"].split(":")[0]
                wait_until(lambda: [m["data"] for m in follower.all("message")][-1:] == ["100"])
                assert gap["to"] == f"{last}:0"
                behind = [one["type"] for one in follower.told if one["type"] in {"gap", "message"}]
                assert behind.count("gap") == 1
                assert follower.all("joined")[-1]["recovered"] is False


def test_a_token_is_renewed_without_a_break(tmp_path: Path) -> None:
    """Before it expires, on the open connection; the last one that is given ends it."""
    now = int(time.time())
    tokens = [token(sub="ann", name="Ann", exp=now + seconds) for seconds in (6, 14, 17)]
    options = {"tokens": tokens, "numbers": 300, "every": 100}
    with (
        running("--token-key", str(key_file(tmp_path))) as server,
        following(server.http(""), "r", **options) as follower,
    ):
        follower.wait_for("asked", 3)
        follower.wait_for("said", 30)
        assert [one["state"] for one in follower.all("status")].count("open") == 1
        status = follower.wait_for_state("closed")
        assert (status["code"], status["remedy"]) == ("unauthorized", "token")
        failed = {one["code"] for one in follower.wait_for("failed")}
        assert failed <= {"unauthorized", "unknown"}


@pytest.mark.parametrize("transport", ["websocket", "sse", "longpoll"])
def test_an_answer_that_was_eaten_doubles_nothing(server: RunningServer, transport: str) -> None:
    """The server took a message, and nobody heard of it: it is said again, and there once."""
    room = f"eaten-{transport}"

    def taken() -> int:
        address = server.http(f"/broadcast/{room}?history=1")
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            return int(json.load(answer)["position"].split(":")[1])

    async def said(follower: Follower, count: int) -> None:
        await until(lambda: len(follower.all("said")) >= count)

    async def main() -> None:
        async with proxying(server.port) as proxy:
            url = f"http://127.0.0.1:{proxy.port}"
            options: Any = {"transports": [transport], "numbers": 60, "every": 50}
            with following(url, room, **options) as follower:
                for count in (5, 15, 25):
                    await said(follower, count)
                    proxy.eat_answers = True
                    # By long-poll, one that is not answered may hold up the next.
                    await settled(lambda: taken() > len(follower.all("said")), True, 3)
                    proxy.cut()
                    proxy.eat_answers = proxy.is_cut = False
                await until(lambda: len(follower.all("message")) >= 60)
                await said(follower, 60)
                numbers = [one["data"] for one in follower.all("message")]
                assert numbers == [str(number) for number in range(1, 61)]
                assert follower.all("gap") == follower.all("failed") == []
        assert taken() == 60

    asyncio.run(main())


def test_two_senders_are_heard_in_one_order(server: RunningServer) -> None:
    """Each of them in the order of its own."""
    url, options = server.http(""), {"numbers": 50, "every": 5}
    with (
        following(url, "order", **options, **{"as": "a"}) as one,
        following(url, "order", **options, **{"as": "b"}) as other,
    ):
        heard = [
            [(m["data"], m["position"]) for m in f.wait_for("message", 100)] for f in (one, other)
        ]
        assert heard[0] == heard[1]
        for sender in "ab":
            texts = [data for data, _ in heard[0] if data.startswith(sender)]
            assert texts == [f"{sender}{number}" for number in range(1, 51)]


def test_who_reads_slowly_loses_nothing() -> None:
    """What the server left out for it is fetched."""
    options = ("--slow", "skip", "--send-queue", "64KiB", "--history", "5000")
    with (
        running(*options, "--history-bytes", "256MiB") as server,
        following(server.http(""), "slow", stall=3_000) as follower,
    ):
        follower.wait_for("joined")
        with connect(server.ws("/broadcast/slow?self=0")) as publisher:
            for number in range(2_000):
                publisher.send(f"{number:<10}" + "x" * 10_000)
        follower.wait_for("message", 2_000)
        numbers = [int(one["data"].split()[0]) for one in follower.all("message")]
        assert numbers == list(range(2_000))
        assert follower.all("gap") == []


def test_a_publication_that_is_not_allowed_fails_at_once(tmp_path: Path) -> None:
    """In a room that may be read, and in one that may not."""
    reader = token(rooms={"join": ["open"], "publish": []})
    with running("--token-key", str(key_file(tmp_path))) as server:
        for room in ("open", "closed"):
            with following(server.http(""), room, token=reader, numbers=1) as follower:
                assert follower.wait_for("failed")[0]["code"] == "forbidden"
                assert follower.all("status")[-1]["state"] == "open"


def test_a_thousand_rooms_are_one_connection() -> None:
    """As many as the server lets one have; one more waits for a place."""
    with running("--max-rooms-per-connection", "1000") as server:
        assert run_node("rooms.mjs", LIBRARY.as_uri(), server.http(""), "1000") == "well\n"


def test_what_comes_too_fast_is_said_more_slowly() -> None:
    """In its order, and all of it."""
    with (
        running("--message-rate", "20", "--over-rate", "drop") as server,
        following(server.http(""), "fast", numbers=60, every=1) as follower,
    ):
        follower.wait_for("said", 60)
        numbers = [one["data"] for one in follower.wait_for("message", 60)]
        assert numbers == [str(number) for number in range(1, 61)]
        assert follower.all("failed") == []


def test_a_server_that_comes_later_is_waited_for() -> None:
    """On every rung it is tried again, and what was said meanwhile goes out."""
    port = free_port()
    with following(f"http://127.0.0.1:{port}", "later", numbers=2) as follower:
        wait_until(lambda: any(one["retryAt"] for one in follower.all("status")))
        with running(listen=f"tcp:{port}:interface=127.0.0.1"):
            follower.wait_for("said", 2)


class Stranger(BaseHTTPRequestHandler):
    """A server that is no wsecho."""

    def do_GET(self) -> None:
        """Have nothing."""
        self.send_error(404)

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_what_is_no_wsecho_is_said_to_be_none() -> None:
    """At once, and what was to be said fails."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as other:
        Thread(target=other.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{other.server_address[1]}/base"
        with following(url, "r", numbers=1) as follower:
            status = follower.wait_for_state("closed")
            assert (status["code"], status["why"]) == (
                "not_wsecho",
                "there is no wsecho at this address: it answered with 404",
            )
            assert follower.wait_for("failed")[0]["code"] == "not_wsecho"
        other.shutdown()


def test_a_folder_of_a_proxy(server: RunningServer, tmp_path: Path) -> None:
    """The server's address may have a path."""
    proxy = Nginx(tmp_path, free_port())
    proxy.configure(
        f"server {{ listen 127.0.0.1:{proxy.port}; location /deep/down/ {{"
        f" proxy_pass http://127.0.0.1:{server.port}/; proxy_http_version 1.1;"
        " proxy_set_header Host $http_host; proxy_set_header Upgrade $http_upgrade;"
        ' proxy_set_header Connection "upgrade"; } }'
    )
    with listening(proxy.command(), proxy.port):
        url = f"http://127.0.0.1:{proxy.port}/deep/down"
        with following(url, "r", numbers=3) as follower:
            follower.wait_for("said", 3)
            assert follower.all("status")[-1]["transport"] == "websocket"
