# SPDX-License-Identifier: MIT
"""The steps of the lab that stand in the answer to the handshake."""

from collections.abc import Mapping
from typing import Final

from wsecho.core.lab import values
from wsecho.core.lab.faults import (
    MAY_FAIL,
    MUST_FAIL,
    MUST_TAKE,
    SHOULD_FAIL,
    Conduct,
    Expectation,
    Level,
)
from wsecho.core.lab.step_kind import Phase, StepKind
from wsecho.core.lab.values import (
    MAX_HEADER,
    Value,
    choice_value,
    count_value,
    duration_value,
    size_value,
)


def _answer(
    name: str,
    does: str,
    rfc: str,
    example: str,
    value: Value | None,
    expected: Mapping[str, Expectation] | Expectation,
    *,
    ends: bool = False,
) -> StepKind:
    by_value = {"": expected} if isinstance(expected, Expectation) else expected
    return StepKind(name, Phase.ANSWER, does, rfc, example, value, by_value, ends=ends)


_FOLLOW: Final = Expectation(Conduct.FOLLOW_OR_FAIL, Level.MAY)
_GIVE_UP: Final = Expectation(Conduct.GIVE_UP, Level.SHOULD)
_COME_BACK: Final = Expectation(Conduct.COME_BACK, Level.SHOULD)

ANSWERS: Final = (
    _answer(
        "status",
        "answers with this status",
        "6455 4.1",
        "status=503",
        values.STATUS,
        MUST_FAIL,
        ends=True,
    ),
    _answer(
        "retry-after",
        "says in the answer of status=N when to come back",
        "9110 10.2.3",
        "retry-after=2",
        values.RETRY,
        {},
    ),
    _answer(
        "body",
        "the text of the answer of status=N",
        "9110 6.4",
        "body=come%20later",
        values.TEXT,
        {},
    ),
    _answer(
        "redirect",
        "answers 302 with this Location",
        "6455 4.1",
        "redirect=%2Fecho",
        values.PATH,
        _FOLLOW,
        ends=True,
    ),
    _answer(
        "redirect-308",
        "answers 308 with this Location",
        "6455 4.1",
        "redirect-308=%2Fecho",
        values.PATH,
        _FOLLOW,
        ends=True,
    ),
    _answer(
        "hold",
        "does not answer until the client gives up; with a time, for that long",
        "6455 4.1",
        "hold=2s",
        duration_value(needed=False),
        {"hold": _GIVE_UP, "": MUST_TAKE},
    ),
    _answer(
        "trickle",
        "answers octet by octet, so far apart",
        "6455 4.1",
        "trickle=5ms",
        duration_value(0.001),
        MUST_TAKE,
    ),
    _answer(
        "accept",
        "has a wrong Sec-WebSocket-Accept, none, or a right one and then a wrong one",
        "6455 4.1, 4.2.2",
        "accept=bad",
        choice_value("bad", "none", "twice"),
        {"": MUST_FAIL, "twice": SHOULD_FAIL},
    ),
    _answer(
        "upgrade",
        "lacks the header Upgrade, has another value in it, or writes it in odd case",
        "6455 4.1",
        "upgrade=none",
        choice_value("none", "bad", "case"),
        {"": MUST_FAIL, "case": MUST_TAKE},
    ),
    _answer(
        "connection",
        "lacks the header Connection, or has Upgrade in it as one of a list",
        "6455 4.1",
        "connection=list",
        choice_value("none", "list"),
        {"": MUST_FAIL, "list": MUST_TAKE},
    ),
    _answer(
        "protocol",
        "chooses this subprotocol, none, or two in two lines",
        "6455 4.1",
        "protocol=other.example",
        values.PROTOCOL,
        {"": MUST_FAIL, "none": MUST_TAKE},
    ),
    _answer(
        "extension",
        "names this extension, or declines all",
        "6455 4.1, 9.1",
        "extension=x-unheard-of",
        values.EXTENSION,
        {"": MUST_FAIL, "none": MUST_TAKE},
    ),
    _answer(
        "deflate",
        "accepts permessage-deflate, where it is offered, without context takeover either way, or "
        "with this window",
        "7692 7.1",
        "deflate=no-context",
        choice_value("no-context", *(f"window={bits}" for bits in range(9, 16))),
        MUST_TAKE,
    ),
    _answer(
        "header",
        "has this header, too; it may stand several times",
        "9110 5.1",
        "header=X-Lab%3Ahello",
        values.HEADER,
        MUST_TAKE,
    ),
    _answer(
        "header-size",
        "has a header of that many octets",
        "9110 5.4",
        "header-size=4KiB",
        size_value(1, MAX_HEADER),
        MUST_TAKE,
    ),
    _answer(
        "case",
        "writes the names of headers in odd case",
        "9110 5.1",
        "case=odd",
        choice_value("odd"),
        MUST_TAKE,
    ),
    _answer(
        "reason",
        "has no reason phrase",
        "9112 4",
        "reason=none",
        choice_value("none"),
        MUST_TAKE,
    ),
    _answer(
        "interim",
        "sends a 103 before the 101",
        "9110 15.2",
        "interim=103",
        choice_value("103"),
        MUST_TAKE,
    ),
    _answer(
        "glue",
        "sends the first frame in one segment with the answer",
        "6455 4.1",
        "glue",
        None,
        MUST_TAKE,
    ),
    _answer(
        "http",
        "answers in HTTP/1.0",
        "6455 4.2.2",
        "http=1.0",
        choice_value("1.0"),
        MAY_FAIL,
    ),
    _answer(
        "version",
        "answers 426 with Sec-WebSocket-Version: 9",
        "6455 4.4",
        "version=9",
        choice_value("9"),
        MUST_FAIL,
        ends=True,
    ),
    _answer(
        "chunked",
        "has Transfer-Encoding: chunked in the 101",
        "9112 6.3",
        "chunked",
        None,
        MUST_TAKE,
    ),
    _answer(
        "length",
        "has Content-Length: 5 in the 101",
        "9112 6.3",
        "length",
        None,
        MUST_TAKE,
    ),
    _answer(
        "refuse",
        "answers the first N of this report (or address) and chain with 503",
        "9110 15.6.4",
        "refuse=2",
        count_value(1, 1000),
        _COME_BACK,
    ),
)
