# SPDX-License-Identifier: MIT
"""From reports to findings."""

from typing import Any

import pytest

from tests.unit.trying.reports import case_of, connection, frame, outcome_of, report
from wsecho.trying.judging import Finding, has_echo, has_verdict, is_over, judge

REFUSED = connection(status=400, judged=False, ended=True)


@pytest.mark.parametrize(
    ("name", "told", "finding", "did"),
    [
        ("rsv1", None, Finding.ABSENT, "made no connection"),
        ("rsv1", report(connection(passed=True)), Finding.PASSED, "did True"),
        ("rsv1", report(connection(passed=False)), Finding.MISSED, "did False"),
        # A client that came again: what it did wrong tells, and what is not known does not.
        (
            "rsv1",
            report(connection(passed=True), connection(passed=False)),
            Finding.MISSED,
            "did False",
        ),
        ("rsv1", report(connection(passed=True), connection()), Finding.PASSED, "did True"),
        (
            "rsv1",
            report(connection()),
            Finding.OPEN,
            "came, and went before there was a verdict",
        ),
        ("rsv1", report(REFUSED), Finding.OPEN, "asked for /lab/x, which is refused"),
        ("deflate-cut", report(REFUSED), Finding.UNTRIED, "offers no permessage-deflate"),
        ("refuse=1", report(connection()), Finding.MISSED, "did not come back"),
        (
            "refuse=1",
            report(connection(passed=True), connection(judged=False)),
            Finding.PASSED,
            "did True",
        ),
    ],
)
def test_each_finding(name: str, told: dict[str, Any] | None, finding: Finding, did: str) -> None:
    """By the verdicts of all connections, or the want of one."""
    judged = judge(case_of(name), told)
    assert (judged.finding, judged.did) == (finding, did)


def test_the_level_is_the_verdicts() -> None:
    """What was offered after all has to be taken."""
    told = report(connection(passed=False, level="take"))
    assert judge(case_of("protocol=other.example"), told).level == "take"


def test_what_is_wrong_is_told_once() -> None:
    """Of each connection, and of all of them."""
    one = connection(passed=True, wrong=["a frame that is not masked"] * 2)
    assert judge(case_of("rsv1"), report(one, wrong=["one masking key"])).wrong == (
        "a frame that is not masked (RFC 6455 5.1)",
        "one masking key (RFC 6455 5.3)",
    )


@pytest.mark.parametrize(
    ("finding", "level", "counts", "counts_strictly"),
    [
        (Finding.PASSED, "must", False, False),
        (Finding.UNTRIED, "must", False, False),
        *((finding, "must", True, True) for finding in (Finding.MISSED, Finding.ABSENT)),
        (Finding.OPEN, "take", True, True),
        (Finding.MISSED, "take", True, True),
        (Finding.MISSED, "should", False, True),
        (Finding.MISSED, "may", False, False),
    ],
)
def test_what_counts(finding: Finding, level: str, counts: bool, counts_strictly: bool) -> None:
    """A must and a take always, a should where it is asked for, a may never."""
    outcome = outcome_of("rsv1", finding, level=level)
    assert outcome.is_miss(strict=False) is counts
    assert outcome.is_miss(strict=True) is counts_strictly


def test_when_there_is_a_verdict() -> None:
    """Or never will be one."""
    assert not has_verdict(report(connection()))
    assert has_verdict(report(connection(), connection(passed=False)))
    assert has_verdict(report(REFUSED))
    assert not has_verdict(report(connection(status=503, judged=False, ended=True)))


def test_when_all_has_come_back() -> None:
    """As many whole messages as came; sooner where no more can come, or it is wrong already."""
    case = case_of("deflate-final")
    taken = [frame(fin=False), frame("pong"), frame("continuation")]
    assert not has_echo(case, report(connection(passed=True, frames=taken)))
    assert has_echo(case, report(connection(passed=True, frames=[*taken, frame("binary")])))
    assert has_echo(case, report(connection(passed=False)))
    assert has_echo(case, report(connection(passed=True, ended=True)))
    assert has_echo(case_of("chunked"), report(connection(passed=True)))


def test_when_it_is_over() -> None:
    """Each connection has ended, or is about to."""
    assert is_over(report(connection(ended=True), connection(frames=[frame("close")])))
    assert not is_over(report(connection(ended=True), connection(frames=[frame()])))
