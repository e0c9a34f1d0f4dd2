# SPDX-License-Identifier: MIT
"""Starts that cannot work: one line on standard error, a non-zero exit, no traceback."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import PATIENCE, RunningServer, running, twistd


def fail(*options: str) -> str:
    """Start with bad options; return the one line on standard error."""
    done = subprocess.run(
        [*twistd(), *options], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode not in {0, None}
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    return line


def test_a_taken_port(server: RunningServer) -> None:
    """It names the endpoint and says why."""
    endpoint = f"tcp:{server.port}:interface=127.0.0.1"
    assert fail("--listen", endpoint) == (
        f"wsecho: --listen {endpoint}: cannot listen there: port {server.port} is taken by another "
        "program, perhaps another wsecho: end that, or give another port"
    )


@pytest.mark.parametrize(
    "options",
    [
        ("--nonsense",),
        ("--listen", "carrier-pigeon:8080"),
        ("--listen", "tcp:port"),
        ("--listen", "tcp:1:interface=203.0.113.1"),
        ("--listen", "ssl:0:privateKey=/nowhere.pem"),
        ("--web", "/nowhere"),
        ("--web", "/"),
        ("--reply", "no place for it"),
        ("--max-message-size", "-1"),
        ("--config", "/nowhere.toml"),
    ],
)
def test_bad_options(options: tuple[str, ...]) -> None:
    """One line each, naming the option."""
    assert options[0].strip("-") in fail(*options)


def test_python_m_wsecho_is_twistd(tmp_path: Path) -> None:
    """With the same options and the same complaints."""
    done = subprocess.run(
        [sys.executable, "-m", "wsecho", "--drain", "x"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("wsecho: --drain x: ")


def test_twistd_lists_wsecho() -> None:
    """By its name and one sentence."""
    done = subprocess.run(
        [twistd()[0], "--help"], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert "\n    wsecho " in done.stdout


def test_a_unix_socket_and_a_configuration_file(tmp_path: Path) -> None:
    """Any Twisted endpoint will do, from a file too."""
    path = tmp_path / "wsecho.sock"
    (tmp_path / "x.toml").write_text('log-format = "json"\n')
    options = ("--listen", f"unix:{path}", "--config", str(tmp_path / "x.toml"))
    with running(*options) as server, socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(str(path))
        client.sendall(b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 426 ")
        server.process.signal(signal.SIGTERM)
        server.process.wait()
        listening = [line for line in server.process.lines if "listening" in line]
        assert {line[0] for line in listening} == {"{"}
