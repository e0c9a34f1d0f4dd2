# SPDX-License-Identifier: MIT
"""What twistd runs."""

from typing import Any

import pytest

from wsecho import starting
from wsecho.config.config import Config, ConfigError
from wsecho.config.options import Options


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the reactor and the logs of these tests as they are."""
    monkeypatch.setattr(starting, "steady", lambda _: None)
    monkeypatch.setattr(starting, "keep_discreet", lambda: None)


def options(**given: Any) -> Options:
    """Parsed options."""
    made = Options()
    made.config = Config(**given)
    made.arguments = ("--workers", "2")
    return made


@pytest.mark.parametrize(("workers", "name"), [(1, "WsechoService"), (2, "Supervisor")])
def test_several_workers_have_a_parent(
    workers: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process serves by itself."""
    made: list[tuple[str, Any]] = []
    for each in ("WsechoService", "Supervisor"):
        monkeypatch.setattr(starting, each, lambda *a, each=each, **_: made.append((each, a)))
    given = options(workers=workers)
    starting.makeService(given)
    [(which, arguments)] = made
    assert (which, arguments[0]) == (name, given.config)
    assert workers == 1 or arguments[1] == ("--workers", "2")


def test_what_cannot_start_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback of a mistake in an option."""

    def fail(*_: object, **__: object) -> None:
        raise ConfigError("listen", "tcp:80", "no right to")

    monkeypatch.setattr(starting, "WsechoService", fail)
    with pytest.raises(SystemExit, match=r"^wsecho: --listen tcp:80: no right to$"):
        starting.makeService(options())
