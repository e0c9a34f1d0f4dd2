# SPDX-License-Identifier: MIT
"""What a client is tried by."""

import pytest

from tests.unit.core.lab.bench import BOUNDS, DEFLATE, upgrade_to
from wsecho.core.lab.chain import read_chain
from wsecho.core.lab.faults import Conduct, Level
from wsecho.core.lab.listing import list_lab
from wsecho.core.lab.rules import RULES
from wsecho.core.lab.verdict import verdict_on
from wsecho.trying.cases import LabCase, all_cases, cases_like

NAMES = [case.name for case in all_cases()]


def test_every_rule_and_fault_that_the_lab_lists_is_tried() -> None:
    """Each rule, and each value of a step that a client is judged by; nothing twice."""
    listed = list_lab(BOUNDS)
    assert NAMES[-len(RULES) :] == [rule["name"] for rule in listed["rules"]]
    faults = NAMES[: -len(RULES)]
    for step in listed["steps"]:
        for value in step["client"]:
            name = step["name"]
            is_named = value in {"*", name}
            wanted = [one for one in faults if one.partition("=")[0] == name]
            assert wanted if is_named else f"{name}={value}" in wanted, (name, value)
            assert value != name or name in wanted
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("case", all_cases(), ids=NAMES)
def test_the_lab_judges_each_by_what_is_expected(case: LabCase) -> None:
    """Under the name of the case, where nothing is offered that would make it right."""
    chain = read_chain(f"/lab/{case.chain}", BOUNDS)
    upgrade = upgrade_to(f"/lab/{case.chain}", Sec_WebSocket_Extensions=DEFLATE)
    verdict = verdict_on(chain, upgrade, is_refused=case.name.startswith("refuse"))
    assert verdict is not None
    assert (verdict.rule, verdict.expected) == (case.name, case.expected)


def test_what_is_needed_to_see_what_a_client_does_with_it() -> None:
    """How many messages should come back, and what has to be offered."""
    by_name = {case.name: case for case in all_cases()}
    assert by_name["deflate-final"].comes == 2
    assert by_name["deflate-final"].deflates
    assert not by_name["rsv1"].deflates
    assert by_name["hold"].expected.should is Conduct.GIVE_UP
    assert by_name["hold=500ms"].expected.level is Level.TAKE


def test_whoever_echoes_is_not_answered_with_its_own_echo() -> None:
    """Else each message would go to and fro until the end."""
    for case in all_cases():
        if case.comes or case.name == "glue":
            assert "/read=" in case.chain


@pytest.mark.parametrize(
    ("globs", "found"),
    [
        (["rsv?"], ["rsv1", "rsv2", "rsv3"]),
        (["rsv3", "masked", "rsv[13]"], ["masked", "rsv1", "rsv3"]),
        (["accept=*"], ["accept=bad", "accept=none", "accept=twice"]),
        (["RSV1"], []),
        (["nothing"], []),
        ([], NAMES),
    ],
)
def test_cases_are_chosen_by_patterns(globs: list[str], found: list[str]) -> None:
    """In their own order, each once."""
    assert [case.name for case in cases_like(globs)] == found
