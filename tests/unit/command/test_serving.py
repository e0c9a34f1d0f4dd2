# SPDX-License-Identifier: MIT
"""`wsecho serve`: what is done to this process, and in which order."""

import sys
from typing import Any

import pytest
from twisted.internet import reactor as real
from twisted.logger import globalLogBeginner

from wsecho import __version__
from wsecho.command import serving
from wsecho.config.config import Config, ConfigError
from wsecho.config.given import Given

WORDS = ("--drain", "3")


class World:
    """Notes what is asked of the reactor, the server and the log.

    Attributes:
        done: the calls, in their order.
        log: what the server writes to.
        error: why the server cannot start, None where it can.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.done: list[str] = []
        self.log: Any = None
        self.error: ConfigError | None = None
        self.ends: list[Any] = []
        self.made: tuple[Any, ...] = ()
        self.logs_to: list[list[Any]] = []
        for name in ("privilegedStartService", "startService", "stopService"):
            setattr(self, name, self._noting(name))
        patch.setattr(serving, "prepare", self._noting("prepare"))
        patch.setattr(serving, "Server", self._make)
        patch.setattr(globalLogBeginner, "beginLoggingTo", self._begin_log)
        patch.setattr(serving, "_log", self)
        patch.setattr(real, "addSystemEventTrigger", self._add_trigger)
        patch.setattr(real, "run", self._run)

    def info(self, text: str, **values: str) -> None:
        """Be its logger."""
        self.done.append(text.format(**values))

    def serve(self) -> int:
        """Serve by these words."""
        given = Given.read(WORDS)
        return serving.serve(given, given.load(), WORDS)

    def _noting(self, name: str) -> Any:
        return lambda *_: self.done.append(name)

    def _make(self, *given: Any) -> Any:
        if self.error is not None:
            raise self.error
        self.done.append("make")
        self.made = given
        return self

    def _begin_log(self, observers: list[Any]) -> None:
        self.done.append("log")
        self.logs_to.append(observers)

    def _add_trigger(self, phase: str, event: str, call: Any) -> None:
        assert (phase, event) == ("before", "shutdown")
        self.ends.append(call)

    def _run(self) -> None:
        self.done.append("run")
        for end in self.ends:
            end()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Nothing of this process is really served by."""
    return World(monkeypatch)


def test_it_serves_until_it_is_told_to_end(world: World) -> None:
    """Prepared before anything is made, logged before anything listens, stopped in order."""
    assert world.serve() == 0
    python = ".".join(map(str, sys.version_info[:3]))
    assert world.done == [
        *("prepare", "make", "log", f"wsecho {__version__} starts, on Python {python}"),
        *("privilegedStartService", "startService", "run", "stopService"),
    ]


def test_the_server_is_told_how_it_was_called(world: World) -> None:
    """Its workers are called so as well; its log is standard output."""
    world.serve()
    assert world.made == (Config(drain=3), WORDS, real, sys.stdout)


@pytest.mark.parametrize("log", [None, object()])
def test_what_is_logged_goes_where_the_server_says(world: World, log: object) -> None:
    """Nowhere, where it says nothing."""
    world.log = log
    world.serve()
    assert world.logs_to == [[] if log is None else [log]]


def test_what_cannot_start_is_one_line(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing has begun."""
    world.error = ConfigError("drain", 3.0, "not today")
    with pytest.raises(SystemExit) as caught:
        world.serve()
    assert caught.value.code == 1
    assert capsys.readouterr() == ("", "wsecho: --drain 3: not today\n")
    assert world.done == ["prepare"]
