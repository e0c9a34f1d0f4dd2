# SPDX-License-Identifier: MIT
"""One report of a whole run: an index, in HTML and JSON, over the pages the clients wrote.

DIR/index.html      a table for each group
DIR/index.json      the same in the form that the testsuite gives it
DIR/cases/          the testsuite's own page on each case, and its JSON
DIR/server.log      what our own server said
"""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import groupby
from pathlib import Path
from string import Template

from _shared.errors import CannotRunError

from .cases import Catalogue, group_of
from .results import Result, Verdict, count, summary

_CONTENTS = {"index.html", "index.json", "cases", "server.log"}
_TEMPLATE = Path(__file__).with_name("report.html")


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above the tables."""

    agent: str
    about: str
    """The server's URL, when it ran and for how long."""


def check_place(folder: Path) -> None:
    """Refuse a folder that holds anything but an earlier report, for writing replaces it.

    Raises:
        CannotRunError: It does, or cannot be written or replaced.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        strangers = {entry.name for entry in folder.iterdir()} - _CONTENTS
    except FileNotFoundError:
        strangers = set()
    except OSError as error:
        raise CannotRunError(f"--report {folder}: {error.strerror}") from None
    if strangers:
        raise CannotRunError(
            f"--report {folder}: holds '{min(strangers)}', which is no part of a report;"
            " give a new or empty folder"
        )
    if folder.is_mount() or not os.access(folder.parent, os.W_OK):
        raise CannotRunError(f"--report {folder}: cannot be replaced as a whole; give one below it")


def write(
    folder: Path, heading: Heading, results: Sequence[Result], catalogue: Catalogue, log: Path
) -> None:
    """Write the report beside its place and swap it in, so that nobody sees half of one."""
    new = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    try:
        (new / "cases").mkdir(parents=True)
        placed = [_place(result, new) for result in results]
        (new / "index.json").write_text(_index_json(heading.agent, placed))
        page = render(heading, placed, catalogue)
        (new / "index.html").write_text(page, encoding="utf-8")
        if log.exists():
            shutil.move(log, new / "server.log")
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _place(result: Result, report: Path) -> Result:
    """Move a case's two files into the report."""
    if result.page is None:
        return result
    page = Path(result.page)
    for file in (page, page.with_suffix(".json")):
        shutil.move(file, report / "cases" / file.name)
    return replace(result, page=f"cases/{page.name}")


def _index_json(agent: str, results: Sequence[Result]) -> str:
    entries = {
        result.case: {
            "behavior": result.behavior,
            "behaviorClose": result.behavior_close,
            "remoteCloseCode": result.remote_close_code,
            "duration": result.duration,
            "reportfile": result.page and result.page.removesuffix(".html") + ".json",
        }
        for result in results
    }
    return json.dumps({agent: entries}, indent=2) + "\n"


def render(heading: Heading, results: Sequence[Result], catalogue: Catalogue) -> str:
    """Give the index as one page that needs nothing else, and no network."""
    counts = count(results)
    shown = [verdict for verdict in Verdict if counts[verdict]]
    trouble = [result for result in results if not result.verdict.passes]
    tables = [
        _table(group, list(members), catalogue)
        for group, members in groupby(results, key=lambda result: group_of(result.case))
    ]
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        agent=escape(heading.agent),
        about=escape(heading.about),
        summary=escape(summary(results)),
        counts="".join(f"<li>{_badge(word)} {counts[word]}</li>" for word in shown),
        trouble=_trouble(trouble),
        tables="\n".join(tables),
    )


def _trouble(results: Sequence[Result]) -> str:
    if not results:
        return ""
    links = " ".join(f'<a href="#c{result.case}">{result.case}</a>' for result in results)
    return f"<p><strong>Did not pass:</strong> {links}</p>"


def _table(group: str, results: Sequence[Result], catalogue: Catalogue) -> str:
    passed = all(result.verdict.passes for result in results)
    rows = "\n".join(
        _row(result, catalogue.descriptions.get(result.case, "")) for result in results
    )
    return (
        f'<section class="{"passed" if passed else "trouble"}">'
        f"<h2>{group} <small>{escape(catalogue.title(group))}</small></h2>\n<table>\n"
        "<thead><tr><th>Case<th>What it does<th>Behaviour<th>Closing<th>Code<th>Time</tr></thead>\n"
        f"<tbody>\n{rows}\n</tbody></table></section>"
    )


def _row(result: Result, description: str) -> str:
    link = f'<a href="{result.page}">{result.case}</a>' if result.page else result.case
    again = ' <small title="run again alone after a time-out">2nd try</small>'
    code = "" if result.remote_close_code is None else result.remote_close_code
    return (
        f'<tr id="c{result.case}" class="{"passed" if result.verdict.passes else "trouble"}">'
        f"<td>{link}{again if result.second_try else ''}<td>{escape(description)}"
        f"<td>{_badge(result.behavior)}<td>{_badge(result.behavior_close)}"
        f"<td>{code}<td>{result.duration:,} ms</tr>"
    )


def _badge(word: str) -> str:
    kind = word.lower() if word in set(Verdict) else "failed"
    return f'<span class="badge {kind}">{escape(word)}</span>'
