# SPDX-License-Identifier: MIT
"""The log keeps secrets: whatever an event holds, by whomever it is told."""

import ast
import io
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.logger import (
    FileLogObserver,
    LegacyLogObserverWrapper,
    LogBeginner,
    Logger,
    LogLevel,
    LogPublisher,
    formatEventAsClassicLogText,
)
from twisted.python import log as legacy
from twisted.python.failure import Failure

import wsecho
from wsecho.core.wire.errors import BadRequest, bounded_reason, without_quotes
from wsecho.server.discretion import TOLD, WITHHELD, printed, withhold
from wsecho.server.logs import JsonLog, TextLog
from wsecho.workers.logs import LogRelay, PipeLog

MARK = "s3cr3t"
SOURCES = Path(wsecho.__file__).parent


class Secretive:
    """Something that says too much of itself."""

    def __repr__(self) -> str:
        return f"<{MARK}>"


def fail(error: BaseException) -> Failure:
    """A failure with a cause, neither of which keeps anything for itself."""
    try:
        try:
            int(MARK)
        except ValueError as cause:
            raise error from cause
    except BaseException:  # noqa: BLE001
        return Failure()
    raise AssertionError("it did not fail")


class SaidTooMuchError(Exception):
    """An error of ours."""


FAILURES = [
    ValueError(MARK),
    OSError(2, "no such file", f"/{MARK}"),
    UnicodeDecodeError("utf-8", MARK.encode(), 0, 1, MARK),
    BadRequest(f"not {MARK}"),
    SaidTooMuchError(Secretive()),
    KeyboardInterrupt(MARK),
]


@pytest.fixture(params=["text", "json", "pipe", "file", "syslog"])
def written(request: pytest.FixtureRequest) -> tuple[LogPublisher, Callable[[], str]]:
    """A log of each form, and what was written there."""
    out = io.StringIO()
    observer: Any
    match request.param:
        case "text":
            observer = TextLog(out)
        case "json":
            observer = JsonLog(out)
        case "pipe":
            relayed = LogPublisher(withhold, TextLog(out))
            relay = LogRelay(1, relayed, lambda: 1.0)
            observer = PipeLog(Through(relay))
        case "file":
            observer = FileLogObserver(out, formatEventAsClassicLogText)
        case _:
            # Of the old kind, as twistd's for syslog.
            observer = LegacyLogObserverWrapper(
                lambda event: out.write(f"{legacy.textFromEventDict(event)}\n")  # type: ignore[arg-type]
            )
    publisher = LogPublisher(withhold, observer)
    return publisher, out.getvalue


class Through:
    """A worker's pipe, whose other end is read at once."""

    def __init__(self, relay: LogRelay) -> None:
        self._relay = relay

    def write(self, text: str) -> None:
        """Pass it on."""
        self._relay.receive(text.encode())

    def flush(self) -> None:
        """Do nothing."""


def of_old(publisher: LogPublisher) -> Any:
    """Twisted's old way to log there."""
    beginner = LogBeginner(publisher, io.StringIO(), object(), warnings)
    return legacy.LogPublisher(publisher, publisher, beginner)


Written = tuple[LogPublisher, Callable[[], str]]


@pytest.mark.parametrize("error", FAILURES)
@pytest.mark.parametrize("namespace", ["wsecho.doors.x", "twisted.internet.defer", "other"])
def test_a_failure_says_what_and_where(
    written: Written, namespace: str, error: BaseException
) -> None:
    """Its kind and its cause's, the file and the line; not a word of what they quote."""
    publisher, text = written
    Logger(namespace=namespace, observer=publisher).failure("fault", fail(error), peer="192.0.2.1")
    assert MARK not in text()
    assert type(error).__name__ in text()
    assert "which was caused by" in text()
    assert "ValueError" in text()
    assert "test_discretion.py" in text()
    assert "in fail" in text()


def test_what_the_system_calls_an_error_is_told(written: Written) -> None:
    """Without the path."""
    publisher, text = written
    Logger(observer=publisher).failure("fault", fail(OSError(24, MARK, f"/{MARK}")))
    assert "[Errno 24] Too many open files" in text()
    assert MARK not in text()


