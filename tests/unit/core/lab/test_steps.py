# SPDX-License-Identifier: MIT
"""The table of steps: whole, and true of itself."""

import pytest

from tests.unit.core.lab.bench import BOUNDS, chain_of
from wsecho.core.lab.answering_steps import ANSWERS
from wsecho.core.lab.step_kind import Phase, StepKind
from wsecho.core.lab.steps import STEPS

MODES = {
    *("latency", "jitter", "rate", "fragment", "split", "loss", "duplicate", "reorder"),
    *("ping-every", "no-pong", "no-close", "keep-tcp", "stall", "compress", "json", "seed"),
}
ACTIONS = {
    *("wait", "send", "send-hex", "send-size", "send-binary-size", "stream", "ping", "pong"),
    *("echo", "read", "head", "raw", "break", "close", "fin", "reset", "cut", "again"),
}


def test_every_step_is_there() -> None:
    """In its phase."""
    assert len(STEPS) == len(ANSWERS) + len(MODES) + len(ACTIONS)
    assert [*STEPS][: len(ANSWERS)] == [kind.name for kind in ANSWERS]
    assert {name for name, kind in STEPS.items() if kind.phase is Phase.MODE} == MODES
    assert {name for name, kind in STEPS.items() if kind.phase is Phase.ACTION} == ACTIONS


BESIDE = {
    "retry-after": "status=503/{}",
    "body": "status=503/{}",
    "glue": "{}/send=hi",
    "again": "send=hi/{}",
}


@pytest.mark.parametrize("kind", STEPS.values(), ids=lambda kind: str(kind.name))
def test_each_example_is_one(kind: StepKind) -> None:
    """It reads as a chain, with what it needs beside it."""
    chain = chain_of(BESIDE.get(kind.name, "{}").format(kind.example))
    assert any(step.kind is kind for step in (*chain.answer, *chain.script))


@pytest.mark.parametrize("kind", STEPS.values(), ids=lambda kind: str(kind.name))
def test_each_says_what_it_does_and_takes(kind: StepKind) -> None:
    """In words; what has no value says so."""
    assert kind.does
    assert (kind.takes == "no value") == (kind.value is None)
    for value in kind.expected:
        if value not in {"", kind.name}:
            assert kind.value is not None
            assert kind.value.read(value, BOUNDS) == value
