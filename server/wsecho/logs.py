# SPDX-License-Identifier: MIT
"""The log as JSON, one object a line, for machines that read it."""

import json
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent
from zope.interface import implementer

OWN: Final = (
    *("worker", "event", "peer", "door", "who", "code", "status", "reason", "seconds"),
    *("messages_in", "messages_out", "bytes_in", "bytes_out"),
)


@implementer(ILogObserver)
class JsonLog:
    """Writes each event as one JSON object with `time`, `level`, `source` and `text`.

    What an event names of itself (`OWN`) stands beside them, so that nobody has to parse the
    text.

    Args:
        out: where to write.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def __call__(self, event: LogEvent) -> None:
        """Write one event."""
        self._out.write(json.dumps(_plain(event), ensure_ascii=False) + "\n")
        self._out.flush()


def _plain(event: LogEvent) -> dict[str, Any]:
    level = event.get("log_level", LogLevel.info)
    line: dict[str, Any] = {
        "time": datetime.fromtimestamp(event["log_time"], UTC).isoformat(timespec="milliseconds"),
        "level": level.name,
        "source": event.get("log_namespace", "-"),
        "text": formatEvent(event),
    }
    line.update({key: plain_value(event[key]) for key in OWN if key in event})
    failure = event.get("log_failure")
    if failure is not None:
        line["traceback"] = failure.getTraceback()
    return line


def plain_value(value: Any) -> Any:
    """Return a value as JSON has it."""
    return value if isinstance(value, int | float | str | None) else str(value)


def use_json(application: Any, out: TextIO) -> None:
    """Make twistd log as JSON. It asks its application for the observer before it starts."""
    application.setComponent(ILogObserver, JsonLog(out))
