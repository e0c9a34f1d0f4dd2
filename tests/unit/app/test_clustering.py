# SPDX-License-Identifier: MIT
"""The options by which machines are one server."""

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.error import CannotListenError
from twisted.internet.testing import MemoryReactorClock

from tests.unit.doors.forwarding.harness import Everywhere
from wsecho.app.clustering import Clustering, Home, check_cluster
from wsecho.app.listening import Listening
from wsecho.app.service import WsechoService
from wsecho.config.config import Config, ConfigError, load
from wsecho.core.wire.nodes import NodeAddress
from wsecho.server.state import ServerState


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A secret that is long enough."""
    path = tmp_path / "secret"
    path.write_text("s" * 32)
    return path


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"advertise": "10.0.0.5:9000"}, "--advertise 10.0.0.5:9000: needs --cluster-secret FILE"),
        ({"cluster-listen": "tcp:1"}, "--cluster-listen tcp:1: needs --advertise HOST:PORT"),
        ({"cluster-secret": True}, "--cluster-secret .*: needs --advertise HOST:PORT"),
        ({"advertise": "nowhere"}, "--advertise nowhere: not an address: give HOST:PORT"),
        ({"advertise": "a:1", "cluster-secret": True}, "--advertise a:1: needs --redis URL"),
    ],
)
def test_what_only_goes_together(options: dict[str, Any], complaint: str, secret: Path) -> None:
    """One line names what is missing."""
    given = {key: str(secret) if value is True else value for key, value in options.items()}
    with pytest.raises(ConfigError, match=complaint):
        check_cluster(load(given))


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    """And told by its file's name."""
    path = tmp_path / "secret"
    path.write_text("short")
    with pytest.raises(
        ConfigError, match=f"--cluster-secret {path}: a secret has at least 32 bytes"
    ):
        check_cluster(load({"cluster-secret": str(path)}))


@pytest.mark.parametrize(
    ("options", "endpoints"),
    [
        ({}, ()),
        ({"advertise": "10.0.0.5:9000"}, ("tcp:9000:interface=10.0.0.5",)),
        ({"advertise": "[fd00::5]:9000"}, (r"tcp6:9000:interface=fd00\:\:5",)),
        ({"advertise": "a.example:9000", "cluster-listen": "tcp:9001"}, ("tcp:9001",)),
    ],
)
def test_where_other_machines_come(options: dict[str, Any], endpoints: tuple[str, ...]) -> None:
    """To the address that they are told, unless it is another here."""
    assert load(options).inner_endpoints == endpoints


def test_it_listens_and_is_found(secret: Path) -> None:
    """Where it is alone on its machine, at no Unix socket; the secret is read again."""
    config = Config(advertise=NodeAddress("10.0.0.5", 9000), cluster_secret=secret)
    reactor, directory = MemoryReactorClock(), Everywhere()
    state, places = ServerState.of(config, reactor), (Listening(reactor), config.inner_endpoints)
    clustering = Clustering.of(config, reactor, state, Home("n"), directory, places)
    clustering.begin(None)  # type: ignore[arg-type]  # nobody comes
    assert [port for port, *_ in reactor.tcpServers] == [9000]
    assert reactor.unixServers == []
    assert directory.places == {"n": NodeAddress("10.0.0.5", 9000)}
    secret.write_text("t" * 32)
    assert clustering.reload() == []
    secret.write_text("t")
    assert len(clustering.reload()) == 1


def test_neighbours_have_a_socket_that_is_theirs_alone(tmp_path: Path, secret: Path) -> None:
    """By its node's name, in the parent's folder, with no rights for others."""
    config = Config(advertise=NodeAddress("10.0.0.5", 9000), cluster_secret=secret)
    reactor = MemoryReactorClock()
    places = (Listening(reactor), ())
    home = Home("n", tmp_path, b"k" * 32)
    clustering = Clustering.of(
        config, reactor, ServerState.of(config, reactor), home, Everywhere(), places
    )
    clustering.begin(None)  # type: ignore[arg-type]  # nobody comes
    [(path, _, _, mode, _)] = reactor.unixServers
    assert (path, mode) == (str(tmp_path / "n.sock"), 0o600)


def test_a_folder_whose_name_is_too_long_is_one_line() -> None:
    """A socket's address has some hundred bytes."""

    class Refusing(MemoryReactorClock):
        def listenUNIX(self, *arguments: Any, **_: Any) -> Any:
            raise CannotListenError(None, arguments[0], OSError("AF_UNIX path too long"))

    config, reactor = Config(workers=2), Refusing()
    home, state = Home("n", Path("/long"), b"k" * 32), ServerState.of(config, reactor)
    clustering = Clustering.of(config, reactor, state, home, None, (Listening(reactor), ()))
    with pytest.raises(ConfigError, match=r"--workers 2: cannot listen at /long/n\.sock: AF_UNIX"):
        clustering.begin(None)  # type: ignore[arg-type]  # nobody comes


def test_a_single_process_listens_for_nobody_else(tmp_path: Path) -> None:
    """Unless other machines are told of it."""
    (tmp_path / "index.html").touch()
    reactor = MemoryReactorClock()
    WsechoService(Config(web=tmp_path), reactor)
    assert [port for port, *_ in reactor.tcpServers] == [8080]
    assert reactor.unixServers == []
