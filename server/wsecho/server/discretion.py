# SPDX-License-Identifier: MIT
"""What the log may say: the one place that each of its lines passes before anybody writes it.

Nothing that a client made up is logged: no address of a request, no payload, no token, no name.

- Of our own events the text is told, which is a constant, and the fields that `TOLD` names: what
  these hold is ours, an operator's or a number wherever it is set.
- Of a failure it is told what kind it is, where it came up, and what led to it. What an exception
  says of itself is not: it quotes what it stumbled over.
- Of Twisted's own events the text is told, and of what it names numbers and addresses of peers.
- Of all else, other libraries' and what was printed, that there was something; of a printed
  traceback what is told of a failure.
"""

import os
import re
from collections.abc import Iterator
from string import Formatter
from traceback import FrameSummary, extract_tb, format_list
from typing import Any, Final

from attrs import frozen
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.python.reflect import qual
from zope.interface import provider

WITHHELD: Final = "(withheld)"
"""Stands in the log for what a client may have made up."""

OURS: Final = "wsecho"
_OURS_DOT: Final = f"{OURS}."
PASSED: Final = "is_discreet"
"""Marks an event that was looked at in the process that it comes from."""

PRINTED: Final = "-"
"""Where a line comes from that a worker has printed."""

TOLD: Final = frozenset(
    {
        # What the logger itself adds.
        *("log_logger", "log_level", "log_namespace", "log_source", "log_format", "log_time"),
        *("log_failure", "log_system", "log_trace"),
        # Of connections, as `Stats` has them: `who` is whom a verified token, or we, named so.
        *("event", "text", "door", "peer", "who", "code", "status", "reason", "seconds"),
        *("messages_in", "messages_out", "bytes_in", "bytes_out"),
        # Of Redis, of other nodes and of this machine.
        *("address", "version", "node", "why", "what", "order", "files", "reasons"),
        # Of applications and rooms, as the operator named them.
        *("app", "listener", "table"),
    }
)
"""Fields of our own events that are told; all others are withheld unless they are numbers."""

_OPERATORS: Final = ("twisted.application.", "twisted.scripts.")
"""What these say is of the start and the end, before and after there are clients."""

_ALSO_TOLD: Final = {"filename", "lineno", "category"}
"""Of a warning of Python's: where it is, and what kind."""

_LEGACY: Final = re.compile(
    r"Received SIG[A-Z]+, shutting down\.|Main loop terminated\.|Server Shut Down\."
    r"|\(\w+ Port [\w/.:'-]+ Closed\)|[\w.]+ (?:\(\w+\) )?starting on [\w/.:'-]+"
    r"|set [eu/gid]+ [\w/-]+|Could not accept new connection \(E[A-Z]+\)"
)
"""Lines of Twisted's old log that are known to be harmless."""

_LINES: Final = re.compile(
    r'Traceback \(most recent call last\):|\s+File "[^"\s]+", line \d+(?:, in [\w.<>]+)?'
    r"|During handling of the above exception, another exception occurred:|[\s^~]*"
    r"|The above exception was the direct cause of the following exception:"
    r"|Fatal Python error: [A-Z][A-Za-z ]+"
)
_EXCEPTION: Final = re.compile(r"([A-Za-z_][\w.]*(?:Error|Exception|Warning|Interrupt|Exit))\b")


@frozen
class Traceback:
    """A failure as the log has it.

    Attributes:
        text: where it came up, and its kind.
    """

    text: str

    def getTraceback(self, *_args: object, **_options: object) -> str:
        """Return it, as Twisted's failures do."""
        return self.text

    def getErrorMessage(self) -> str:
        """Return nothing of what the exception says."""
        return WITHHELD


def keep_discreet() -> None:
    """Have all events of this process pass `withhold`, once; before logging begins."""
    if not any(observer is withhold for observer in globalLogPublisher._observers):  # noqa: SLF001
        # Each observer gets the same event, in the order in which they were added.
        globalLogPublisher.addObserver(withhold)


