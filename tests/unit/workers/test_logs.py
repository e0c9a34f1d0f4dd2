# SPDX-License-Identifier: MIT
"""A worker's log in its parent's."""

import io
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import Logger, LogLevel, formatEventAsClassicLogText
from twisted.python.failure import Failure

from wsecho.server.logs import JsonLog
from wsecho.workers.logs import LogRelay, PipeLog


def relayed(octets: bytes, cuts: int = 1) -> list[Any]:
    """What the parent logs of a worker's output, that comes in pieces."""
    events: list[Any] = []
    relay = LogRelay(2, events.append, lambda: 7.0)
    for at in range(0, len(octets), cuts):
        relay.receive(octets[at : at + cuts])
    relay.finish()
    return events


def test_an_event_arrives_as_it_was() -> None:
    """With its time, its level, its own fields and where it came from."""
    out = io.StringIO()
    log = Logger(namespace="wsecho.doors", observer=PipeLog(out))
    log.info("closed {peer}\nwith {code}", peer="ä", code=1002, secret="kept out")
    [event] = relayed(out.getvalue().encode())
    assert event["log_level"] is LogLevel.info
    assert (event["peer"], event["code"], event["worker"]) == ("ä", 1002, 2)
    assert "secret" not in event
    text = formatEventAsClassicLogText(event) or ""
    assert "[worker 2: wsecho.doors#info] closed ä\n\twith 1002" in text


def test_a_failure_keeps_its_traceback() -> None:
    """In either form."""
    out, written = io.StringIO(), io.StringIO()
    Logger(observer=PipeLog(out)).failure("oops", Failure(ValueError("x")))
    [event] = relayed(out.getvalue().encode())
    assert "ValueError: x" in (formatEventAsClassicLogText(event) or "")
    JsonLog(written)(event)
    assert '"worker": 2' in written.getvalue()
    assert "ValueError: x" in written.getvalue()


@given(st.binary(max_size=200), st.integers(1, 50))
def test_whatever_is_printed_is_logged(octets: bytes, cuts: int) -> None:
    """Line by line, however it comes; nothing of it is a fault of the parent's."""
    events = relayed(octets, cuts)
    lines = octets.split(b"\n")
    assert len(events) in {len(lines), len(lines) - 1}
    for event, line in zip(events, lines, strict=False):
        assert event["log_text"] == line.decode(errors="replace")
        assert event["log_time"] == 7.0


def test_a_line_without_an_end_is_bounded() -> None:
    """It is logged in parts."""
    events = relayed(b"x" * (5 << 20), 1 << 16)
    assert len(events) >= 4


def test_json_that_is_no_event_is_a_line_like_any() -> None:
    """Such as a number, a list, an event with a part missing."""
    for line in (b"1", b"[]", b"null", b'{"level":"info"}', b'{"level":1,"source":"","text":""}'):
        [event] = relayed(line + b"\n")
        assert event["log_text"] == line.decode()
