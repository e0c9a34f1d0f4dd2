# SPDX-License-Identifier: MIT
"""What became of each case, as lines for a terminal."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from attrs import field, frozen

from wsecho.config.errors import printable
from wsecho.trying.cases import LabCase
from wsecho.trying.judging import CaseOutcome, Finding

MEASURED = frozenset({"length-huge", "deflate-bomb"})
"""The cases whose memory is of interest."""

_HEAD = ("rule or fault", "level", "verdict", "exit", "memory", "what the client did")


@frozen
class TrialTable:
    """Writes a table line by line, its widths chosen before anything is known.

    Args:
        cases: what will stand in it.
    """

    _cases: Sequence[LabCase]
    _widths: tuple[int, ...] = field(init=False)

    @_widths.default
    def _measure(self) -> tuple[int, ...]:
        names = max((len(case.name) for case in self._cases), default=0)
        findings = max(map(len, Finding))
        return max(names, len(_HEAD[0])), 6, findings, len("SIGABRT"), len("1000 MiB")

    def head(self) -> str:
        """Write the first line."""
        return self._line(_HEAD)

    def row(self, outcome: CaseOutcome) -> str:
        """Write what became of one case."""
        case, judged = outcome.case, outcome.judged
        is_measured = case.name in MEASURED and judged.finding is not Finding.UNTRIED
        memory = f"{outcome.memory / (1 << 20):.0f} MiB" if is_measured else ""
        did = "; ".join((judged.did, *outcome.remarks))
        return self._line((case.name, judged.level, judged.finding, outcome.exit, memory, did))

    def _line(self, cells: Sequence[str]) -> str:
        *narrow, last = cells
        padded = [f"{cell:{width}}" for cell, width in zip(narrow, self._widths, strict=True)]
        return "  ".join([*padded, printable(last)]).rstrip()


def sum_up(outcomes: Iterable[CaseOutcome]) -> Iterator[str]:
    """Write what stands below the table: how many of each, and what was wrong in any of them."""
    found = list(outcomes)
    counts = Counter(outcome.judged.finding for outcome in found)
    levels = Counter(
        outcome.judged.level for outcome in found if outcome.judged.finding is Finding.MISSED
    )
    missed = ", ".join(f"{count} {level}" for level, count in levels.items())
    beside = {Finding.MISSED: f" ({missed})"}
    parts = [
        f"{counts[finding]} {finding}{beside.get(finding, '')}"
        for finding in Finding
        if counts[finding]
    ]
    yield f"{len(found)} cases: {', '.join(parts)}"
    wrong = Counter(what for outcome in found for what in outcome.judged.wrong)
    for what, count in wrong.most_common():
        yield f"wrong in {count} of them, whatever was sent: {printable(what)}"
