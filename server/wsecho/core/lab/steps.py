# SPDX-License-Identifier: MIT
"""The steps of the lab: a table that the parser, the list at `/lab` and the documentation share."""

from collections.abc import Mapping
from typing import Final

from wsecho.core.lab import values
from wsecho.core.lab.answering_steps import ANSWERS
from wsecho.core.lab.rules import RULES
from wsecho.core.lab.step_kind import Phase, StepKind
from wsecho.core.lab.values import (
    Value,
    choice_value,
    count_value,
    duration_value,
    size_value,
)


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

STEPS: Final[Mapping[str, StepKind]] = {kind.name: kind for kind in (*ANSWERS, *_MODES, *_ACTIONS)}
"""Every kind of step, by its name."""
