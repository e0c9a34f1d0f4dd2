# SPDX-License-Identifier: MIT
"""A report as JUnit's XML: a test case a connection."""

from typing import Final
from xml.sax.saxutils import quoteattr

from wsecho.core.lab.record import Record, Report

_NOT_XML: Final = dict.fromkeys(
    (*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF),
    "\N{REPLACEMENT CHARACTER}",
)


def write_junit(report: Report) -> bytes:
    """Write a report; what is wrong without a verdict on it fails a case, too."""
    cases = [_case(n, record) for n, record in enumerate(report.records, 1)]
    failures = sum("<failure" in case for case in cases)
    skipped = sum("<skipped" in case for case in cases)
    head = (
        f'<testsuite name={quoted(f"lab {report.name}")} tests="{len(cases)}" '
        f'failures="{failures}" errors="0" skipped="{skipped}">'
    )
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        head,
        *cases,
        "</testsuite>",
    ]
    return "\n".join([*lines, ""]).encode()


def _case(number: int, record: Record) -> str:
    name = quoted(f"{number} /lab/{record.chain}")
    end = record.begun if record.ended is None else record.ended.at
    begin = f'  <testcase classname="lab" name={name} time="{end - record.begun:.3f}"'
    verdict = record.verdict
    wrong = [f"{one['what']} (RFC {one['rfc']})" for one in record.wrong]
    if verdict is not None and verdict.passed is False:
        wrong.insert(0, f"{verdict.rule} ({verdict.expected.level}): {verdict.did}")
    if wrong:
        return f"{begin}>\n    <failure message={quoted('; '.join(wrong))}/>\n  </testcase>"
    if verdict is not None and not verdict.is_known:
        return f'{begin}>\n    <skipped message="there is no verdict"/>\n  </testcase>'
    return f"{begin}/>"


def quoted(text: str) -> str:
    """Write an attribute's value, with its quotes."""
    return quoteattr(without_controls(text))


def without_controls(text: str) -> str:
    """Replace what cannot stand in XML 1.0 (section 2.2), lone surrogates among them."""
    return text.translate(_NOT_XML)
