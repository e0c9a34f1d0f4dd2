# SPDX-License-Identifier: MIT
"""What the service manager is told, and when its watchdog is fed."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from zope.interface import implementer

from wsecho.app.notifying import NotifySocket, ServiceManager


class Told(list[tuple[str, ...]]):
    """What was told, one tuple for each message."""

    def tell(self, *assignments: str) -> None:
        """Keep it."""
        self.append(assignments)


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What is logged."""
    found: list[str] = []

    @implementer(ILogObserver)
    def observe(event: LogEvent) -> None:
        found.append(formatEvent(event))

    globalLogPublisher.addObserver(observe)
    yield found
    globalLogPublisher.removeObserver(observe)


def test_each_state_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the time of a reload, and with how long the end may take."""
    monkeypatch.setattr("time.clock_gettime_ns", lambda _: 5_000_000)
    told = Told()
    manager = ServiceManager(told.tell)
    for call in (manager.ready, manager.ready, manager.reloading, manager.reloading):
        call()
    manager.ready()
    manager.stopping(2.5)
    manager.stopping(2.5)
    assert told == [
        ("READY=1",),
        ("RELOADING=1", "MONOTONIC_USEC=5000"),
        ("READY=1",),
        ("STOPPING=1", "EXTEND_TIMEOUT_USEC=12500000"),
    ]


def test_a_start_does_not_end_by_a_reload() -> None:
    """Files that are read again before all is ready do not make it so."""
    told = Told()
    manager = ServiceManager(told.tell)
    manager.reloading()
    assert told == []


def test_an_end_is_the_last_that_is_told() -> None:
    """Whoever was about to be ready, or to reload, is no more."""
    for before in ((), (ServiceManager.ready,), (ServiceManager.ready, ServiceManager.reloading)):
        told = Told()
        manager = ServiceManager(told.tell)
        for call in before:
            call(manager)
        manager.stopping(0)
        manager.ready()
        manager.reloading()
        assert told[-1][0] == "STOPPING=1"


def test_the_watchdog_is_fed_while_all_is_well() -> None:
    """Four times as often as needed; who serves has shown life in half of its time."""
    told, clock, asked = Told(), Clock(), list[float]()
    is_well = True

    def answers(within: float) -> bool:
        asked.append(within)
        return is_well

    ServiceManager(told.tell, 20.0).feed(answers, clock)
    clock.pump([5.0] * 4)
    assert told == [("WATCHDOG=1",)] * 4
    is_well = False
    clock.pump([5.0] * 4)
    is_well = True
    clock.pump([5.0] * 2)
    assert told == [("WATCHDOG=1",)] * 6
    assert set(asked) == {10.0}


@pytest.mark.parametrize(
    ("more", "is_fed"),
    [
        ({"WATCHDOG_USEC": "4000000"}, True),
        ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "7"}, True),
        ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "8"}, False),
        ({"WATCHDOG_USEC": "0"}, False),
        ({"WATCHDOG_USEC": "-4000000"}, False),
        ({"WATCHDOG_USEC": "soon"}, False),
        ({"WATCHDOG_PID": "7"}, False),
        ({}, False),
    ],
)
def test_whose_watchdog_it_is(tmp_path: Path, more: dict[str, str], *, is_fed: bool) -> None:
    """The environment says so, and is no other process's afterwards."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "n"))
        sock.setblocking(False)
        environ = {"HOME": "/", "NOTIFY_SOCKET": str(tmp_path / "n"), **more}
        manager, clock = ServiceManager.of(environ, 7), Clock()
        assert environ == {"HOME": "/"}
        manager.feed(lambda _: True, clock)
        clock.advance(1.0)
        manager.ready()
        assert sock.recv(100) == (b"WATCHDOG=1" if is_fed else b"READY=1")


@pytest.mark.parametrize("name", [None, "", "vsock:2:1234", "relative"])
def test_without_a_socket_nothing_is_told(lines: list[str], name: str | None) -> None:
    """A name of another kind is complained of."""
    environ = {} if name is None else {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1000000"}
    manager, clock = ServiceManager.of(environ, 7), Clock()
    manager.feed(lambda _: True, clock)
    manager.ready()
    assert clock.getDelayedCalls() == []
    wanted = f"NOTIFY_SOCKET={name} is no path and no abstract name"
    assert lines == ([wanted] if name else [])


@pytest.mark.parametrize("name", ["{}/none", "@{}/none", "/{}" + "x" * 200])
def test_a_manager_that_is_gone_does_no_harm(tmp_path: Path, lines: list[str], name: str) -> None:
    """The log says that it could not be told."""
    where = name.format(tmp_path)
    NotifySocket(where).tell("READY=1")
    [line] = lines
    assert line.startswith(f"the service manager at {where} cannot be told READY=1: ")
