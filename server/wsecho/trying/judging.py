# SPDX-License-Identifier: MIT
"""From a report of the lab to what became of one case."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from attrs import field, frozen

from wsecho.core.lab.faults import Conduct, Level
from wsecho.trying.cases import LabCase

_REFUSED: Final = 400
_DATA: Final = frozenset({"text", "binary", "continuation"})


class Finding(StrEnum):
    """What became of a case."""

    PASSED = "passed"
    MISSED = "missed"
    """The client did something else than it should."""
    UNTRIED = "not tried"
    """The client does not offer what the case is about."""
    ABSENT = "absent"
    """The client did not come."""
    OPEN = "no verdict"
    """The client came, and nobody knows what it did."""


@frozen
class Judgement:
    """What a report says of a case.

    Attributes:
        finding: what became of it.
        did: what the client did, a sentence without its full stop.
        level: how much was asked of it.
        wrong: what it did that no client may, whatever it is sent.
    """

    finding: Finding
    did: str
    level: Level
    wrong: tuple[str, ...] = ()


@frozen
class CaseOutcome:
    """What became of a case, and of the command.

    Attributes:
        case: which.
        judged: what the report says.
        exit: how the command ended: its status, the name of a signal, or `ended`, by this program.
        memory: octets that it took at most.
        seconds: how long it took.
        words: the last that it wrote.
        remarks: what is odd about the command.
        report: the report as it was when the command was ended; None where no connection came.
    """

    case: LabCase
    judged: Judgement
    exit: str
    memory: int
    seconds: float
    words: str = field(default="", repr=False)
    remarks: tuple[str, ...] = ()
    report: Mapping[str, Any] | None = field(default=None, repr=False)

    def is_miss(self, *, strict: bool) -> bool:
        """Tell whether the client is not as it has to be.

        Args:
            strict: whether that is what it should do, too.
        """
        if self.judged.finding in {Finding.PASSED, Finding.UNTRIED}:
            return False
        asked = {Level.MUST, Level.TAKE, *([Level.SHOULD] if strict else [])}
        return self.judged.level in asked


def judge(case: LabCase, report: Mapping[str, Any] | None) -> Judgement:
    """Say what a report says of a case."""
    level = case.expected.level
    if report is None:
        return Judgement(Finding.ABSENT, "made no connection", level)
    wrong = tuple(dict.fromkeys(_wrong(report)))
    known = [verdict for verdict in _verdicts(report) if verdict["passed"] is not None]
    if known:
        # Of several connections, one that is not right tells.
        verdict = min(known, key=lambda one: bool(one["passed"]))
        finding = Finding.PASSED if verdict["passed"] else Finding.MISSED
        return Judgement(finding, verdict["did"], Level(verdict["level"]), wrong)
    refused = [one for one in report["connections"] if one["status"] == _REFUSED]
    if refused and case.deflates:
        return Judgement(Finding.UNTRIED, "offers no permessage-deflate", level)
    if refused:
        what = f"asked for /lab/{refused[0]['chain']}, which is refused"
        return Judgement(Finding.OPEN, what, level, wrong)
    if case.expected.should is Conduct.COME_BACK:
        return Judgement(Finding.MISSED, "did not come back", level, wrong)
    return Judgement(Finding.OPEN, "came, and went before there was a verdict", level, wrong)


def has_verdict(report: Mapping[str, Any]) -> bool:
    """Tell whether there is a verdict, or never will be one."""
    refused = all(one["status"] == _REFUSED for one in report["connections"])
    return refused or any(verdict["passed"] is not None for verdict in _verdicts(report))


def has_echo(case: LabCase, report: Mapping[str, Any]) -> bool:
    """Tell whether as many messages have come back as a client got, or none will."""
    if is_over(report) or any(verdict["passed"] is False for verdict in _verdicts(report)):
        return True
    frames = [frame for one in report["connections"] for frame in one["frames"]]
    messages = [frame for frame in frames if frame["fin"] and frame["opcode"] in _DATA]
    return len(messages) >= case.comes


def is_over(report: Mapping[str, Any]) -> bool:
    """Tell whether the client has closed, or ended, all that it has opened."""
    return all(
        one["ended"] is not None or any(frame["opcode"] == "close" for frame in one["frames"])
        for one in report["connections"]
    )


def _verdicts(report: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [one["verdict"] for one in report["connections"] if one["verdict"] is not None]


def _wrong(report: Mapping[str, Any]) -> Iterator[str]:
    for one in (*report["connections"], report):
        yield from (f"{wrong['what']} (RFC {wrong['rfc']})" for wrong in one["wrong"])
