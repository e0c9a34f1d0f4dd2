# SPDX-License-Identifier: MIT
"""JUnit's XML of a trial."""

from xml.etree import ElementTree as ET

import pytest

from tests.unit.trying.reports import outcome_of
from wsecho.trying.judging import Finding
from wsecho.trying.junit import write_trial_junit

OUTCOMES = [
    outcome_of("rsv1", words="closed\x00 <&]]>\udcff"),
    outcome_of("rsv2", Finding.MISSED, "took it", wrong=("a thing",), remarks=("wrote 3 MiB",)),
    outcome_of("refuse=1", Finding.MISSED, "did not come back"),
    outcome_of("deflate-cut", Finding.UNTRIED, "offers none"),
]


@pytest.mark.parametrize(("strict", "tag"), [(False, "skipped"), (True, "failure")])
def test_each_case_is_a_test_case(strict: bool, tag: str) -> None:
    """It fails where something is missed that was asked for; what was not asked for is told."""
    suite = ET.fromstring(write_trial_junit('x "{url}"', OUTCOMES, strict=strict))
    assert suite.attrib == {
        "name": 'x "{url}"',
        "tests": "4",
        "failures": "2" if strict else "1",
        "errors": "0",
        "skipped": "1" if strict else "2",
    }
    assert [case.attrib["name"] for case in suite] == ["rsv1", "rsv2", "refuse=1", "deflate-cut"]
    assert [[child.tag for child in case][:-1] for case in suite] == [
        *([], ["failure"], [tag], ["skipped"])
    ]
    assert suite[1][0].attrib["message"] == "missed (must): took it; wrote 3 MiB"
    told = suite[0][-1].text
    assert told is not None
    assert told.splitlines()[-2:] == [
        "it wrote:",
        "closed\N{REPLACEMENT CHARACTER} <&]]>\N{REPLACEMENT CHARACTER}",
    ]
    assert "wrong: a thing" in (suite[1][-1].text or "")
