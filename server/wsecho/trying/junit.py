# SPDX-License-Identifier: MIT
"""What became of each case, as JUnit's XML: a test case each."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from wsecho.core.lab.junit import quoted, without_controls
from wsecho.trying.judging import CaseOutcome, Finding


def write_trial_junit(command: str, outcomes: Sequence[CaseOutcome], *, strict: bool) -> bytes:
    """Write all cases.

    Args:
        command: what was tried.
        outcomes: what became of each case.
        strict: whether it is a failure to miss what a client should do, too.
    """
    cases = [_case(outcome, strict=strict) for outcome in outcomes]
    failures = sum("<failure" in case for case in cases)
    skipped = sum("<skipped" in case for case in cases)
    head = (
        f'<testsuite name={quoted(command)} tests="{len(cases)}" '
        f'failures="{failures}" errors="0" skipped="{skipped}">'
    )
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        head,
        *cases,
        "</testsuite>",
    ]
    return "\n".join([*lines, ""]).encode()


def _case(outcome: CaseOutcome, *, strict: bool) -> str:
    judged = outcome.judged
    said = f"{judged.finding} ({judged.level}): {'; '.join((judged.did, *outcome.remarks))}"
    name = quoted(outcome.case.name)
    lines = [f'  <testcase classname="lab" name={name} time="{outcome.seconds:.3f}">']
    if outcome.is_miss(strict=strict):
        lines.append(f"    <failure message={quoted(said)}/>")
    elif judged.finding is not Finding.PASSED:
        lines.append(f"    <skipped message={quoted(said)}/>")
    told = [said, f"exit: {outcome.exit}", f"peak memory: {outcome.memory} octets"]
    told += [f"wrong: {what}" for what in judged.wrong]
    told += [f"it wrote:\n{outcome.words}"] if outcome.words else []
    text = escape(without_controls("\n".join(told)))
    return "\n".join([*lines, f"    <system-out>{text}</system-out>", "  </testcase>"])
