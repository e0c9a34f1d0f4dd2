# SPDX-License-Identifier: MIT
"""What a step of the lab is."""

from collections.abc import Mapping
from enum import StrEnum

from attrs import frozen

from wsecho.core.lab.faults import Expectation
from wsecho.core.lab.values import Value


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
