# SPDX-License-Identifier: MIT
"""The log: as text, in twistd's own form, or as JSON, one object a line.

Each connection is two lines of it, and in a storm of them the log was a third of the work: Twisted
interprets a line's format in Python, reads the calendar for it, and writes it out by itself. Here
the formatting is Python's own, the calendar is read once a second, and the lines of one turn of
the reactor are written together.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from twisted.logger import (
    ILogObserver,
    LogEvent,
    LogLevel,
    formatEvent,
    formatEventAsClassicLogText,
    formatTime,
)
from zope.interface import implementer

OWN: Final = (
    *("worker", "event", "peer", "door", "who", "code", "status", "reason", "seconds"),
    *("messages_in", "messages_out", "bytes_in", "bytes_out"),
)
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False).encode
_LOGGERS: Final = {"log_time", "log_level", "log_namespace"}
_UNHURRIED: Final = frozenset({LogLevel.debug, LogLevel.info})
_LAST_MICROSECOND: Final = 0.999_999


class Output(Protocol):
    """Where a log is written: a file of Python's, or `LogFile`."""

    def write(self, text: str, /) -> object:
        """Write a text; raises OSError."""

    def flush(self) -> object:
        """Let it be seen; raises OSError."""


@implementer(ILogObserver)
class Log(ABC):
    """Writes each event as one line.

    Args:
        out: where to write.
        reactor: where lines of level info wait for the end of its turn, once it runs; what is
            worse is written at once, with all before it.
    """

    def __init__(self, out: Output, reactor: Any = None) -> None:
        self._out = out
        self._reactor = reactor
        # Not in `out`, which may write through (PYTHONUNBUFFERED).
        self._lines: list[str] = []
        self._lost = 0
        self._why: str | None = None
        self._latest: float = 0

    def __call__(self, event: LogEvent) -> None:
        """Write one event."""
        line = self.line(event)
        if not line:
            return
        self._lines.append(line)
        self._latest = event.get("log_time", self._latest)
        may_wait = self._reactor is not None and event.get("log_level") in _UNHURRIED
        if not (may_wait and self._reactor.running):
            self._flush()
        elif len(self._lines) == 1:
            self._reactor.callLater(0, self._flush)

    @abstractmethod
    def line(self, event: LogEvent) -> str | None:
        """Write one event's line; None for nothing."""

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        if not lines:
            return
        try:
            self._out.write("".join([*self._of_the_lost(), *lines]))
            self._out.flush()
        except OSError as error:
            # Nobody reads the pipe any more, or the disk is full: clients are served all the same.
            self._lost += len(lines)
            self._why = error.strerror
        else:
            self._lost = 0

    def _of_the_lost(self) -> list[str]:
        if not self._lost:
            return []
        event = {
            "log_time": self._latest,
            "log_level": LogLevel.warn,
            "log_namespace": __name__,
            # Of what was written last, some may be there.
            "log_format": "up to {count} lines of this log were lost: {why}",
            "count": self._lost,
            "why": self._why,
        }
        return [line for line in [self.line(event)] if line]


class TextLog(Log):
    """Writes what twistd writes, to the byte."""

    _second = -1
    _time = ""

    def line(self, event: LogEvent) -> str | None:
        """Write `time [namespace#level] text`."""
        text = None if "log_failure" in event or "log_system" in event else _formatted(event)
        if text is None:
            return formatEventAsClassicLogText(event)
        if not text:
            return None
        time = event["log_time"]
        second = int(time)
        if time - second > _LAST_MICROSECOND:
            # Twisted writes it by way of whole microseconds, which may be the next second's first.
            second = int(round(time, 6))
        if second != self._second:
            self._second = second
            self._time = formatTime(time)
        text = text.replace("\n", "\n\t")
        return f"{self._time} [{event['log_namespace']}#{event['log_level'].name}] {text}\n"


class JsonLog(Log):
    """Writes each event as one JSON object with `time`, `level`, `source` and `text`.

    What an event names of itself (`OWN`) stands beside them, so that nobody has to parse the
    text.
    """

    def line(self, event: LogEvent) -> str:
        """Write one event as an object."""
        return _ENCODE(_plain(event)) + "\n"


def _formatted(event: LogEvent) -> str | None:
    """Format an event's text where Python's own formatting can.

    Returns:
        None where it cannot: Twisted's knows calls as well, and legacy events have other keys.
    """
    try:
        text: str = event["log_format"].format_map(event)
    except Exception:  # noqa: BLE001  # whatever is in an event may fail to be formatted
        return None
    return text if event.keys() >= _LOGGERS else None


def _plain(event: LogEvent) -> dict[str, Any]:
    level = event.get("log_level", LogLevel.info)
    text = _formatted(event)
    line: dict[str, Any] = {
        "time": datetime.fromtimestamp(event["log_time"], UTC).isoformat(timespec="milliseconds"),
        "level": level.name,
        "source": event.get("log_namespace", "-"),
        "text": formatEvent(event) if text is None else text,
    }
    line.update({key: plain_value(event[key]) for key in OWN if key in event})
    failure = event.get("log_failure")
    if failure is not None:
        line["traceback"] = failure.getTraceback()
    return line


def plain_value(value: Any) -> Any:
    """Return a value as JSON has it."""
    return value if isinstance(value, int | float | str | None) else str(value)


def is_to_stdout(twistd: Mapping[str, Any]) -> bool:
    """Tell whether twistd would log to standard output, by its options."""
    elsewhere = twistd.get("syslog") or twistd.get("logfile") not in {None, "", "-"}
    return bool(twistd.get("nodaemon")) and not elsewhere


def make_log(form: str, out: Output, reactor: Any) -> Log:
    """Return what writes the log.

    Args:
        form: `json` or `text`.
        out: where to.
        reactor: see `Log`.
    """
    return (JsonLog if form == "json" else TextLog)(out, reactor)
