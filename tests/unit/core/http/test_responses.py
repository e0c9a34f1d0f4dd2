# SPDX-License-Identifier: MIT
"""How errors are told over HTTP."""

import json

import pytest

from wsecho.core.http.requests import RequestHead
from wsecho.core.http.responses import answer_for, error_body, error_response, write_answer
from wsecho.core.wire.errors import (
    BadRequest,
    BusTimeout,
    BusUnavailable,
    Forbidden,
    Internal,
    OverLimit,
    OverRate,
    Stopping,
    TooMany,
    Unauthorized,
    WireError,
)

PASSING = [TooMany("no"), OverRate("no", 2), OverLimit("no"), Stopping(3), BusUnavailable()]
STREAM = ("accept", "text/event-stream")


def head(target: str = "/broadcast/a", method: str = "GET", accept: str = STREAM[1]) -> RequestHead:
    """A request, for a stream unless said otherwise."""
    return RequestHead(method, target, "1.1", (("accept", accept),))


def test_an_answer_is_a_whole_one() -> None:
    """After which the connection ends; the length is in octets."""
    answer = error_response(Unauthorized("no t\u00f6ken"))
    fields, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = fields.decode().split("\r\n")
    assert status == "HTTP/1.1 401 Unauthorized"
    assert lines == [
        "Content-Type: application/json; charset=utf-8",
        "Cache-Control: no-store",
        'WWW-Authenticate: Bearer realm="wsecho"',
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    assert json.loads(body) == {"error": {"code": "unauthorized", "reason": "no t\u00f6ken"}}


def test_head_is_answered_without_a_body() -> None:
    """Of the length that it would have (RFC 9110 section 9.3.2)."""
    error = BadRequest("no")
    whole, bare = error_response(error), error_response(error, has_body=False)
    assert whole == bare + error_body(error)


@pytest.mark.parametrize("error", [*PASSING, BusTimeout()])
@pytest.mark.parametrize(
    "target",
    [
        *("/broadcast/a", "/broadcast/a?history=1", "/lp/x/events", "/lp/x/events?seq=1"),
        "http://localhost:8080/broadcast/a",
    ],
)
def test_an_event_source_is_told_when_to_come_back(error: WireError, target: str) -> None:
    """It gives up for good on any status but 200."""
    answer = answer_for(error, head(target), 0.5)
    assert (answer.status, answer.headers[0]) == (200, ("Content-Type", "text/event-stream"))
    lines = answer.body.decode().splitlines()
    seconds = float(dict(error.headers).get("Retry-After", "1"))
    assert f"retry: {int(1500 * seconds)}" in lines
    assert "event: refused" in lines
    [data] = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    assert json.loads(data)["code"] == error.code


@pytest.mark.parametrize("error", [BadRequest("no"), Forbidden("no"), Internal()])
def test_what_does_not_pass_ends_a_stream_for_good(error: WireError) -> None:
    """To come back would be refused again."""
    assert answer_for(error, head(), 0.0).status == error.status


@pytest.mark.parametrize(
    "asked",
    [
        None,
        head(accept="application/json"),
        head(method="POST"),
        head(method="HEAD"),
        head("/lp/x/receive"),
        head("/lp/x/eventsx"),
        head("/other/broadcast/a"),
        head("/"),
    ],
)
def test_who_asked_for_no_stream_gets_the_status(asked: RequestHead | None) -> None:
    """With when to come back in a header."""
    answer = answer_for(Stopping(3), asked, 0.5)
    assert (answer.status, dict(answer.headers)["Retry-After"]) == (503, "3")
    assert write_answer(answer).startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
