# SPDX-License-Identifier: MIT
"""The parent, whose processes are made up: what it does when, and what it tells them."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import define, field
from twisted.internet.address import IPv4Address
from twisted.internet.error import ProcessDone, ProcessTerminated
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

from wsecho.app.notifying import ServiceManager
from wsecho.config.config import Config, ConfigError
from wsecho.workers import supervisor
from wsecho.workers.fleet import GRACE, TRIES
from wsecho.workers.supervisor import Supervisor


@define(eq=False)
class Process:
    """A process that was never started."""

    protocol: Any
    command: list[str]
    descriptors: dict[int, Any]
    channel: Any = None
    wire: StringTransport = field(factory=StringTransport)
    signals: list[str] = field(factory=list)
    pid: int = 4711

    def signalProcess(self, name: str) -> None:
        """Keep it."""
        self.signals.append(name)

    def say(self, word: str, **what: Any) -> None:
        """Tell the parent something."""
        self.channel.dataReceived(json.dumps({"say": word, **what}).encode() + b"\n")

    def heard(self) -> list[dict[str, Any]]:
        """What the parent told since the last time."""
        lines = self.wire.value().splitlines()
        self.wire.clear()
        return [json.loads(line) for line in lines]

    def end(self, reason: Exception | None = None) -> None:
        """Be gone."""
        self.channel.connectionLost()
        self.protocol.processEnded(Failure(reason or ProcessDone(0)))


class Reactor(MemoryReactorClock):
    """A reactor in memory that keeps what it is to start."""

    def __init__(self) -> None:
        super().__init__()
        self.processes: list[Process] = []
        self.told: list[str] = []
        self.held: list[str] = []
        self.refuses = False
        self.is_stopped = False

    def listenTCP(self, port: Any, factory: Any, backlog: Any = 50, interface: str = "") -> Any:
        """Listen in memory."""
        super().listenTCP(port, factory, backlog, interface)
        return SimpleNamespace(
            getHost=lambda: IPv4Address("TCP", interface, port),
            stopReading=lambda: self.held.append(str(port)),
            fileno=lambda: 90,
            stopListening=lambda: None,
        )

    def spawnProcess(self, protocol: Any, _program: str, command: Any, *_: Any, **more: Any) -> Any:
        """Start nothing, or fail at it."""
        if self.refuses:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        process = Process(protocol, command, more["childFDs"])
        protocol.makeConnection(process)
        self.processes.append(process)
        return process

    def adoptStreamConnection(self, descriptor: int, _family: int, factory: Any) -> None:
        """Take the newest process's channel."""
        assert socket.socket(fileno=descriptor).detach() == descriptor
        process = self.processes[-1]
        process.channel = factory.buildProtocol(None)
        process.channel.makeConnection(process.wire)

    def stop(self) -> None:
        """Note it."""
        self.is_stopped = True


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Leave the tests' own process, its signals and the system's folders alone."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("x")))
    monkeypatch.setattr(supervisor, "check_needs", lambda _: None)
    monkeypatch.setattr("wsecho.app.drain.signal.signal", lambda *_: None)
    monkeypatch.setattr("wsecho.app.signals.signal.signal", lambda *_: None)


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What the parent logs."""
    found: list[str] = []

    @implementer(ILogObserver)
    def observe(event: LogEvent) -> None:
        found.append(formatEvent(event))

    globalLogPublisher.addObserver(observe)
    yield found
    globalLogPublisher.removeObserver(observe)


@pytest.fixture
def parent(tmp_path: Path) -> tuple[Supervisor, Reactor]:
    """A parent of two, which has started."""
    (tmp_path / "index.html").touch()
    reactor = Reactor()
    listen = ("tcp:1:interface=127.0.0.1",)
    config = Config(web=tmp_path, listen=listen, workers=2, drain=10.0)
    manager = ServiceManager(lambda *words: reactor.told.append(words[0]))
    service = Supervisor(config, ("--drain", "10"), reactor, manager)
    service.startService()
    return service, reactor


def test_what_a_worker_cannot_start_with_is_told_before_any_is_started(tmp_path: Path) -> None:
    """As by a single process."""
    for options in ({"listen": ("nonsense:1",)}, {"token_key": (tmp_path / "none",)}):
        with pytest.raises(ConfigError):
            Supervisor(Config(web=tmp_path, workers=2, **options), (), Reactor())


def test_it_binds_and_accepts_nothing(parent: tuple[Supervisor, Reactor]) -> None:
    """Each worker gets the socket, the command line and a name of its own."""
    _, reactor = parent
    assert reactor.held == ["1"]
    assert len(reactor.processes) == 2
    nodes = set()
    for number, process in enumerate(reactor.processes, start=1):
        assert process.command[1:3] == ["-m", "wsecho.workers"]
        assert process.command[-2:] == ["--drain", "10"]
        assert process.descriptors[4] == 90
        [beginning] = process.heard()
        assert (beginning["say"], beginning["slot"]) == ("begin", number)
        [listener] = beginning["listeners"]
        assert listener == {
            "endpoint": "tcp:1:interface=127.0.0.1",
            "descriptor": 4,
            "option": "listen",
        }
        nodes.add(beginning["node"])
        assert Path(beginning["folder"]).stat().st_mode & 0o777 == 0o700
    assert len(nodes) == 2


def test_it_says_where_it_listens_once_all_are_ready(
    parent: tuple[Supervisor, Reactor], lines: list[str]
) -> None:
    """Not before: then somebody would come in vain."""
    _, reactor = parent
    reactor.processes[0].say("ready")
    where = "listening on 127.0.0.1:1, in a browser http://127.0.0.1:1/"
    assert where not in lines
    reactor.processes[1].say("ready")
    assert where in lines


def test_keys_are_read_again_by_all(parent: tuple[Supervisor, Reactor]) -> None:
    """By a message, since a signal might end one that is about to start."""
    service, reactor = parent
    for process in reactor.processes:
        process.heard()
    service.reload()
    assert [process.heard() for process in reactor.processes] == [[{"say": "reload"}]] * 2


def test_the_service_manager_is_told_when_all_have_done_it(
    parent: tuple[Supervisor, Reactor],
) -> None:
    """Started, and read their files again; who is gone meanwhile is waited for no more."""
    service, reactor = parent
    one, two = reactor.processes
    one.say("ready")
    assert reactor.told == []
    two.say("ready")
    assert reactor.told == ["READY=1"]
    service.reload()
    one.say("reloaded")
    assert reactor.told == ["READY=1", "RELOADING=1"]
    service.reload()
    one.say("reloaded")
    assert reactor.told == ["READY=1", "RELOADING=1"]
    two.end(ProcessTerminated(signal=9))
    assert reactor.told == ["READY=1", "RELOADING=1", "READY=1"]
    one.say("reloaded")
    one.end(ProcessTerminated(signal=9))
    assert len(reactor.told) == 3
    service.reload()
    assert len(reactor.told) == 3


def test_who_serves_and_says_nothing_does_not_answer(
    parent: tuple[Supervisor, Reactor], lines: list[str]
) -> None:
    """Who starts has not begun to, who drains or is gone has ceased."""
    service, reactor = parent
    one, two = reactor.processes
    one.say("ready")
    reactor.advance(5.0)
    one.say("load", connections=1)
    assert service.answers(5.0)
    two.say("ready")
    reactor.advance(5.0)
    assert service.answers(5.0)
    one.say("load", connections=1)
    reactor.advance(1.0)
    assert not service.answers(5.0)
    assert lines[-1] == "worker 2 does not answer"
    two.say("load", connections=1)
    assert service.answers(5.0)
    reactor.advance(9.0)
    one.say("load", connections=1)
    two.end(ProcessTerminated(signal=9))
    assert service.answers(5.0)
    service.stopService()
    reactor.advance(9.0)
    assert service.answers(5.0)


def test_the_end_waits_for_all_and_kills_who_takes_too_long(
    parent: tuple[Supervisor, Reactor],
) -> None:
    """Then nothing is left: no timer, no folder."""
    service, reactor = parent
    folder = Path(reactor.processes[0].heard()[0]["folder"])
    for process in reactor.processes:
        process.say("ready")
    done: list[Any] = []
    service.stopService().addCallback(done.append)
    for process in reactor.processes:
        assert {"say": "stop", "is_replaced": False} in process.heard()
    reactor.processes[0].end()
    assert not done
    reactor.advance(10 + GRACE)
    assert reactor.processes[1].signals == ["KILL"]
    reactor.processes[1].end(ProcessTerminated(signal=9))
    assert done
    assert not reactor.getDelayedCalls()
    assert not folder.exists()


def test_a_worker_is_told_the_mean(parent: tuple[Supervisor, Reactor]) -> None:
    """Of those that serve."""
    _, reactor = parent
    one, two = reactor.processes
    one.say("load", connections=10)
    one.say("ready")
    one.say("load", connections=20)
    two.say("ready")
    two.say("load", connections=40)
    two.heard()
    reactor.advance(0.25)
    assert {"say": "mean", "connections": 30.0} in two.heard()


def test_what_a_killed_worker_left_is_taken_away(parent: tuple[Supervisor, Reactor]) -> None:
    """Its socket's file, by which others would look for it."""
    _, reactor = parent
    [beginning] = reactor.processes[0].heard()
    path = Path(beginning["folder"]) / f"{beginning['node']}.sock"
    path.touch()
    reactor.processes[0].say("ready")
    reactor.processes[0].end(ProcessTerminated(signal=9))
    assert not path.exists()


def test_a_system_that_starts_nothing_fails_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """After some tries, with its reason, in one line and a status."""
    statuses: list[int] = []
    monkeypatch.setattr("atexit.register", lambda _, status: statuses.append(status))
    (tmp_path / "index.html").touch()
    reactor = Reactor()
    reactor.refuses = True
    service = Supervisor(Config(web=tmp_path, workers=2), (), reactor)
    service.startService()
    for _ in range(TRIES * 2):
        reactor.advance(0.5)
    assert reactor.is_stopped
    assert statuses == [1]
    said = capfd.readouterr().err.splitlines()
    [line] = [line for line in said if line.startswith("wsecho:")]
    assert line == (
        "wsecho: worker 1 did not start: the system refuses: "
        "[Errno 11] Resource temporarily unavailable"
    )
    done: list[Any] = []
    service.stopService().addCallback(done.append)
    assert done
