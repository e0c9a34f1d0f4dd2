# SPDX-License-Identifier: MIT
"""SIGHUP: everything is read again, and nothing else happens."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from zope.interface import implementer

from wsecho.app.notifying import ServiceManager
from wsecho.app.reload import Reload, rereading_rooms
from wsecho.core.rooms.hub import Rules
from wsecho.fanout.rooms import Rooms
from wsecho.server.stats import Stats


class Reactor(Clock):
    """A clock that calls from a thread when it is moved."""

    def callFromThread(self, call: Any) -> None:
        """Call at the next turn."""
        self.callLater(0, call)


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What is logged at a level that counts."""
    found: list[str] = []

    @implementer(ILogObserver)
    def observe(event: LogEvent) -> None:
        if event["log_namespace"] == "wsecho.app.reload.Reload":
            found.append(event["log_level"].name + " " + event["log_format"].format(**event))

    globalLogPublisher.addObserver(observe)
    yield found
    globalLogPublisher.removeObserver(observe)


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """The signal as it was."""
    before = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, before)


def test_the_signal_reads_again(lines: list[str]) -> None:
    """In the reactor's own time, not in the middle of what it does."""
    reactor, read = Reactor(), []
    reload = Reload([lambda: read.append(1) or [], list], reactor)  # type: ignore[func-returns-value]
    reload.startService()
    os.kill(os.getpid(), signal.SIGHUP)
    assert read == []
    reactor.advance(0)
    assert read == [1]
    assert lines == ["info keys and certificates were read again, and what holds in which rooms"]


def test_one_line_for_each_complaint(lines: list[str]) -> None:
    """The others are read all the same."""
    Reload([lambda: [ValueError("a: bad")], lambda: [ValueError("b: bad")]], Reactor()).reload()
    assert lines == [
        "error not read again, the old stays in force: a: bad",
        "error not read again, the old stays in force: b: bad",
    ]


def test_the_service_manager_is_told(lines: list[str]) -> None:
    """Before anything is read, and after all is, even where a fault of ours ends it."""
    told: list[str] = []

    def read() -> list[Exception]:
        told.append("read")
        return []

    def fail() -> list[Exception]:
        raise RuntimeError

    manager = ServiceManager(lambda *words: told.append(words[0]))
    manager.ready()
    Reload([read, read], Reactor(), manager).reload()
    assert told == ["READY=1", "RELOADING=1", "read", "read", "READY=1"]
    with pytest.raises(RuntimeError):
        Reload([fail], Reactor(), manager).reload()
    assert told[5:] == ["RELOADING=1", "READY=1"]
    assert len(lines) == 1


def test_what_holds_in_rooms_is_read_again(tmp_path: Path) -> None:
    """By rooms that are open too; what cannot be read leaves all as it was."""
    file = tmp_path / "x.toml"
    file.write_text("[rooms.a]\nhistory = 3\n")
    clock = Clock()
    rooms = Rooms(Rules(), clock, Stats(clock))
    read = rereading_rooms(file, rooms)
    for _ in range(5):
        rooms.publish("a", b"x", is_binary=False)
    assert read() == []
    assert len(rooms.read("a")) == 3
    for text in ("[rooms.a]\nhistory = -1\n", "[rooms.a\n", "hisstory = 3\n"):
        file.write_text(text)
        [complaint] = read()
        assert str(complaint).startswith(str(file))
    file.unlink()
    assert [str(complaint) for complaint in read()] == [
        f"--config {file}: No such file or directory"
    ]
    assert rooms.rules.of("a").history == 3
    file.write_text("")
    assert read() == []
    assert rooms.rules.of("a").history == 1_000
    assert rereading_rooms(None, rooms)() == []
