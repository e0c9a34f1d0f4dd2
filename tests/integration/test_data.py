# SPDX-License-Identifier: MIT
"""`--data`: what a real server keeps in a folder, and what it does when the folder fails."""

import asyncio
import json
import resource
import signal
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.support.processes import RunningServer, running, twistd
from tests.support.waiting import wait_until
from tests.support.wamp import wamp

V1 = Subprotocol("wsecho.v1")
TEXT = {"Content-Type": "text/plain"}


def ask(server: RunningServer, path: str, body: bytes | None = None, **headers: str) -> Any:
    """Ask for something; its status, and the answer where that is JSON."""
    request = Request(server.http(path), body, (TEXT if body is not None else {}) | headers)
    try:
        with urlopen(request, timeout=30) as answer:
            status, text = answer.status, answer.read()
    except HTTPError as error:
        status, text = error.code, error.read()
    return status, json.loads(text) if text.startswith(b"{") else text.decode()


def keyed(key: str) -> dict[str, str]:
    """The header of an idempotency key."""
    return {"Idempotency-Key": key}


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_forgets_nothing(tmp_path: Path, ending: int) -> None:
    """However it ended: rooms, positions, keys; a reader goes on where it was."""
    options = ("--data", str(tmp_path / "data"))
    with running(*options) as server:
        told = [ask(server, "/broadcast/a", b"%d" % n, **keyed(f"k{n}")) for n in range(5)]
        assert [status for status, _ in told] == [201] * 5
        with connect(server.ws("/broadcast/silent"), subprotocols=[V1]) as reader:
            silent = json.loads(reader.recv())["position"]
        server.process.signal(ending)
        server.process.wait()
    positions = [answer["position"] for _, answer in told]
    with running(*options) as server:
        assert ask(server, "/broadcast/a", b"4", **keyed("k4"))[1]["position"] == positions[4]
        assert ask(server, "/broadcast/a", b"5", **keyed("k4"))[0] == 422
        v1 = server.ws(f"/broadcast/a?after={positions[1]}")
        with connect(v1, subprotocols=[V1]) as reader:
            joined = json.loads(reader.recv())
            assert (joined["position"], joined["recovered"]) == (positions[1], True)
            heard = [json.loads(reader.recv()) for _ in range(3)]
            assert [each["data"] for each in heard] == ["2", "3", "4"]
            assert ask(server, "/broadcast/a", b"after")[0] == 201
            assert json.loads(reader.recv())["position"] == f"{positions[0].split(':')[0]}:6"
        with connect(server.ws("/broadcast/silent"), subprotocols=[V1]) as reader:
            assert json.loads(reader.recv())["position"] == silent


def test_what_wamp_retains_outlives_a_restart(tmp_path: Path) -> None:
    """An event that was published with `retain`."""
    options = ("--data", str(tmp_path / "data"))

    async def publish(server: RunningServer) -> None:
        async with wamp(server) as session:
            await session.publish("com.example.weather", "rain", retain=True)

    async def read(server: RunningServer) -> Any:
        async with wamp(server) as session:
            await session.subscribe("com.example.weather", get_retained=True)
            return (await session.next())[4]

    with running(*options) as server:
        asyncio.run(publish(server))
        server.process.signal(signal.SIGKILL)
        server.process.wait()
    with running(*options) as server:
        assert asyncio.run(read(server)) == ["rain"]


def test_a_full_disk_takes_nothing_and_loses_nothing(tmp_path: Path) -> None:
    """What is said is refused, and certainly not said; reading goes on; it recovers by itself."""
    options = ("--data", str(tmp_path / "data"))
    few = 400_000
    limited = (
        f"import os, resource as r, sys; r.setrlimit(r.RLIMIT_FSIZE, ({few}, r.RLIM_INFINITY)); "
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    program = (sys.executable, "-c", limited, *twistd())
    with running(*options, program=program) as server:
        said: list[bytes] = []
        status = 201
        while status == 201:
            text = b"%d " % len(said) + b"x" * 5_000
            status, answer = ask(server, "/broadcast/a", text)
            if status == 201:
                said.append(text)
        assert (status, answer["error"]["code"]) == (503, "bus_unavailable")
        assert 10 < len(said) < 1000
        assert ask(server, "/readyz")[0] == 503
        assert ask(server, "/broadcast/b", b"x")[0] == 503
        with connect(server.ws("/broadcast/a?history=3")) as reader:
            assert [reader.recv(decode=False) for _ in range(3)] == said[-3:]
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(server.process.popen.pid, resource.RLIMIT_FSIZE, unlimited)
        wait_until(lambda: ask(server, "/readyz")[0] == 200)
        assert ask(server, "/broadcast/a", b"after")[0] == 201
        server.process.signal(signal.SIGKILL)
        server.process.wait()
    with running(*options) as server, connect(server.ws("/broadcast/a?history=1000")) as reader:
        heard = [reader.recv(decode=False) for _ in range(len(said) + 1)]
    assert heard == [*said, b"after"]


def start_fails(*options: str) -> str:
    """The one line that a start says that cannot be."""
    process = running(*options)
    with pytest.raises(AssertionError) as failed, process:
        pass
    return str(failed.value).strip().splitlines()[-1]


def test_a_second_server_and_a_damaged_file_are_one_line(tmp_path: Path) -> None:
    """They say which folder."""
    folder = tmp_path / "data"
    with running("--data", str(folder)) as server:
        assert "another server uses" in start_fails("--data", str(folder))
        for number in range(50):
            ask(server, "/broadcast/a", b"%d" % number * 1000)
    with (folder / "journal.db").open("r+b") as file:
        file.write(b"nonsense" * 1000)
    assert "the file is damaged" in start_fails("--data", str(folder))
