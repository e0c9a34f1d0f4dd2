# SPDX-License-Identifier: MIT
"""The list at `/lab`: all there is."""

import json

from wsecho.core.lab.listing import list_lab
from wsecho.core.lab.rules import RULES
from wsecho.core.lab.steps import STEPS
from wsecho.core.lab.values import Bounds


def test_every_step_and_rule_is_listed() -> None:
    """With what it takes, its section, and what a client should do."""
    listed = json.loads(json.dumps(list_lab(Bounds(1 << 20, 60.0))))
    assert [step["name"] for step in listed["steps"]] == [*STEPS]
    assert [rule["name"] for rule in listed["rules"]] == [*RULES]
    assert all(step["does"] and step["takes"] and step["example"] for step in listed["steps"])
    assert listed["limits"] == {
        "max-message-size": 1 << 20,
        "lab-time": 60.0,
        "sent": 64 << 20,
    }


def test_a_rule_shows_what_is_sent() -> None:
    """In hexadecimal, the beginning of what is long."""
    rules = {rule["name"]: rule for rule in list_lab(Bounds(1 << 20, 60.0))["rules"]}
    assert rules["rsv1"]["hex"] == "c10548656c6c6f"
    assert (rules["rsv1"]["level"], rules["rsv1"]["should"], rules["rsv1"]["codes"]) == (
        "must",
        "fail",
        [1002],
    )
    assert len(rules["deflate-bomb"]["hex"]) == 512
    assert rules["deflate-bomb"]["octets"] > 256


def test_a_fault_of_the_handshake_says_what_a_client_should_do() -> None:
    """By its value."""
    steps = {step["name"]: step for step in list_lab(Bounds(1000, 60.0))["steps"]}
    assert steps["accept"]["client"]["*"]["level"] == "must"
    assert steps["accept"]["client"]["twice"]["level"] == "should"
    assert steps["upgrade"]["client"]["case"]["should"] == "take"
    assert steps["send"]["client"] == {}
