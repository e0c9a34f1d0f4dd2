# SPDX-License-Identifier: MIT
"""What twistd runs."""

from typing import Any

import pytest
from twisted.application.service import Service

from wsecho import starting
from wsecho.config.config import ConfigError
from wsecho.config.options import Options


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the reactor and the logs of these tests as they are."""
    monkeypatch.setattr(starting, "steady", lambda _: None)
    monkeypatch.setattr(starting, "keep_discreet", lambda: None)
    monkeypatch.setattr(starting, "tell_core_log", lambda: None)


def options(*arguments: str) -> Options:
    """Parsed options."""
    made = Options()
    made.parseOptions(arguments)
    return made


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((), "WsechoService"),
        (("--workers", "2", "--redis", "redis://localhost"), "Supervisor"),
    ],
)
def test_several_workers_have_a_parent(
    arguments: tuple[str, ...], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process serves by itself."""
    made: list[tuple[str, Any]] = []

    def maker(each: str) -> Any:
        def make(*given: Any) -> Service:
            made.append((each, given))
            return Service()

        return make

    for each in ("WsechoService", "Supervisor"):
        monkeypatch.setattr(starting, each, maker(each))
    given = options(*arguments)
    starting.makeService(given)
    [(which, told)] = made
    assert (which, told[0]) == (name, given.config)
    assert which == "WsechoService" or told[1] == arguments


def test_what_cannot_start_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback of a mistake in an option."""

    def fail(*_: object) -> None:
        raise ConfigError("listen", "tcp:80", "no right to")

    monkeypatch.setattr(starting, "WsechoService", fail)
    with pytest.raises(SystemExit) as caught:
        starting.makeService(options("--listen", "tcp:80"))
    assert caught.value.code == 1
    assert capsys.readouterr().err == "wsecho: --listen tcp:80: no right to\n"
