# SPDX-License-Identifier: MIT
"""The log in a file, rotated by Debian's logrotate as the page tells, or without a place."""

import gzip
import json
import os
import re
import resource
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.integration.test_command import LINES, LOOPBACK, WSECHO, write_lines
from tests.support.documents import DOCS, Fence, fences
from tests.support.processes import PATIENCE, Process, RunningServer
from tests.support.waiting import wait_until

PAGE: Final = DOCS / "howto/rotation.md"
# Does what systemd's does, and nothing but what the page asks of it.
SYSTEMCTL: Final = """\
#!/bin/sh
[ "$*" = "kill --signal=SIGUSR1 wsecho.service" ] && exec kill -s USR1 {pid}
"""
AN_UNKNOWN_USER: Final = 61_184


def configurations() -> list[Fence]:
    """What the page has for logrotate."""
    return [fence for fence in fences(PAGE) if fence.language == "logrotate"]


def folder_for_logs(above: Path) -> Path:
    """A folder as systemd makes it for a service whose user exists while it runs."""
    private = above / "private"
    (private / "wsecho").mkdir(parents=True)
    private.chmod(0o700)
    (private / "wsecho").chmod(0o755)
    if os.getuid() == 0:
        os.chown(private / "wsecho", AN_UNKNOWN_USER, AN_UNKNOWN_USER)
    (above / "wsecho").symlink_to(Path("private/wsecho"))
    return above / "wsecho"


@contextmanager
def logging_into(log: Path) -> Iterator[RunningServer]:
    """A server with this log."""
    process = Process.start(*WSECHO, *LOOPBACK, "--log-format", "json", "--log-file", str(log))
    try:
        wait_until(lambda: log.exists() and "listening on" in log.read_text())
        found = re.search(r"listening on ([\d.]+):(\d+)", log.read_text())
        assert found is not None
        yield RunningServer(process, found[1], int(found[2]))
    finally:
        process.end()


@pytest.mark.skipif(shutil.which("logrotate") is None, reason="apt install logrotate")
@pytest.mark.parametrize("fence", configurations(), ids=["silently", "by signal"])
def test_logrotate_does_as_the_page_says(fence: Fence, tmp_path: Path) -> None:
    """It has nothing to complain of, keeps as many files as it is told, and loses no line."""
    log = folder_for_logs(tmp_path) / "wsecho.log"
    config = tmp_path / "logrotate.conf"
    # Before it stands what Debian's own file says for all.
    config.write_text(
        "weekly\nrotate 4\ncreate\n" + fence.text.replace("/var/log/wsecho", str(log.parent))
    )
    config.chmod(0o644)
    with logging_into(log) as server:
        programs = tmp_path / "bin"
        programs.mkdir()
        (programs / "systemctl").write_text(SYSTEMCTL.format(pid=server.process.popen.pid))
        (programs / "systemctl").chmod(0o755)
        for _ in range(9):
            write_lines(server, LINES)
            # The last line may be half there as yet.
            wait_until(lambda: closed_in(log.read_text().rpartition("\n")[0]) == LINES)
            rotate(config, programs)
            if "postrotate" in fence.text:
                wait_until(log.exists)
        write_lines(server, LINES)
        server.process.signal(signal.SIGTERM)
        assert server.process.wait() == 0
    pieces = {path.name: text_of(path) for path in log.parent.iterdir()}
    kept = [f"wsecho.log.{number}.gz" for number in range(2, 8)]
    assert sorted(pieces) == ["wsecho.log", "wsecho.log.1", *kept]
    assert [closed_in(text) for text in pieces.values()] == 8 * [LINES]


def closed_in(text: str) -> int:
    """How many connections a log tells the end of, each line being whole."""
    events = [json.loads(line) for line in text.splitlines()]
    return sum(event.get("event") == "closed" for event in events)


def text_of(path: Path) -> str:
    """What is in a log, compressed or not."""
    octets = path.read_bytes()
    return (gzip.decompress(octets) if path.suffix == ".gz" else octets).decode()


def rotate(config: Path, programs: Path) -> None:
    """Let a day go by."""
    command = ["logrotate", "--force", "--state", str(config.with_name("state")), str(config)]
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_who_finds_no_place_for_the_log_serves_all_the_same(tmp_path: Path) -> None:
    """And says afterwards how much is missing, on a line of its own."""
    log = tmp_path / "wsecho.log"
    with logging_into(log) as server:
        pid = server.process.popen.pid
        unbounded = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        # A part of the next line is taken.
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (log.stat().st_size + 40, unbounded[1]))
        write_lines(server, LINES)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, unbounded)
        write_lines(server, 1)
        wait_until(lambda: "of this log were lost" in log.read_text())
        server.process.signal(signal.SIGTERM)
        assert server.process.wait() == 0
    whole = [line for line in log.read_text().splitlines() if line.endswith("}")]
    told = [event["text"] for event in map(json.loads, whole) if "were lost" in event["text"]]
    assert len(told) == 1
    assert re.fullmatch(r"up to \d+ lines of this log were lost: File too large", told[0])
    assert any("stopped: 0 connections closed" in line for line in whole)
    assert len(whole) == len(log.read_text().splitlines()) - 1
