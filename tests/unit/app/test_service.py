# SPDX-License-Identifier: MIT
"""The tree of services: ports bound early, an end within its time."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from twisted.application.service import Application
from twisted.internet.error import CannotListenError, ConnectionDone
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import ILogObserver, Logger
from twisted.python.failure import Failure

from tests.unit.doors.harness import Client, Peer, Wire
from wsecho import page
from wsecho.app.service import WsechoService, resources
from wsecho.config.config import Config, ConfigError
from wsecho.doors.front import Front
from wsecho.server.logs import JsonLog
from wsecho.starting import Server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A page."""
    (tmp_path / "index.html").touch()
    return tmp_path


def start(folder: Path, **options: Any) -> tuple[WsechoService, MemoryReactorClock]:
    """A running service on a reactor in memory."""
    reactor = MemoryReactorClock()
    service = WsechoService(Config(web=folder, **options), reactor)
    service.startService()
    return service, reactor


def connect(service: WsechoService) -> Client:
    """An open echo."""
    front = service.front.buildProtocol(None)
    assert isinstance(front, Front)
    wire = Wire()
    front.makeConnection(wire)
    client = Client.to(Peer(front, wire), "/echo")
    client.shake_hands()
    return client


def test_it_listens_at_every_endpoint(folder: Path) -> None:
    """As soon as it is made."""
    _, reactor = start(folder, listen=("tcp:81:interface=127.0.0.1", "unix:/x.sock"))
    assert [port for port, *_ in reactor.tcpServers] == [81]
    assert len(reactor.unixServers) == 1


@pytest.mark.parametrize("endpoint", ["nonsense:1", "tcp:x", "tcp", "tcp:1:2:3:4:5"])
def test_a_bad_endpoint_is_one_line(folder: Path, endpoint: str) -> None:
    """Whatever Twisted's parsers raise."""
    with pytest.raises(ConfigError) as caught:
        start(folder, listen=(endpoint,))
    assert str(caught.value).startswith(f"--listen {endpoint}: ")
    assert "\n" not in str(caught.value)


def test_a_taken_port_is_one_line(folder: Path) -> None:
    """It names the endpoint and the system's reason."""

    class Taken(MemoryReactorClock):
        def listenTCP(self, *arguments: Any, **_: Any) -> Any:
            raise CannotListenError(None, arguments[0], OSError(98, "Address already in use"))

    with pytest.raises(ConfigError, match=r"--listen tcp:81: .*port 81 is taken"):
        WsechoService(Config(web=folder, listen=("tcp:81",)), Taken())


def test_a_page_that_was_not_built_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says how to build one."""

    def missing() -> Path:
        raise FileNotFoundError("the page was not built: do")

    monkeypatch.setattr(page, "built", missing)
    with pytest.raises(ConfigError, match="not built"):
        resources(Config())


def test_the_end_says_1001_and_waits_for_the_answer(folder: Path) -> None:
    """No longer than it takes."""
    service, reactor = start(folder, drain=10)
    client = connect(service)
    done: list[Any] = []
    service.stopService().addCallback(done.append)
    assert client.close_code == 1001
    assert not done
    client.flush()
    client.peer.front.connectionLost(Failure(ConnectionDone()))
    reactor.advance(0.1)
    assert done
    assert not reactor.getDelayedCalls()


def test_the_end_cuts_who_does_not_answer(folder: Path) -> None:
    """After `--drain` seconds."""
    service, reactor = start(folder, drain=3)
    client = connect(service)
    done: list[Any] = []
    service.stopService().addCallback(done.append)
    reactor.advance(2.9)
    assert not client.peer.wire.aborted
    reactor.advance(0.2)
    assert client.peer.wire.aborted
    client.peer.front.connectionLost(Failure(ConnectionDone()))
    reactor.advance(0.1)
    assert done


def test_messages_that_come_after_1001_are_not_answered(folder: Path) -> None:
    """RFC 6455 section 5.5.1: no data after Close."""
    service, _ = start(folder, drain=10)
    client = connect(service)
    service.stopService()
    client.raw(b"\x81\x80\0\0\0\0")
    assert client.take() == []
    client.peer.front.connectionLost(Failure(ConnectionDone()))


def test_unused_rooms_are_swept(folder: Path) -> None:
    """The hub hears the clock from the service."""
    service, reactor = start(folder)
    hub = service.front.handshake.rooms.hub
    hub.use("a", reactor.seconds())
    reactor.pump([30] * 25)
    assert "a" not in hub


def test_json_logs_are_one_object_a_line(folder: Path) -> None:
    """With what the event names of itself."""
    application = Application("wsecho")
    server = Server(Config(web=folder, log_format="json"), (), MemoryReactorClock(), io.StringIO())
    server.setServiceParent(application)
    assert isinstance(application.getComponent(ILogObserver), JsonLog)
    out = io.StringIO()
    log = Logger(namespace="here", observer=JsonLog(out))
    log.info("closed {peer}\nwith {code}", peer="a", code=1002, secret="kept out")
    log.failure("oops", Failure(ValueError("x")))
    first, second = (json.loads(line) for line in out.getvalue().splitlines())
    assert first["text"] == "closed a\nwith 1002"
    assert (first["peer"], first["code"], first["level"]) == ("a", 1002, "info")
    assert "secret" not in first
    assert "ValueError: x" in second["traceback"]