@provider(ILogObserver)
def withhold(event: LogEvent) -> None:
    """Take from an event all that a client may have made up, for all who observe it later."""
    try:
        _withhold(event)
    except Exception:  # noqa: BLE001  # whatever it is, nothing of the event may be told then
        namespace = str(event.get("log_namespace"))
        _retell(event, f"an event of {namespace} is {WITHHELD}, since it cannot be looked at")


def printed(line: str) -> str:
    """Return what may be told of a line that something printed."""
    if _LINES.fullmatch(line):
        return line
    exception = _EXCEPTION.match(line)
    return f"{exception[1]}: {WITHHELD}" if exception else WITHHELD


def _withhold(event: LogEvent) -> None:
    if PASSED in event:
        return
    namespace = event.get("log_namespace")
    is_ours = isinstance(namespace, str) and (namespace == OURS or namespace.startswith(_OURS_DOT))
    if is_ours and TOLD.issuperset(event) and "log_failure" not in event:
        return
    failure = event.get("log_failure", event.get("failure"))
    traceback = Traceback(describe_failure(failure)) if isinstance(failure, Failure) else None
    if is_ours:
        for name in event.keys() - TOLD:
            if not isinstance(event[name], int | float | None):
                event[name] = WITHHELD
        if traceback is not None:
            event["log_failure"] = traceback
    else:
        _retell(event, _text(event, str(namespace)), traceback)


def _retell(event: LogEvent, text: str, traceback: Traceback | None = None) -> None:
    """Leave nothing of an event but when, by whom and how grave it is, and a text."""
    kept = {"log_time", "log_level", "log_namespace", "time", "system", "log_system", "isError"}
    for name in event.keys() - kept:
        del event[name]
    event["log_format"], event["log_text"] = "{log_text}", text
    if traceback is not None:
        event["log_failure"] = traceback


def _text(event: LogEvent, namespace: str) -> str:
    """Return what may be told of an event of others."""
    template = event.get("log_format")
    if namespace.startswith(_OPERATORS):
        return formatEvent(event)
    if namespace in {"stdout", "stderr", PRINTED}:
        return printed(str(event.get("log_io", event.get("log_text", ""))))
    if namespace.startswith("twisted.") and isinstance(template, str):
        return "".join(_fill(template, event))
    text = formatEvent(event)
    if "failure" in event:
        return "Unhandled Error"
    return text if _LEGACY.fullmatch(text) else WITHHELD


def _fill(template: str, event: LogEvent) -> Iterator[str]:
    for literal, name, _, _ in Formatter().parse(template):
        yield literal
        if name is not None:
            value = event.get(name)
            tells = isinstance(value, int | float | IPv4Address | IPv6Address)
            yield str(value) if tells or name in _ALSO_TOLD else WITHHELD


def describe_failure(failure: Failure) -> str:
    """Write a failure's traceback without what its exceptions say.

    Args:
        failure: it, even where its frames were cleaned.
    """
    frames = [FrameSummary(file, line, name) for name, file, line, *_ in failure.frames]
    lines = ["Traceback (most recent call last):\n", *format_list(frames)]
    kind = qual(failure.type) if isinstance(failure.type, type) else str(failure.type)
    error: Any = failure.value
    lines.append(f"{kind}{_number(error)}\n")
    seen = {id(error)}
    cause = _cause(error)
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        lines += ["which was caused by:\n", *format_list(extract_tb(cause.__traceback__))]
        lines.append(f"{qual(type(cause))}{_number(cause)}\n")
        cause = _cause(cause)
    return "".join(lines)


def _cause(error: BaseException) -> BaseException | None:
    if error.__cause__ is not None:
        return error.__cause__
    return None if error.__suppress_context__ else error.__context__


def _number(error: BaseException) -> str:
    """Return what the system calls an error of its own; a path that it was about is not told."""
    if isinstance(error, OSError) and isinstance(error.errno, int):
        return f": [Errno {error.errno}] {os.strerror(error.errno)}"
    return ""
