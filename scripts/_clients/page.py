# SPDX-License-Identifier: MIT
"""The matrix in Markdown: a table of verdicts, the frames of what is missed, the clients' words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from wsecho.core.lab.faults import Level
from wsecho.core.lab.rules import RULES
from wsecho.core.lab.steps import STEPS
from wsecho.trying.cases import LabCase
from wsecho.trying.judging import CaseOutcome, Finding
from wsecho.trying.table import MEASURED

_URL: Final = re.compile(r"(?:ws|http)://127\.0\.0\.1:\d+/[^\s'\"]*")
_TIMES: Final = re.compile(r",? (?:after|for) \d+\.\d ms")
_CHANGING: Final = re.compile(r"0x[0-9a-f]{6,}|127\.0\.0\.1:\d+|\b[A-Za-z0-9+/]{27}=")
_LONGEST: Final = 160
_SHOWN_OCTETS: Final = 24
_SHOWN_FRAMES: Final = 6
_ASKED: Final = frozenset({Level.MUST, Level.TAKE})

_INTRODUCTION: Final = """\
# Clients in the lab

What other people's WebSocket clients do about each rule and fault of
[the lab](../howto/test-your-client.md), on {date}: written by `scripts/clients --write`, which runs
a small echoing program of ours (`scripts/_clients/programs`) with each of them, at its defaults.
permessage-deflate is offered by each that has it: websocket-client has it not, and picows has it in
`picows.websockets`, its interface of whole messages, which is the one that is tried here. Chromium
is Debian's, without a window.

**yes** is what is right, **no** what is not; a dash stands where a client does not offer what the
rule is about. Where a *must* or a *take* is missed, the cell leads to what the client sent. A
*should* is a rule for the server, which a careful client enforces: many leave one or the other of
them out on purpose. Only `websockets` has a way of its own to come back (`refuse=1`). The message
of `deflate-bomb` has 16 MiB, which is within the limit of many. The memory beside it, and beside
`length-huge`, is the most that the process had, its runtime included.
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A client, and what became of each case."""

    title: str
    version: str
    has_memory: bool
    outcomes: Sequence[CaseOutcome]


def write_page(columns: Sequence[Column], day: date) -> str:
    """Write the whole page.

    Args:
        columns: the clients, each with the same cases.
        day: when they were tried.
    """
    parts = [
        _INTRODUCTION.format(date=f"{day.day} {day:%B %Y}").strip(),
        _verdicts(columns),
        "## What was missed",
        "What the lab sent, and every frame that the client sent then.",
        *(_miss(column, one) for column in columns for one in column.outcomes if _is_shown(one)),
        "## In their own words",
        "What each client did, and what it said of that; one that was ended had said nothing.",
        *(_words(column) for column in columns),
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    cells = ([cell.replace("|", r"\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def _verdicts(columns: Sequence[Column]) -> str:
    head = ["rule or fault", "level", *(f"{column.title} {column.version}" for column in columns)]
    by_case = zip(*(column.outcomes for column in columns), strict=True)
    rows = (
        [
            f"`{outcomes[0].case.name}`",
            str(outcomes[0].case.expected.level),
            *(_cell(column, one) for column, one in zip(columns, outcomes, strict=True)),
        ]
        for outcomes in by_case
    )
    return _table(head, rows)


def _cell(column: Column, outcome: CaseOutcome) -> str:
    match outcome.judged.finding:
        case Finding.PASSED:
            word = "yes"
        case Finding.UNTRIED:
            return "-"
        case Finding.MISSED if _is_shown(outcome):
            word = f"[**no**](#{_target(column, outcome.case)})"
        case Finding.MISSED:
            word = "no"
        case finding:
            return str(finding)
    if outcome.case.name in MEASURED and column.has_memory:
        word += f", {outcome.memory >> 20} MiB"
    return word


def _is_shown(outcome: CaseOutcome) -> bool:
    return outcome.judged.finding is Finding.MISSED and outcome.judged.level in _ASKED


def _target(column: Column, case: LabCase) -> str:
    """Name a place of the page, so that links lead there."""
    return re.sub(r"[^a-z0-9]+", "-", f"missed-{column.title}-{case.name}".lower()).strip("-")


def _miss(column: Column, outcome: CaseOutcome) -> str:
    case, judged = outcome.case, outcome.judged
    parts = [
        f"({_target(column, case)})=\n### {column.title}: `{case.name}`",
        f"{_sent(case)} It should {case.expected.should} ({judged.level}); it {_did(outcome)}.",
    ]
    frames = [frame for one in (outcome.report or {})["connections"] for frame in one["frames"]]
    if frames:
        rows = (_frame(frame) for frame in frames[:_SHOWN_FRAMES])
        parts.append(_table(("opcode", "FIN", "RSV", "octets", "payload"), rows))
    else:
        parts.append("It sent no frame.")
    if len(frames) > _SHOWN_FRAMES:
        parts.append(f"And {len(frames) - _SHOWN_FRAMES} more.")
    return "\n\n".join(parts)


def _sent(case: LabCase) -> str:
    """Say what the lab sent."""
    rule = RULES.get(case.name)
    if rule is None:
        step = STEPS[case.name.partition("=")[0]]
        return f"The lab, by `{case.chain}`, {step.does} (RFC {step.rfc})."
    octets = rule.compose(1 << 20)
    shown = octets[:_SHOWN_OCTETS].hex() + ("…" if len(octets) > _SHOWN_OCTETS else "")
    return f"The lab sent {rule.does}, `{shown}` (RFC {rule.rfc})."


def _frame(frame: Mapping[str, Any]) -> Sequence[str]:
    kind = "text" if "text" in frame else "hex"
    payload = frame[kind][: 2 * _SHOWN_OCTETS]
    shown = f"{_code(payload)}{'' if kind == 'text' else ', hexadecimal'}" if payload else ""
    fin = "yes" if frame["fin"] else "no"
    return frame["opcode"], fin, str(frame["rsv"]), str(frame["length"]), shown


def _words(column: Column) -> str:
    rows = (
        (
            f"`{one.case.name}`",
            f"{one.judged.finding}: {_did(one)}",
            one.exit,
            "" if one.judged.finding is Finding.UNTRIED else _code(_word(one.words)),
        )
        for one in column.outcomes
    )
    return f"### {column.title} {column.version}\n\n" + _table(
        ("rule or fault", "what it did", "exit", "its own word"), rows
    )


def _did(outcome: CaseOutcome) -> str:
    """Say what it did, without what is another each time."""
    return "; ".join([_TIMES.sub("", outcome.judged.did), *outcome.judged.wrong])


def _word(words: str) -> str:
    """Return the last line of what it wrote, without what is another each time."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    if not lines:
        return ""
    text = _CHANGING.sub("…", _URL.sub("URL", lines[-1]))
    text = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _code(text: str) -> str:
    quoted = text.replace("`", "'")
    return f"`{quoted}`" if quoted.strip() else ""
