# SPDX-License-Identifier: MIT
"""`GET /lab`: every step and every rule, with its section and what a client should do."""

from typing import Any, Final

from wsecho.core.lab.faults import Expectation
from wsecho.core.lab.rules import RULES, Rule
from wsecho.core.lab.step_kind import StepKind
from wsecho.core.lab.steps import STEPS
from wsecho.core.lab.values import Bounds

_SHOWN: Final = 256
"""Octets of what a rule sends that are listed."""


def list_lab(bounds: Bounds) -> dict[str, Any]:
    """Write the list for JSON.

    Args:
        bounds: how much may be asked for here.
    """
    return {
        "steps": [_step(kind) for kind in STEPS.values()],
        "rules": [_rule(rule, bounds) for rule in RULES.values()],
        "limits": {
            "max-message-size": bounds.message,
            "lab-time": bounds.time,
            "sent": bounds.sent,
        },
    }


def _step(kind: StepKind) -> dict[str, Any]:
    return {
        "name": kind.name,
        "when": str(kind.phase),
        "takes": kind.takes,
        "does": kind.does,
        "rfc": kind.rfc,
        "example": f"/lab/{kind.example}",
        "client": {
            value or "*": _expectation(expected) for value, expected in kind.expected.items()
        },
    }


def _rule(rule: Rule, bounds: Bounds) -> dict[str, Any]:
    octets = rule.compose(bounds.step)
    return {
        "name": rule.name,
        "sends": rule.does,
        "rfc": rule.rfc,
        **_expectation(rule.expected),
        "octets": len(octets),
        "hex": octets[:_SHOWN].hex(),
    }


def _expectation(expected: Expectation) -> dict[str, Any]:
    return {
        "level": str(expected.level),
        "should": str(expected.should),
        "codes": list(expected.codes),
    }
