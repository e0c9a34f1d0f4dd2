# SPDX-License-Identifier: MIT
"""The programs that measure client libraries, against a real server, and against none."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from _bench import payloads
from _bench.clients.driving import BLOCK
from tests.support.processes import PATIENCE, RunningServer, running
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

SCRIPTS = Path(__file__).parents[3] / "scripts"
ROOM = "/broadcast/bench"
TEXT = payloads.text(125)


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """A server with its defaults on a free port of loopback."""
    with running() as server:
        yield server


@pytest.fixture
def payload(tmp_path: Path) -> Path:
    """A file with what is said."""
    file = tmp_path / "payload"
    file.write_bytes(TEXT)
    return file


@contextmanager
def serving(
    attend: Callable[[ServerConnection], None], subprotocols: Sequence[Subprotocol] | None = None
) -> Iterator[int]:
    """A small server of WebSockets on a free port; which."""
    with serve(attend, "127.0.0.1", 0, subprotocols=subprotocols) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.socket.getsockname()[1]
        server.shutdown()
        thread.join(PATIENCE)


def run(client: str, mode: str, port: int, payload: Path) -> "subprocess.CompletedProcess[str]":
    """Run a client's program for a moment, as the bench does."""
    told = ["--mode", mode, "--port", str(port), "--path", ROOM, "--in-flight", "64"]
    told += ["--payload", str(payload), "--warmup", "0.05", "--seconds", "0.2"]
    told += ["--watch", str(os.getpid()), "--core", str(min(os.sched_getaffinity(0)))]
    # Told to the generator alone.
    told += ["--connections", "1"]
    module = [sys.executable, "-m", f"_bench.clients.{client}_", *told]
    return subprocess.run(
        module, cwd=SCRIPTS, capture_output=True, text=True, timeout=4 * PATIENCE, check=False
    )


@pytest.mark.parametrize("client", ["wsecho", "websockets"])
@pytest.mark.parametrize("mode", ["read", "say"])
def test_a_client_reads_and_says(
    client: str, mode: str, server: RunningServer, payload: Path
) -> None:
    """Both count, and tell of both cores; whoever reads is fed."""
    done = run(client, mode, server.port, payload)
    assert done.returncode == 0, done.stderr
    counted = json.loads(done.stdout)
    assert counted["count"] > 0
    assert {"seconds", "own_cpu", "server_cpu"} <= set(counted)
    assert ("feeder_cpu" in counted) == (mode == "read")


def test_what_is_said_is_the_payload(server: RunningServer, payload: Path) -> None:
    """The room has it as it is, from either."""
    with connect(server.ws(ROOM)) as member:
        for client in ("wsecho", "websockets"):
            assert run(client, "say", server.port, payload).returncode == 0
            assert member.recv(PATIENCE) == TEXT.decode()


@pytest.mark.parametrize("client", ["wsecho", "websockets"])
def test_a_server_that_goes_away_is_told(client: str, payload: Path) -> None:
    """In one line, and with a failure: nothing was measured."""

    def refuse(connection: ServerConnection) -> None:
        connection.close(4403, "nobody may")

    with serving(refuse, [Subprotocol("wsecho.v1")]) as port:
        done = run(client, "say", port, payload)
    assert (done.returncode, done.stdout) == (1, "")
    assert "nobody may" in done.stderr.splitlines()[-1]


def test_the_library_is_weighed_as_it_is_served(server: RunningServer, payload: Path) -> None:
    """Below its bound, and no empty file."""
    done = run("javascript", "size", server.port, payload)
    assert 10_000 < json.loads(done.stdout)["count"] < 28_000, done.stderr


def test_a_feeder_says_a_block_for_each_that_it_is_asked_for(payload: Path) -> None:
    """Behind its greetings, each of which has to be answered; and it ends with its input."""
    said: list[str] = []
    came = threading.Semaphore(0)

    def attend(connection: ServerConnection) -> None:
        connection.send("0{}")
        with suppress(ConnectionClosed):
            for text in connection:
                said.append(str(text))
                came.release()
                if said[-1].startswith("4"):
                    connection.send(f"{said[-1]}, too")

    def wait_for(count: int) -> None:
        assert all(came.acquire(timeout=PATIENCE) for _ in range(count))

    with serving(attend) as port:
        told = [str(port), "/", str(payload), "2", "40", "42[]"]
        module = [sys.executable, "-m", "_bench.clients.feeder", *told]
        with subprocess.Popen(module, cwd=SCRIPTS, stdin=subprocess.PIPE) as feeder:
            wait_for(2 + 2 * BLOCK)
            assert feeder.stdin
            feeder.stdin.write(b"...")
            feeder.stdin.flush()
            wait_for(3 * BLOCK)
        assert feeder.returncode == 0
    assert said == ["40", "42[]", *([TEXT.decode()] * 5 * BLOCK)]


def test_a_feeder_that_is_refused_ends_the_measurement(payload: Path) -> None:
    """The reader would else wait for what never comes."""
    members: list[ServerConnection] = []

    def attend(connection: ServerConnection) -> None:
        members.append(connection)
        if len(members) > 1:
            connection.close()
            return
        with suppress(ConnectionClosed):
            connection.send("{}")
            connection.recv()

    with serving(attend, [Subprotocol("wsecho.v1")]) as port:
        done = run("websockets", "read", port, payload)
    assert done.returncode == 1
    assert "the feeder" in done.stderr
