# SPDX-License-Identifier: MIT
"""How a command is measured and ended, with a system that is none."""

import io
import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import define, field

from wsecho.trying import client_process
from wsecho.trying.client_process import ClientOutput, ClientProcess

PID = 4242


@define(eq=False)
class FakeSystem:
    """One process, its group, and a `/proc`.

    Attributes:
        killed: which signals went to which processes; a group's number is negative.
        ignores: the signals that do nothing.
        now: the time.
    """

    proc: Path
    exited: bool = False
    ignores: set[int] = field(factory=set)
    killed: list[tuple[int, int]] = field(factory=list)
    now: float = 0.0
    WEXITED = WNOHANG = WNOWAIT = P_PID = 0

    def waitid(self, *_: int) -> object | None:
        """See whether it has ended."""
        return object() if self.exited else None

    def wait4(self, pid: int, _: int) -> tuple[int, int, Any]:
        """Take its status."""
        assert (pid, self.exited) == (PID, True)
        return pid, signal.SIGKILL, SimpleNamespace(ru_maxrss=30)

    def killpg(self, group: int, number: int) -> None:
        """Signal the group."""
        self.killed.append((-group, number))
        self.exited = self.exited or number not in self.ignores

    def kill(self, pid: int, number: int) -> None:
        """Signal one."""
        self.killed.append((pid, number))
        (self.proc / str(pid) / "environ").write_bytes(b"")

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def has(self, pid: int, environ: bytes) -> None:
        """Have a process with these variables."""
        folder = self.proc / str(pid)
        folder.mkdir()
        (folder / "environ").write_bytes(environ)

    def client(self) -> ClientProcess:
        """A command that was started there."""
        popen: Any = SimpleNamespace(pid=PID, stdin=io.BytesIO(), returncode=None)
        output: Any = SimpleNamespace(end=lambda: None)
        return ClientProcess(popen, b"WSECHO_TRIED=x", output)


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeSystem:
    """A system."""
    system = FakeSystem(tmp_path)
    for name in ("waitid", "wait4", "killpg", "kill"):
        monkeypatch.setattr(f"wsecho.trying.client_process.os.{name}", getattr(system, name))
    monkeypatch.setattr("wsecho.trying.client_process.time.sleep", system.sleep)
    monkeypatch.setattr("wsecho.trying.client_process.time.monotonic", lambda: system.now)
    monkeypatch.setattr(client_process, "_PROC", tmp_path)
    return system


def test_one_that_ends_when_it_is_asked_to(system: FakeSystem) -> None:
    """Its group is ended all the same."""
    client = system.client()
    assert client.runs
    client.end()
    assert system.killed == [(-PID, signal.SIGTERM), (-PID, signal.SIGKILL)]
    assert (client.status, client.was_ended, client.left) == (-signal.SIGKILL, True, False)
    assert client.memory in {30, 30 * 1024}
    assert system.now == 0.0


def test_one_that_does_not_is_made_to(system: FakeSystem) -> None:
    """After a while."""
    system.ignores.add(signal.SIGTERM)
    system.client().end()
    assert system.killed == [(-PID, signal.SIGTERM), (-PID, signal.SIGKILL)]
    assert 2.0 <= system.now < 2.1


def test_who_has_left_the_group_is_found_by_its_mark(system: FakeSystem) -> None:
    """And nobody else; the command counts as running meanwhile."""
    system.exited = True
    system.has(7, b"A=b\0WSECHO_TRIED=x\0C=d\0")
    system.has(8, b"WSECHO_TRIED=y\0")
    (system.proc / "self").mkdir()
    (system.proc / "9").mkdir()
    client = system.client()
    assert client.runs
    client.end()
    assert system.killed == [(-PID, signal.SIGKILL), (7, signal.SIGKILL)]
    assert (client.was_ended, client.left) == (False, True)


def test_where_nothing_is_shown_the_group_is_ended(system: FakeSystem) -> None:
    """As on systems without /proc."""
    system.exited = True
    client = system.client()
    assert not client.runs
    client.end()
    assert system.killed == [(-PID, signal.SIGKILL)]
    assert not client.left


@pytest.mark.parametrize("writes", [[b""], [b"hello\n"], [b"a" * 5000, b"b" * 4000]])
def test_output_is_read_to_its_end(writes: list[bytes]) -> None:
    """All of it is counted, the last of it kept."""
    reading, writing = os.pipe()
    output = ClientOutput(os.fdopen(reading, "rb", 0))
    with os.fdopen(writing, "wb", 0) as pipe:
        for data in writes:
            pipe.write(data)
    output.end()
    written = b"".join(writes)
    assert (output.octets, output.last) == (len(written), written[-4096:])
