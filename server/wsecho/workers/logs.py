# SPDX-License-Identifier: MIT
"""One log for all: workers write their events into a pipe, and the parent logs them as its own.

So the log has the form, the place and the rotation that twistd was told, once, and each line names
its worker.
"""

import json
from collections.abc import Callable
from time import time
from typing import Any, Final

from attrs import define, field
from twisted.logger import LogEvent, LogLevel, formatEvent

from wsecho.server.discretion import PASSED, PRINTED, Traceback
from wsecho.server.logs import OWN, Log, plain_value

_MAX_LINE: Final = 1 << 20
"""Bytes of a line without an end, after which it is taken as one."""


class PipeLog(Log):
    """Writes a worker's events, one JSON object a line.

    Args:
        out: the pipe.
        reactor: as for every log.
    """

    def line(self, event: LogEvent) -> str:
        """Write one event as an object."""
        failure = event.get("log_failure")
        line = {
            "time": event["log_time"],
            "level": event.get("log_level", LogLevel.info).name,
            "source": event.get("log_namespace", "-"),
            "text": formatEvent(event),
            "traceback": None if failure is None else failure.getTraceback(),
            "own": {key: plain_value(event[key]) for key in OWN if key in event},
        }
        return json.dumps(line) + "\n"


@define(eq=False)
class LogRelay:
    """Logs what comes out of a worker's pipe.

    Args:
        slot: the worker's place.
        observer: where to.
        now: the time, Unix seconds.
    """

    _slot: int
    _observer: Callable[[LogEvent], None]
    _now: Callable[[], float] = time
    _rest: bytes = field(default=b"", init=False)

    def receive(self, data: bytes) -> None:
        """Log the lines of some output; the last may be unfinished."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._relay(line)
        if len(self._rest) > _MAX_LINE:
            self.finish()

    def finish(self) -> None:
        """Log what has no end."""
        rest, self._rest = self._rest, b""
        if rest:
            self._relay(rest)

    def _relay(self, line: bytes) -> None:
        try:
            told: Any = json.loads(line)
            level, source, text = told["level"], told["source"], told["text"]
            more = {**told["own"], "log_time": told["time"]}
        except (ValueError, TypeError, KeyError):
            # What Python itself prints, or a library: no event.
            self._emit("warn", PRINTED, line.decode(errors="replace"), log_time=self._now())
            return
        if told.get("traceback"):
            more["log_failure"] = Traceback(told["traceback"])
        # The worker's own log has kept to itself what may not be told.
        self._emit(level, source, text, **{PASSED: True}, **more)

    def _emit(self, level: str, source: str, text: str, **more: Any) -> None:
        event = {
            **more,
            "log_level": LogLevel.lookupByName(level),
            "log_namespace": source,
            "log_system": f"worker {self._slot}: {source}#{level}",
            "log_format": "{log_text}",
            "log_text": text,
            "worker": self._slot,
        }
        self._observer(event)
