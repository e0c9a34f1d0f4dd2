# SPDX-License-Identifier: MIT
"""The log: the same lines as twistd's own, written less often."""

import io
from errno import ENOSPC
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import LogEvent, Logger, LogLevel, formatEventAsClassicLogText
from twisted.python.failure import Failure

from wsecho.server.logs import TextLog, is_to_stdout, make_log


class Writes(io.StringIO):
    """A file that counts how often it is written to."""

    count = 0

    def write(self, text: str) -> int:
        """Count, and write."""
        self.count += 1
        return super().write(text)


class Thing:
    """Something with an attribute, a method and a bad day."""

    name = "a thing"

    def call(self) -> str:
        """What Twisted's formatting may call."""
        return "called"

    def __format__(self, spec: str) -> str:
        """Fail."""
        raise ValueError(spec)


def event(**more: Any) -> LogEvent:
    """An event as the logger makes it."""
    usual = {"log_level": LogLevel.info, "log_namespace": "here", "log_time": 1_700_000_000.5}
    return usual | {"log_format": "hello"} | more


@pytest.mark.parametrize(
    "what",
    [
        event(),
        event(
            log_format="{peer} said {what!r}\nand {thing.name}", peer="x", what="y", thing=Thing()
        ),
        event(log_format="{thing.call()} {call()}", thing=Thing(), call=lambda: "it"),
        event(log_format="{missing}"),
        event(log_format="{thing}", thing=Thing()),
        event(log_format=b"bytes {x}", x=1),
        event(log_format="{x:>5}|{x!s}", x="{y}"),
        event(log_format=None),
        event(log_format=""),
        event(log_system="-", log_format="legacy"),
        event(log_failure=Failure(ValueError("x"))),
        event(log_level=LogLevel.critical),
        {"log_format": "bare", "log_time": 1.0},
        {"log_format": "timeless", "log_level": LogLevel.info, "log_namespace": "here"},
    ],
)
def test_a_line_is_twistds_own(what: LogEvent) -> None:
    """Whatever is in it."""
    assert TextLog(io.StringIO()).line(dict(what)) == formatEventAsClassicLogText(dict(what))


@given(st.lists(st.floats(0, 4e9), max_size=9))
@example([3999999999.0, 3999999999.9999995])
def test_the_time_is_twistds_own(times: list[float]) -> None:
    """Though it is written once a second only."""
    log = TextLog(io.StringIO())
    for when in times:
        what = event(log_time=when)
        assert log.line(what) == formatEventAsClassicLogText(what)


def test_the_lines_of_one_turn_are_written_together() -> None:
    """In their order, and what is worse than info at once, with all before it."""
    reactor, out = MemoryReactorClock(), Writes()
    log = Logger(namespace="here", observer=TextLog(out, reactor))
    reactor.running = True
    log.info("one")
    log.info("two")
    assert out.getvalue() == ""
    reactor.advance(0)
    assert out.count == 1
    log.info("three")
    log.error("four")
    assert out.count == 2
    log.info("five")
    reactor.advance(0)
    lines = [line.rpartition(" ")[2] for line in out.getvalue().splitlines()]
    assert lines == ["one", "two", "three", "four", "five"]


def test_without_a_reactor_that_runs_nothing_waits() -> None:
    """What was waiting when it stopped is not lost."""
    reactor, out = MemoryReactorClock(), io.StringIO()
    log = Logger(namespace="here", observer=TextLog(out, reactor))
    reactor.running = True
    log.info("last words")
    reactor.running = False
    log.info("stopped")
    assert [line.split("] ")[1] for line in out.getvalue().splitlines()] == [
        "last words",
        "stopped",
    ]


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        ({"nodaemon": True, "logfile": None, "syslog": 0}, True),
        ({"nodaemon": True, "logfile": "-"}, True),
        ({"nodaemon": True, "logfile": "x.log"}, False),
        ({"nodaemon": True, "syslog": 1}, False),
        ({"nodaemon": False}, False),
        ({}, False),
    ],
)
def test_only_twistds_standard_output_is_taken_over(options: dict[str, Any], answer: bool) -> None:
    """Its files and syslog stay its own."""
    assert is_to_stdout(options) == answer


class Full(io.StringIO):
    """A file on a disk that is full while `is_full`."""

    is_full = True

    def write(self, text: str) -> int:
        """Refuse, or write."""
        if self.is_full:
            raise OSError(ENOSPC, "No space left on device")
        return super().write(text)


@pytest.mark.parametrize("form", ["text", "json"])
def test_lines_that_find_no_place_are_counted(form: str) -> None:
    """Once, before the first one that does."""
    out = Full()
    log = Logger(namespace="here", observer=make_log(form, out, None))
    for number in range(3):
        log.info("lost {x}", x=number)
    out.is_full = False
    for _ in range(2):
        log.info("kept")
    told, *kept = out.getvalue().splitlines()
    assert "up to 3 lines of this log were lost: No space left on device" in told
    assert [line.count("kept") for line in kept] == [1, 1]
