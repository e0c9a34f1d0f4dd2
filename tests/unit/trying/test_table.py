# SPDX-License-Identifier: MIT
"""The table for a terminal."""

from tests.unit.trying.reports import case_of, outcome_of
from wsecho.trying.judging import Finding
from wsecho.trying.table import TrialTable, sum_up


def test_each_outcome_is_a_line() -> None:
    """Under its head; memory only where it tells something."""
    names = ["rsv1", "length-huge", "refuse=1", "deflate-bomb"]
    table = TrialTable([case_of(name) for name in names])
    lines = [
        table.head(),
        table.row(outcome_of("rsv1", Finding.MISSED, exit="ended", remarks=("wrote 3 MiB",))),
        table.row(outcome_of("length-huge", exit="SIGSEGV")),
        table.row(outcome_of("refuse=1", did="did\x1b[2J\nit")),
        table.row(outcome_of("deflate-bomb", Finding.UNTRIED, "offers none")),
    ]
    assert lines == [
        "rule or fault  level   verdict     exit     memory    what the client did",
        "rsv1           must    missed      ended              did it after 1.0 ms; wrote 3 MiB",
        "length-huge    should  passed      SIGSEGV  35 MiB    did it after 1.0 ms",
        r"refuse=1       should  passed      0                  did\x1b[2J\nit",
        "deflate-bomb   should  not tried   0                  offers none",
    ]


def test_what_stands_below() -> None:
    """How many of each, of which level what was missed, and what was wrong in any of them."""
    outcomes = [
        outcome_of("rsv1", Finding.MISSED, wrong=("a", "b")),
        outcome_of("rsv2", wrong=("b",)),
        outcome_of("chunked", Finding.MISSED),
        outcome_of("deflate-cut", Finding.UNTRIED),
        outcome_of("rsv3", Finding.ABSENT),
    ]
    assert list(sum_up(outcomes)) == [
        "5 cases: 1 passed, 2 missed (1 must, 1 take), 1 not tried, 1 absent",
        "wrong in 2 of them, whatever was sent: b",
        "wrong in 1 of them, whatever was sent: a",
    ]
    assert list(sum_up([])) == ["0 cases: "]
