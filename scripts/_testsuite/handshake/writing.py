# SPDX-License-Identifier: MIT
"""The page of the documentation that holds several servers side by side, in Markdown."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from _testsuite.cases import group_of
from _testsuite.results import Verdict

from .case import Case
from .judging import Judged
from .tables import CASES, GROUPS

_BETWEEN = re.compile(r"(<!-- handshakes: from here -->\n).*(\n<!-- to here -->)", re.DOTALL)
_SHOWN = (Verdict.OK, Verdict.INFORMATIONAL, Verdict.NON_STRICT, Verdict.FAILED)
_MARKS = {Verdict.NON_STRICT: "*{}*", Verdict.FAILED: "**{}**"}

Ran = Mapping[str, Mapping[str, Judged]]
"""By server and by case."""


def put_into(page: str, written: str) -> str:
    """Replace what stands between the page's two marks.

    Raises:
        ValueError: it has none.
    """
    replaced, times = _BETWEEN.subn(lambda match: f"{match[1]}{written}{match[2]}", page)
    if times != 1:
        raise ValueError("the page does not have both marks, once")
    return replaced


def write(ran: Ran, versions: Mapping[str, str], day: date) -> str:
    """Write the versions, the counts, and a table for each group of cases."""
    parts = [
        f"Run on {day.day} {day:%B %Y}.",
        _counts(ran, versions),
        *(f"## {title}\n\n{_group(group, ran)}" for group, title in GROUPS.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _counts(ran: Ran, versions: Mapping[str, str]) -> str:
    rows = []
    for server, results in ran.items():
        words = [verdict_of(judged) for judged in results.values()]
        counts = (str(words.count(verdict)) for verdict in _SHOWN)
        rows.append((server, versions.get(server, "as documented here"), *counts))
    return _table(("server", "version", *_SHOWN), rows)


def _group(group: str, ran: Ran) -> str:
    head = ("case, and what is right", *ran)
    rows = [
        (_told(case), *(_cell(results[case.id]) for results in ran.values()))
        for case in CASES.values()
        if group_of(case.id) == group
    ]
    return _table(head, rows)


def _told(case: Case) -> str:
    """Write what is sent, and in a second line what is right: there are columns enough."""
    right = f"{_text(case.right.words)} ({case.level}, {case.rfc})"
    return f"{case.id} {_text(case.title)}<br>{right}"


def verdict_of(judged: Judged) -> Verdict:
    """Give the worse of a case's two verdicts."""
    return max((judged.behavior, judged.closing), key=list(Verdict).index)


def _cell(judged: Judged) -> str:
    stays = "" if judged.closing is Verdict.OK else ", stays"
    return _MARKS.get(verdict_of(judged), "{}").format(f"{judged.short}{stays}")


def _text(text: str) -> str:
    return re.sub(r"([*_\\|])", r"\\\1", text)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
