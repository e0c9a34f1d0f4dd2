# SPDX-License-Identifier: MIT
"""`tests/clients.md` says what both client libraries show, and names tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "tests" / "clients.md"
NAMED = re.compile(r"`([^`]+\.(?:py|ts|js|mjs))::([^`]+)`")
NOT_YET = "not yet"
HEADS = (["what happens", "Python", "JavaScript"], ["what is given", "Python", "JavaScript"])


def rows(text: str) -> list[list[str]]:
    """What is shown, and by which tests."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [line for line in lines if line not in HEADS and not line[0].startswith("---")]


def missing(text: str, root: Path = ROOT) -> list[str]:
    """The tests that are named and do not exist."""
    return [f"{path}::{name}" for path, name in NAMED.findall(text) if not has(root / path, name)]


def has(path: Path, name: str) -> bool:
    """Tell whether a file has a test: a function of that name, or in TypeScript that title."""
    if not path.is_file():
        return False
    text = path.read_text()
    if path.suffix == ".py":
        return re.search(rf"^(?:async )?def {re.escape(name)}\(", text, re.MULTILINE) is not None
    return any(f"{quote}{name}{quote}" in text for quote in "\"'`")


def test_each_test_that_is_named_exists() -> None:
    """In the file that is named."""
    assert missing(PAGE.read_text()) == []


@pytest.mark.parametrize(("column", "language"), [(1, "Python"), (2, "JavaScript")])
def test_each_line_names_a_test_or_says_that_there_is_none(column: int, language: str) -> None:
    """Nothing else, so that nothing can be misspelt."""
    told = rows(PAGE.read_text())
    assert len(told) > 20
    odd = [row[0] for row in told if row[column] != NOT_YET and not NAMED.search(row[column])]
    assert odd == [], language


def test_the_python_client_shows_all_of_it() -> None:
    """Each line."""
    assert [row[0] for row in rows(PAGE.read_text()) if row[1] == NOT_YET] == []


def test_a_test_that_is_missing_is_found(tmp_path: Path) -> None:
    """So that the tests above can fail."""
    (tmp_path / "a.py").write_text("async def test_one():\n    ...\n")
    (tmp_path / "b.ts").write_text('test("it is joined", () => {});\n')
    named = "| x | `a.py::test_one` `a.py::test_on` | `b.ts::it is joined` `b.ts::joined` `c.py::x`"
    assert missing(named, tmp_path) == ["a.py::test_on", "b.ts::joined", "c.py::x"]
    assert rows(
        "| what happens | Python | JavaScript |\n| --- | --- | --- |\n| a | b | not yet |\n"
    ) == [["a", "b", "not yet"]]