def test_the_old_way_of_telling_a_failure(written: Written) -> None:
    """Twisted's `log.err`, whose text has the whole traceback in it."""
    publisher, text = written
    old = of_old(publisher)
    old.msg(failure=fail(ValueError(MARK)), why=MARK, isError=1)
    old.msg("hello", MARK)
    old.msg(format="%(what)s", what=MARK)
    assert MARK not in text()
    assert "ValueError" in text()
    assert text().count(WITHHELD) >= 2


def test_of_our_own_events_only_what_is_known_is_told(written: Written) -> None:
    """A field that nobody has thought of is withheld, whatever the text does with it."""
    publisher, text = written
    log = Logger(namespace="wsecho.doors.x", observer=publisher)
    log.info(
        "refused {peer}: {status}, {room} {thing!r} {n}",
        peer="p",
        status=404,
        room=MARK,
        thing=Secretive(),
        n=7,
    )
    assert MARK not in text()
    assert f"refused p: 404, {WITHHELD} '{WITHHELD}' 7" in text()


@pytest.mark.parametrize(
    ("namespace", "template"),
    [
        ("twisted.web.http", "Timing out client: {peer} {uri}"),
        ("twisted.web.server.Request", "Warning: HEAD request {uri!r:>9}"),
        ("autobahn.websocket.protocol", f"{MARK} {{uri}}"),
        ("txaio", "{uri}"),
        ("asyncio", MARK),
        ("wsechoes", MARK),
        ("twisted.broken", "{"),
    ],
)
def test_others_are_not_trusted(written: Written, namespace: str, template: str) -> None:
    """Of Twisted the text is told, of others nothing."""
    publisher, text = written
    Logger(namespace=namespace, observer=publisher).warn(
        template, uri=f"/{MARK}", peer=IPv4Address("TCP", "192.0.2.1", 80)
    )
    assert MARK not in text()
    assert namespace in text() or "{" in template or text().count("\n") == 1
    if "Timing out" in template:
        assert "192.0.2.1" in text()


def test_what_is_printed_and_what_python_warns_of() -> None:
    """Both end up in the log, once it has begun."""
    out, publisher = io.StringIO(), LogPublisher(withhold)
    stdio = type("Stdio", (), {"stdout": io.StringIO(), "stderr": io.StringIO()})()
    module = type("Warnings", (), {"showwarning": warnings.showwarning})()
    LogBeginner(publisher, io.StringIO(), stdio, module).beginLoggingTo([TextLog(out)])
    stdio.stdout.write(f"said {MARK}\n")
    for line in fail(ValueError(MARK)).getTraceback().splitlines():
        stdio.stderr.write(f"{line}\n")
    module.showwarning(f"never awaited: {MARK}", RuntimeWarning, "x.py", 7)
    assert MARK not in out.getvalue()
    assert "test_discretion.py" in out.getvalue()
    assert "ValueError" in out.getvalue()
    assert "x.py:7" in out.getvalue()
    assert "RuntimeWarning" in out.getvalue()


@pytest.mark.parametrize(
    "line",
    [
        "Received SIGTERM, shutting down.",
        "(TCP Port 8080 Closed)",
        "wsecho.doors.front.FrontFactory starting on 8080",
    ],
)
def test_what_twisted_says_of_ports_and_signals_is_told(line: str) -> None:
    """They are an operator's."""
    out = io.StringIO()
    publisher = LogPublisher(withhold, TextLog(out))
    of_old(publisher).msg(line)
    assert line in out.getvalue()


def test_an_event_that_cannot_be_looked_at() -> None:
    """Is told of as that."""
    out = io.StringIO()

    class Hostile:
        """No namespace at all."""

        def __str__(self) -> str:
            return "hostile"

        def startswith(self, _: object) -> bool:
            """Fail."""
            raise ValueError(MARK)

    event: dict[str, Any] = {
        "log_namespace": "twisted.x",
        "log_format": f"{{{MARK}",
        "log_level": LogLevel.info,
        "log_time": 1.0,
        MARK: Hostile(),
    }
    LogPublisher(withhold, TextLog(out))(event)
    assert MARK not in out.getvalue()
    assert "cannot be looked at" in out.getvalue()


@given(st.text(), st.text())
def test_a_printed_line_is_told_or_withheld(before: str, after: str) -> None:
    """Whatever stands around it."""
    for line in (f"{before}{MARK}{after}", f"{before}: {MARK}", f'  File "{before}", {MARK}'):
        assert MARK not in printed(line)


