# SPDX-License-Identifier: MIT
"""Clients, or a proxy, that come by a Unix socket: curl's `--unix-socket`."""

import subprocess
from pathlib import Path

from tests.support.processes import PATIENCE, Process, running

COUNTED = "count as one address"


def post(path: Path, *options: str) -> str:
    """Publish something by a connection of its own; return the status."""
    answered = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", str(path)]
    done = subprocess.run(
        [*answered, "-d", "x", *options, "http://wsecho/broadcast/room"],
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return done.stdout


def told(process: Process) -> int:
    """How often the log says it."""
    return process.output.count(COUNTED)


def test_without_a_word_all_are_one(tmp_path: Path) -> None:
    """And the log says so, once, whatever comes."""
    path = tmp_path / "socket"
    with running("--message-rate", "0.001", "--listen", f"unix:{path}") as server:
        answers = [post(path, "-H", f"X-Forwarded-For: 192.0.2.{n}") for n in range(6)]
        assert answers == ["201"] + ["429"] * 5
        server.process.end()
        assert told(server.process) == 1


def test_a_proxy_that_is_named_is_believed(tmp_path: Path) -> None:
    """Each client that it tells of has its own rate."""
    path = tmp_path / "socket"
    options = ("--message-rate", "0.001", "--proxy", "unix")
    with running(*options, "--listen", f"unix:{path}") as server:
        for number in range(4):
            assert post(path, "-H", f"X-Forwarded-For: 192.0.2.{number}") == "201"
            assert post(path, "-H", f"Forwarded: for=192.0.2.{number}") == "429"
        server.process.end()
        assert told(server.process) == 0


def test_posts_on_connections_of_their_own(tmp_path: Path) -> None:
    """Twelve from one address are one client's."""
    with running("--message-rate", "0.001") as server:
        url = server.http("/broadcast/room")
        command = ["curl", "-s", "-o", str(tmp_path / "x"), "-w", "%{http_code}", "-d", "x", url]
        answers = [
            subprocess.run(command, check=True, capture_output=True, text=True).stdout
            for _ in range(12)
        ]
    assert answers == ["201"] + ["429"] * 11
