# SPDX-License-Identifier: MIT
"""README's tables name tests that there are."""

import functools
import re
from pathlib import Path

from wsecho.config.config import OPTIONS, SWITCHES

ROOT = Path(__file__).parents[2]
TOP = re.compile(r"^(?:async def|def|class) (\w+)", re.MULTILINE)
SHOWN_BY = re.compile(r"`([\w/]*\.py)?::(\w+)`")


def rows() -> list[list[str]]:
    """The cells of each row of the tables under "WAMP conformance"."""
    readme = (ROOT / "README.md").read_text()
    section = readme.split("\n## WAMP conformance\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[0] not in {"feature", "---"}]


def shown_by(cell: str) -> list[tuple[Path, str]]:
    """The tests that a cell names; `::name` alone is in the file named before."""
    found, path = [], Path()
    for file, name in SHOWN_BY.findall(cell):
        if file:
            is_elsewhere = file.startswith("tests/")
            path = ROOT / file if is_elsewhere else ROOT / "tests/unit/router" / file
        found.append((path, name))
    return found


@functools.cache
def names(path: Path) -> set[str]:
    """What stands at the top of a module: functions and classes."""
    return set(TOP.findall(path.read_text()))


def test_each_test_that_the_conformance_table_names_exists() -> None:
    """In the file that is named."""
    named = [test for row in rows() for test in shown_by(row[2])]
    assert len(named) > 90
    missing = [(str(path), name) for path, name in named if name not in names(path)]
    assert missing == []


def test_what_works_is_shown_and_what_does_not_is_not() -> None:
    """Each row says yes and names a test, or no."""
    for feature, works, *shown in rows():
        assert bool(shown_by(shown[0])) is not works.startswith("no"), feature


def test_each_test_that_another_table_names_exists() -> None:
    """In some file of the tests."""
    readme = (ROOT / "README.md").read_text().split("\n## WAMP conformance\n")[0]
    rows = [line for line in readme.splitlines() if line.startswith("|")]
    named = {name for row in rows for name in re.findall(r"`(test_\w+)`", row)}
    there = {name for path in (ROOT / "tests").rglob("test_*.py") for name in names(path)}
    assert len(named) > 40
    assert named - there == set()


def test_every_option_is_told_of() -> None:
    """By its full name."""
    readme = (ROOT / "README.md").read_text()
    assert [name for name in [*OPTIONS, *SWITCHES] if f"--{name}" not in readme] == []
