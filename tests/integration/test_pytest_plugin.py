# SPDX-License-Identifier: MIT
"""The plugin for pytest, in projects of its users': what it gives, and that its server ends."""

import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.processes import PATIENCE
from tests.support.walkthrough import PYTEST

WITHOUT_TWISTED = ("-p", "no:twisted")

TEN_LINES = """
import sys
from websockets.sync.client import connect

def test_it_takes_a_close(wsecho):
    url = wsecho.lab("glue", "send=a/b 100%", "close=1000:bye")
    with connect(url) as websocket:
        assert list(websocket) == ["a/b 100%"]
    [connection] = wsecho.report(url)["connections"]
    assert (connection["ended"]["code"], connection["wrong"]) == (1000, [])
    assert "twisted" not in sys.modules
"""

UNUSED = """
import sys

def test_nothing_is_imported():
    assert "wsecho.pytest_plugin" in sys.modules
    assert {name for name in sys.modules if name.startswith("wsecho")} == {
        "wsecho", "wsecho.pytest_plugin"
    }
"""

LOOPS = """
import asyncio
import pytest
import pytest_twisted

def connections(report):
    return len(report["connections"])

@pytest.fixture
def url(wsecho):
    url = wsecho.lab("close")
    asyncio.run(connected(url))
    return url

async def connected(url):
    from websockets.asyncio.client import connect
    async with connect(url):
        pass

@pytest.fixture(params=["asyncio"])
def anyio_backend(request):
    return request.param

@pytest.mark.anyio
async def test_anyio(wsecho):
    url = wsecho.lab("close")
    await connected(url)
    assert connections(await wsecho.areport(url)) == 1

@pytest_twisted.ensureDeferred
async def test_twisted(wsecho, url):
    assert connections(await wsecho.areport(url)) == 1

def test_no_plugin(wsecho, url):
    assert connections(asyncio.run(wsecho.areport(url))) == 1
"""

ENDS = """
import os, signal, sys, time
from pathlib import Path

def live_on():
    Path("fork").write_text(str(os.getpid()))
    time.sleep(600)

def test_it_ends(wsecho):
    Path(os.environ["URL"]).write_text(wsecho.url)
    {end}
"""


def pytest_run(
    folder: Path, test: str, *options: str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run a test in a project of its own."""
    (folder / "test_it.py").write_text(test)
    return subprocess.run(
        [*PYTEST, *options, "test_it.py"],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=4 * PATIENCE,
        check=False,
    )


def test_ten_lines_are_enough(tmp_path: Path) -> None:
    """Of this package's modules and Twisted's, the tests' process knows little."""
    done = pytest_run(tmp_path, TEN_LINES, *WITHOUT_TWISTED)
    assert done.returncode == 0, done.stdout


def test_what_is_strict_about_the_tests_is_none_of_the_server_s(tmp_path: Path) -> None:
    """Warnings as errors, and modules beside the tests that have the names of others."""
    (tmp_path / "twisted.py").write_text("raise SystemExit('this is another')\n")
    done = pytest_run(tmp_path, TEN_LINES, *WITHOUT_TWISTED, "-W", "error", PYTHONWARNINGS="error")
    assert done.returncode == 0, done.stdout


def test_who_does_not_use_it_pays_nothing(tmp_path: Path) -> None:
    """It is loaded wherever wsecho is installed."""
    done = pytest_run(tmp_path, UNUSED, *WITHOUT_TWISTED)
    assert done.returncode == 0, done.stdout


def test_reports_are_awaited_in_each_loop(tmp_path: Path) -> None:
    """Asyncio's by anyio's plugin and by hand, and Twisted's; Trio's is with the packaging."""
    done = pytest_run(tmp_path, LOOPS)
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_a_server_that_cannot_start_fails_the_fixture_in_its_own_line(tmp_path: Path) -> None:
    """No traceback of ours stands around it."""
    (tmp_path / "broken").mkdir()
    why = "wsecho: this Twisted is of no use"
    (tmp_path / "broken/twisted.py").write_text(f"raise SystemExit({why!r})\n")
    path = str(tmp_path / "broken")
    done = pytest_run(tmp_path, TEN_LINES, *WITHOUT_TWISTED, "-rE", PYTHONPATH=path)
    assert done.returncode == 1
    assert re.search(rf"(?m)^{why}$", done.stdout), done.stdout
    assert "Traceback" not in done.stdout
    assert "echo_server.py" not in done.stdout


@pytest.mark.parametrize(
    ("end", "options"),
    [
        ("pass", ()),
        ("assert False", ("-x",)),
        ("raise KeyboardInterrupt", ()),
        ("os._exit(3)", ()),
        ("os.kill(os.getpid(), signal.SIGKILL)", ()),
        ("os.kill(os.getpid(), signal.SIGTERM)", ()),
        # A fork holds the pipe, and lives on until the test ends it.
        ("os.fork() or live_on(); os.kill(os.getpid(), signal.SIGKILL)", ()),
        ("os.killpg(os.getpgrp(), signal.SIGINT); time.sleep(30)", ()),
        ("os.kill(os.getppid(), signal.SIGKILL); time.sleep(30)", ("-n", "1")),
    ],
    ids=["well", "x", "interrupt", "exit", "kill", "term", "fork", "ctrl-c", "xdist"],
)
def test_no_server_survives_its_tests(tmp_path: Path, end: str, options: tuple[str, ...]) -> None:
    """However they end; what a fork of theirs holds keeps none."""
    (tmp_path / "test_it.py").write_text(ENDS.format(end=end))
    file = tmp_path / "url"
    process = subprocess.Popen(
        [*PYTEST, *WITHOUT_TWISTED, *options, "test_it.py"],
        cwd=tmp_path,
        env={**os.environ, "URL": str(file)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(2 * PATIENCE)
        port = int(file.read_text().rpartition(":")[2])
        until = time.monotonic() + PATIENCE
        while is_listening(port):
            assert time.monotonic() < until, "the server is still there"
            time.sleep(0.1)
    finally:
        process.kill()
        if (fork := tmp_path / "fork").exists():
            os.kill(int(fork.read_text()), signal.SIGKILL)


def test_a_fork_of_the_tests_leaves_the_server_alone(tmp_path: Path) -> None:
    """Though it goes through pytest's own end, and with it the fixture's."""
    asks = "urllib.request.urlopen(wsecho.url + '/healthz').status == 200"
    end = f"os.fork() or sys.exit(0); os.wait(); import urllib.request; assert {asks}"
    done = pytest_run(tmp_path, ENDS.format(end=end), *WITHOUT_TWISTED, URL=str(tmp_path / "url"))
    assert done.returncode == 0, done.stdout


def is_listening(port: int) -> bool:
    """Tell whether somebody listens at a port of loopback."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