@given(st.text(max_size=60), st.text(max_size=20), st.integers(0, 200))
def test_quotes_are_left_out(said: str, more: str, cut: int) -> None:
    """What `repr` wrote, though it was cut for a Close frame."""
    said = f"{said}{MARK}{more}"
    reason = f"the page's own room {said!r} is not the token's ({said!r} is): allow it"
    assert MARK not in without_quotes(reason)
    assert MARK not in without_quotes(bounded_reason(reason)[:cut])
    assert without_quotes(reason) == "the page's own room … is not the token's (… is): allow it"


@pytest.fixture(scope="module")
def calls() -> list[tuple[Path, str, ast.Call]]:
    """Every call of the server's of something that has a name, and the file where it stands.

    The client's errors are its user's own.
    """
    return [
        (path, getattr(node.func, "attr", getattr(node.func, "id", "")), node)
        for path in SOURCES.rglob("*.py")
        if not path.is_relative_to(SOURCES / "client")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    ]


def test_the_text_of_each_line_is_a_constant(calls: list[tuple[Path, str, ast.Call]]) -> None:
    """So that what is filled in is looked at; in `loops`, it is one with a constant added."""
    found = []
    for path, name, call in calls:
        if name in {"debug", "info", "warn", "error", "failure", "critical"} and (
            ast.unparse(call.func).rpartition(".")[0]
            in {"log", "_log", "self._log", "self.log", "_logger"}
        ):
            found.append(path.name)
            is_constant = isinstance(call.args[0], ast.Constant)
            assert is_constant or path.name == "loops.py", ast.unparse(call)
    assert len(found) > 30


REVIEWED = {
    # Our own constants, and numbers.
    *("MAX_TOKEN", "MAX_NAME", "MAX_KEY_LENGTH", "MAX_LENGTH", "MAX_ROOMS", "JSON", "BINARY"),
    *("MAX_EXTENSIONS", "bound", "_DONE[action]", "most"),
    *("'binary' if binary else 'application/json'", "least", "self._batch + 1", "self._last + 1"),
    "next(bad)",
    # Of the lab, by file where the word alone says little: all are texts of its own tables.
    *("rule.name", "MAX_STEPS", "chain.py reason", "answer.py why"),
    # Of a header or a parameter that we have asked for.
    "name",
    *("', '.join(_NAMES)", "', '.join(SUBPROTOCOLS)", "VERSION", "MAX_HEAD", "number", "length"),
}


def test_what_is_a_peers_own_is_quoted_in_reasons(
    calls: list[tuple[Path, str, ast.Call]],
) -> None:
    """Each reason that is more than a constant was looked at: a repr, a number, or ours."""
    kinds = {
        "BadRequest",
        "Forbidden",
        "NotFound",
        "WrongType",
        "Conflict",
        "TooLarge",
        "HeadersTooLarge",
        "Unauthorized",
        "OverLimit",
    }
    bad = []
    for path, name, call in calls:
        if name in kinds and call.args and isinstance(call.args[0], ast.JoinedStr):
            bad += [
                (path.name, ast.unparse(part.value))
                for part in call.args[0].values
                if isinstance(part, ast.FormattedValue)
                and part.conversion != ord("r")
                and not REVIEWED
                & {ast.unparse(part.value), f"{path.name} {ast.unparse(part.value)}"}
                and not ast.unparse(part.value).startswith("len(")
            ]
    assert not bad


HARMLESS: Final = frozenset(
    {
        *("have", "needed", "possible", "connections", "all", "cut", "calm", "count", "lasts"),
        *("slot", "pid", "times", "waiting"),
        # What becomes a traceback.
        *("failure", "exc_info"),
    }
)
"""Fields that hold numbers, or a failure, wherever they are logged."""


def logged() -> list[tuple[str, str]]:
    """Where each line of our own is logged, and a field of it."""
    # To parse all takes seconds, and few of them log.
    logging = [path for path in SOURCES.rglob("*.py") if "_log." in path.read_text()]
    return [
        (f"{path.name}:{call.lineno}", keyword.arg or "**")
        for path in logging
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and re.fullmatch(r"(self\.)?_log\.\w+", ast.unparse(call.func))
        for keyword in call.keywords
    ]


def test_each_field_that_we_log_is_told() -> None:
    """Else the operator would read that something is withheld, where it is to say what is wrong."""
    found = logged()
    assert len(found) > 50
    assert [(place, name) for place, name in found if name not in HARMLESS | TOLD] == []
