# SPDX-License-Identifier: MIT
"""What the log says at the start."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, frozen
from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.logger import LogLevel, capturedLogs, formatEvent

from wsecho.app.announcing import announce
from wsecho.config.config import Config
from wsecho.core.rooms.rules import RoomTable


@frozen
class Port:
    """A port that is bound."""

    address: Any

    def getHost(self) -> Any:
        """Where."""
        return self.address


@frozen
class Listening:
    """What listens."""

    ports: Sequence[Port] = ()
    beyond: Sequence[Port] = ()
    without_addresses: Sequence[Port] = ()

    @property
    def urls(self) -> list[str | None]:
        """What is seen in a browser at a TCP port."""
        hosts = [port.getHost() for port in self.ports]
        return [f"http://{host.host}/" if hasattr(host, "host") else None for host in hosts]


LOOPBACK = Port(IPv4Address("TCP", "127.0.0.1", 8080))
OPEN = [Port(IPv4Address("TCP", "0.0.0.0", 80)), Port(IPv4Address("TCP", "0.0.0.0", 81))]
LOCAL = Port(UNIXAddress("/run/x.sock"))


def announced(
    config: Config, given_away: Sequence[Path] = (), **ports: Sequence[Port]
) -> tuple[list[str], list[str]]:
    """What is told, and what is warned of."""
    listening: Any = Listening(**{name: of for name, of in ports.items() if name != "metrics"})
    metrics: Any = Listening(ports.get("metrics", ()))
    with capturedLogs() as events:
        announce(listening, metrics, config, given_away)
    lines = [(event["log_level"], formatEvent(event)) for event in events]
    return (
        [line for level, line in lines if level is LogLevel.info],
        [line for level, line in lines if level is LogLevel.warn],
    )


def test_every_port_is_told() -> None:
    """On loopback there is nothing to warn of."""
    told, warned = announced(Config(), ports=[LOOPBACK, LOCAL], metrics=[LOOPBACK])
    assert told == [
        "listening on 127.0.0.1:8080, in a browser http://127.0.0.1/",
        "listening on /run/x.sock",
        "metrics are at 127.0.0.1:8080",
    ]
    assert warned == []


def test_an_open_door_is_warned_of_once() -> None:
    """Whoever reaches it may do all."""
    _, [warning] = announced(Config(), beyond=OPEN)
    assert warning.startswith("everybody who reaches 0.0.0.0:80 may read and write every room")


def test_who_asks_for_tokens_may_be_reached(tmp_path: Path) -> None:
    """That is what they are for; but a private key has no business on a server."""
    key = tmp_path / "key"
    key.touch()
    config = Config(token_key=(key,))
    assert announced(config, beyond=OPEN) == ([], [])
    _, [warning] = announced(config, [key], beyond=OPEN)
    assert warning.startswith(f"--token-key {key}: there is a private key")


@pytest.mark.parametrize(("proxy", "warnings"), [((), 1), (("unix",), 0)])
def test_a_unix_socket_brings_all_from_one_address(proxy: Any, warnings: int) -> None:
    """Unless the proxy behind it is believed."""
    _, warned = announced(Config(proxy=proxy), without_addresses=[LOCAL, LOCAL])
    assert len(warned) == warnings
    assert all("--proxy unix" in warning for warning in warned)


@pytest.mark.parametrize("option", ["cluster_secret", "wampcra_secrets"])
@pytest.mark.parametrize(("mode", "count"), [(0o644, 1), (0o604, 1), (0o640, 0), (0o600, 0)])
def test_a_secret_that_all_may_read_is_warned_of(
    tmp_path: Path, option: str, mode: int, count: int
) -> None:
    """By its option and its file."""
    file = tmp_path / "secret"
    file.touch()
    file.chmod(mode)
    given: dict[str, Any] = {option: file}
    _, warned = announced(evolve(Config(), **given))
    told = f"--{option.replace('_', '-')} {file}: every user of this machine may read it: "
    assert warned == count * [f"{told}let only the server's (chmod o-r)"]


def test_a_secret_that_is_gone_is_no_matter(tmp_path: Path) -> None:
    """What was read is in force."""
    assert announced(evolve(Config(), cluster_secret=tmp_path / "gone"))[1] == []


@pytest.mark.parametrize(
    ("options", "warned"),
    [({}, True), ({"token_key": (Path("k"),)}, False), ({"app": ("a:b",)}, False)],
)
def test_rooms_of_the_server_where_everybody_may_operate(
    options: dict[str, Any], *, warned: bool
) -> None:
    """They are everybody's, but where a token or an application says who somebody is."""
    tables = tuple(RoomTable(glob, {"publish": "server"}) for glob in ("news-*", "b"))
    _, warnings = announced(Config(room_tables=(RoomTable("a"), *tables), **options))
    told = [line for line in warnings if "operate" in line]
    assert len(told) == warned
    assert all(line.startswith('[rooms."news-*"]: publish = "server" keeps') for line in told)
    assert announced(Config(room_tables=(RoomTable("a"),)))[1] == []
