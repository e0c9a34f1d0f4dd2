# SPDX-License-Identifier: MIT
"""The steps of the lab: a table that the parser, the list at `/lab` and the documentation share."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from attrs import frozen

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
from wsecho.core.lab.rules import RULES
from wsecho.core.lab.values import (
    MAX_HEADER,
    Value,
    choice_value,
    count_value,
    duration_value,
    size_value,
)


class Phase(StrEnum):
    """When a step counts."""

    ANSWER = "answer"
    """In the answer to the handshake."""
    MODE = "mode"
    """From where it stands on."""
    ACTION = "action"
    """Where it stands, once."""


@frozen
class StepKind:
    """A kind of step.

    Attributes:
        name: what stands before the `=`.
        phase: when it counts.
        does: what it does, for people.
        rfc: the document and the section that it is about; empty for none.
        example: one, as it stands in a path.
        value: what stands behind the `=`, None for nothing.
        expected: what a client should do, by the value; by "" for any other one.
        sends: whether something is sent by it at once.
        ends: whether nothing may follow.
    """

    name: str
    phase: Phase
    does: str
    rfc: str
    example: str
    value: Value | None = None
    expected: Mapping[str, Expectation] = {}
    sends: bool = False
    ends: bool = False

    @property
    def takes(self) -> str:
        """What it takes, for people."""
        if self.value is None:
            return "no value"
        return self.value.takes

    @property
    def asks(self) -> str:
        """What a client should do, by the value, for people."""
        told = []
        for value, expected in self.expected.items():
            of = {"": "", self.name: "alone: "}.get(value, f"{value}: ")
            told.append(f"{of}{expected.should} ({expected.level})")
        return "; ".join(told)


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


def _mode(
    name: str, does: str, example: str, value: Value | None = None, rfc: str = ""
) -> StepKind:
    return StepKind(name, Phase.MODE, does, rfc, example, value)


def _action(
    name: str,
    does: str,
    example: str,
    value: Value | None = None,
    *,
    rfc: str = "",
    sends: bool = False,
    ends: bool = False,
) -> StepKind:
    return StepKind(name, Phase.ACTION, does, rfc, example, value, {}, sends, ends)


_FOLLOW: Final = Expectation(Conduct.FOLLOW_OR_FAIL, Level.MAY)
_GIVE_UP: Final = Expectation(Conduct.GIVE_UP, Level.SHOULD)
_COME_BACK: Final = Expectation(Conduct.COME_BACK, Level.SHOULD)

_ANSWERS: Final = (
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

_LEAST: Final = 0.01

_MODES: Final = (
    _mode("latency", "sends each frame so late", "latency=250ms", duration_value()),
    _mode("jitter", "sends each frame later by up to so much", "jitter=100ms", duration_value()),
    _mode("rate", "sends so many octets a second", "rate=64KiB", size_value(1)),
    _mode(
        "fragment",
        "sends messages in fragments of so many octets",
        "fragment=3",
        size_value(1),
        "6455 5.4",
    ),
    _mode("split", "sends frames in TCP segments of so many octets", "split=1", size_value(1)),
    _mode("loss", "drops messages with this probability", "loss=0.1", values.PROBABILITY),
    _mode(
        "duplicate",
        "sends messages twice with this probability",
        "duplicate=0.1",
        values.PROBABILITY,
    ),
    _mode("reorder", "has each two messages change places", "reorder"),
    _mode(
        "ping-every", "pings so often", "ping-every=2s", duration_value(_LEAST), rfc="6455 5.5.2"
    ),
    _mode("no-pong", "answers no ping", "no-pong", rfc="6455 5.5.3"),
    _mode("no-close", "answers no Close", "no-close", rfc="6455 5.5.1"),
    _mode("keep-tcp", "answers a Close and keeps the connection", "keep-tcp", rfc="6455 7.1.1"),
    _mode("stall", "reads nothing any more", "stall"),
    _mode("compress", "sends uncompressed", "compress=off", choice_value("off"), rfc="7692 6"),
    _mode(
        "json",
        "answers with what the message was: opcode, octets, fragments, compressed, ms",
        "json",
    ),
    _mode("seed", "makes all chance the same each time", "seed=7", count_value(0, 10**12)),
)

_ACTIONS: Final = (
    _action("wait", "waits", "wait=1s", duration_value()),
    _action("send", "sends a text", "send=hello", values.TEXT, sends=True),
    _action("send-hex", "sends a binary message", "send-hex=00ff", values.HEX, sends=True),
    _action(
        "send-size", "sends a text of so many octets", "send-size=64KiB", size_value(), sends=True
    ),
    _action(
        "send-binary-size",
        "sends a binary message of so many octets",
        "send-binary-size=64KiB",
        size_value(),
        sends=True,
    ),
    _action(
        "stream",
        "sends the texts 1 to N, so far apart, the first at once",
        "stream=10x100ms",
        values.STREAM,
        sends=True,
    ),
    _action("ping", "sends a ping", "ping=hello", values.CONTROL, rfc="6455 5.5.2", sends=True),
    _action("pong", "sends a pong", "pong=hello", values.CONTROL, rfc="6455 5.5.3", sends=True),
    _action("echo", "answers so many messages", "echo=3", count_value(1, 10**9)),
    _action("read", "reads so many messages and answers none", "read=3", count_value(1, 10**9)),
    _action(
        "head",
        "sends what the request was: target, headers, address, tls, extensions, subprotocol",
        "head",
        sends=True,
    ),
    _action("raw", "sends these octets as they are", "raw=8100", values.HEX, sends=True),
    _action(
        "break",
        "breaks a rule",
        "break=rsv1",
        choice_value(*RULES),
        rfc="see the rules",
        sends=True,
    ),
    _action(
        "close",
        "sends a Close",
        "close=4000%3Abye",
        values.CLOSE,
        rfc="6455 5.5.1",
        sends=True,
        ends=True,
    ),
    _action("fin", "closes its half of the connection, and drains what comes", "fin", ends=True),
    _action("reset", "resets the connection", "reset", ends=True),
    _action("cut", "sends half a frame, and closes its half", "cut", sends=True, ends=True),
    _action(
        "again",
        "does all actions before it N times in all",
        "again=3",
        count_value(1, 1000),
    ),
)

STEPS: Final[Mapping[str, StepKind]] = {kind.name: kind for kind in (*_ANSWERS, *_MODES, *_ACTIONS)}
"""Every kind of step, by its name."""
