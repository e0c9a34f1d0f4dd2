# SPDX-License-Identifier: MIT
"""A kind of step says for people what it takes and asks."""

from collections.abc import Mapping

import pytest

from wsecho.core.lab.faults import Conduct, Expectation, Level
from wsecho.core.lab.step_kind import Phase, StepKind
from wsecho.core.lab.values import Value, count_value

GIVE_UP = Expectation(Conduct.GIVE_UP, Level.SHOULD)


def kind(expected: Mapping[str, Expectation], value: Value | None = None) -> StepKind:
    """A step named `x`."""
    return StepKind("x", Phase.ANSWER, "does it", "", "x", value, expected)


def test_what_it_takes() -> None:
    """What its value takes, if it has one."""
    assert kind({}).takes == "no value"
    assert kind({}, count_value(1, 9)).takes == count_value(1, 9).takes


@pytest.mark.parametrize(
    ("value", "asks"), [("", ""), ("x", "alone: "), ("503", "503: ")], ids=["any", "none", "one"]
)
def test_what_it_asks(value: str, asks: str) -> None:
    """For any value, for none, or for one; nothing of whom it expects nothing."""
    assert kind({value: GIVE_UP}).asks == f"{asks}{GIVE_UP.should} ({GIVE_UP.level})"
    assert kind({value: GIVE_UP, "7": GIVE_UP}).asks.count("; ") == 1
    assert kind({}).asks == ""
