# SPDX-License-Identifier: MIT
"""What several processes tell of the tests is what one tells of them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MODULES = {
    "test_good.py": "def test_one(): pass\ndef test_two(): pass",
    "test_bad.py": """
import pytest

@pytest.fixture
def broken(): raise OSError("no fixture")

@pytest.fixture
def unfinished():
    yield
    raise OSError("no end")

def test_failing(): assert [1, 2] == [1, 3]
def test_broken(broken): pass
def test_unfinished(unfinished): pass
""",
    "test_left.py": """
import pytest

@pytest.mark.skip
def test_skipped(): pass

@pytest.mark.xfail(strict=True)
def test_known(): raise OSError
""",
    "test_unreadable.py": "import nothing_of_this_name",
}


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the tests of a folder."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.support.parts", *arguments, str(folder)],
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTEST_ADDOPTS": "-p no:cacheprovider", "CI": ""},
        capture_output=True,
        text=True,
    )


def told(done: "subprocess.CompletedProcess[str]") -> tuple[int, list[str], str]:
    """How it ended, the lines of each test and error in any order, and how many there were."""
    lines = done.stdout.splitlines()
    each = sorted(line for line in lines if re.match(r"(FAILED|ERROR|SKIPPED|XFAIL|E  ) ", line))
    return done.returncode, each, re.sub(r" in [\d.]+s.*", "", lines[-1]).strip("= ")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some tests of each kind."""
    for name, text in MODULES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("parts", [2, 4])
def test_each_result_is_told(folder: Path, parts: int) -> None:
    """Of a test that fails, too, of one whose fixture fails, and of one that is left out."""
    (folder / "test_unreadable.py").unlink()
    alone = told(run(folder, "--parts", "1"))
    assert alone[2] == "1 failed, 3 passed, 1 skipped, 1 xfailed, 2 errors"
    assert told(run(folder, "--parts", str(parts))) == alone


def test_what_cannot_be_collected_is_told(folder: Path) -> None:
    """Whichever process it falls to: this makes the whole fail."""
    for size in (0, 10_000):
        (folder / "test_unreadable.py").write_text("import nothing_of_this_name\n" + "#" * size)
        done = run(folder, "--parts", "2")
        assert done.returncode != 0
        assert "No module named 'nothing_of_this_name'" in done.stdout


def test_nothing_chosen_here_is_not_nothing_chosen(folder: Path) -> None:
    """One process's choice may be empty; if all are, pytest's own status says so."""
    (folder / "test_unreadable.py").unlink()
    for chosen in ("test_one", "test_known"):
        assert run(folder, "--parts", "2", "-k", chosen).returncode == 0
    assert run(folder, "--parts", "2", "-k", "nothing").returncode == 5


def test_a_process_that_dies_is_told(folder: Path) -> None:
    """With what it printed, as no report says it."""
    (folder / "test_unreadable.py").write_text("#" * 20_000)
    (folder / "test_good.py").write_text("import os\ndef test_it(): os._exit(0)\n" + "#" * 10_000)
    done = run(folder, "--parts", "2", "-k", "test_it")
    assert done.returncode == 1
    assert "test_good.py" in done.stdout
