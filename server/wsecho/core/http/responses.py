# SPDX-License-Identifier: MIT
"""How an error is told over HTTP: JSON with a code and a reason, or an event of a stream."""

import json
import re
from http import HTTPStatus
from typing import Final

from attrs import frozen

from wsecho.core.http.media import EVENTS, accepts
from wsecho.core.http.requests import RequestHead
from wsecho.core.rooms.vocabulary import write_error
from wsecho.core.wire.errors import BUS_RETRY_AFTER, WireError
from wsecho.core.wire.events import write_event

JSON_TYPE = "application/json; charset=utf-8"

_PASSING: Final = frozenset({429, 503, 504})
"""Statuses of refusals whose reason goes away by itself."""

_STREAMS: Final = re.compile(r"(?:[A-Za-z]+://[^/]*)?/(?:broadcast/|lp/[^/?]+/events(?:\?|$))")
"""The targets, absolute ones too (RFC 9112 section 3.2.2), at which an answer may be a stream."""


@frozen
class ErrorAnswer:
    """An answer that tells an error.

    Attributes:
        status: HTTP's.
        headers: pairs of name and value, the length left out.
        body: what a HEAD is not given.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def answer_for(error: WireError, head: RequestHead | None, spread: float) -> ErrorAnswer:
    """Make the answer that tells an error.

    An `EventSource` gives up for good on any status but 200 (HTML standard, section 9.2.3: "fail
    the connection"). So where a stream was asked for and the reason passes, the answer is a stream
    that says so, and when to come back.

    Args:
        error: what went wrong.
        head: the request, where it could be read.
        spread: 0.0 to 1.0, drawn by chance: readers that were refused together come back apart.
    """
    if head is None or error.status not in _PASSING or not _asks_for_stream(head):
        return ErrorAnswer(error.status, tuple(error_headers(error)), error_body(error))
    seconds = float(dict(error.headers).get("Retry-After", BUS_RETRY_AFTER))
    retry = int(1000 * seconds * (1 + spread))
    body = write_event(write_error(error), name="refused", retry=retry)
    return ErrorAnswer(200, (("Content-Type", EVENTS), ("Cache-Control", "no-store")), body)


def error_body(error: WireError) -> bytes:
    """Write `{"error": {"code": …, "reason": …}}`."""
    body = {"error": {"code": error.code, "reason": error.reason}}
    return json.dumps(body, ensure_ascii=False).encode() + b"\n"


def error_headers(error: WireError) -> list[tuple[str, str]]:
    """List the header fields of an error's answer, its length left out."""
    return [("Content-Type", JSON_TYPE), ("Cache-Control", "no-store"), *error.headers]


def error_response(error: WireError, *, has_body: bool = True) -> bytes:
    """Write a whole HTTP/1.1 answer after which the connection ends."""
    return write_answer(answer_for(error, None, 0.0), has_body=has_body)


def write_answer(answer: ErrorAnswer, *, has_body: bool = True) -> bytes:
    """Write a whole HTTP/1.1 answer after which the connection ends.

    Args:
        answer: what it tells.
        has_body: False where it answers HEAD (RFC 9110 section 9.3.2).
    """
    length = ("Content-Length", str(len(answer.body)))
    fields = [*answer.headers, length, ("Connection", "close")]
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in fields]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (answer.body if has_body else b"")


def _asks_for_stream(head: RequestHead) -> bool:
    return (
        head.method == "GET" and _STREAMS.match(head.target) is not None and accepts(head, EVENTS)
    )
