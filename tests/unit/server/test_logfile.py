# SPDX-License-Identifier: MIT
"""The log's file, moved away and made anew while it is written."""

import os
from collections.abc import Callable
from contextlib import suppress
from errno import ENOSPC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.server.logfile import LogFile


@given(
    st.lists(
        st.sampled_from(["write", "move", "move and make", "remove and make", "reopen", "truncate"])
    )
)
def test_no_line_is_lost_whoever_moves_the_file(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    """Each is in the file that had the name, whole and in order, when it was written."""
    folder = tmp_path_factory.mktemp("log")
    path = folder / "log"
    file = LogFile(path)
    there, kept = "", ""
    for number, step in enumerate([*steps, "write"]):
        if step == "write":
            file.write(f"{number}\n")
            there += f"{number}\n"
        elif step == "reopen":
            file.reopen()
        elif step == "truncate" and path.exists():
            # As logrotate's copytruncate; what it copies late is its own affair.
            kept, there = kept + there, ""
            os.truncate(path, 0)
        elif path.exists():
            if not step.startswith("remove"):
                path.rename(folder / f"{number}.old")
            else:
                path.unlink()
            kept, there = kept + there, ""
            if step.endswith("make"):
                path.touch()
    file.close()
    assert path.read_text() == there


def test_it_appends(tmp_path: Path) -> None:
    """What is there stays, and what another writes there too."""
    path = tmp_path / "log"
    path.write_text("before\n")
    file = LogFile(path)
    file.write("one\n")
    with path.open("a") as other:
        other.write("other\n")
    file.write("two \ud800\n")
    file.close()
    assert path.read_text() == "before\none\nother\ntwo \\ud800\n"


def test_what_cannot_be_reopened_is_written_on(tmp_path: Path) -> None:
    """Better in the old file than in none."""
    folder = tmp_path / "logs"
    folder.mkdir()
    file = LogFile(folder / "log")
    folder.rename(tmp_path / "moved")
    file.write("a line\n")
    with pytest.raises(FileNotFoundError):
        file.reopen()
    file.write("another\n")
    file.close()
    assert (tmp_path / "moved" / "log").read_text() == "a line\nanother\n"


def test_the_name_stays_the_same_wherever_the_process_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twistd may change its folder after it has read the options."""
    monkeypatch.chdir(tmp_path)
    file = LogFile(Path("log"))
    monkeypatch.chdir("/")
    file.reopen()
    file.write("x")
    file.close()
    assert (tmp_path / "log").read_text() == "x"


@given(st.lists(st.integers(0, 12), max_size=8), st.lists(st.integers(0, 5), max_size=4))
def test_a_disk_that_is_full_for_a_while_joins_no_lines(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], after: list[int]
) -> None:
    """However much of a line it takes: what is written later begins a line of its own."""
    path = tmp_path_factory.mktemp("log") / "log"
    file = LogFile(path)
    file.write("first\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wsecho.server.logfile.os.write", taking(sizes))
        for number in after:
            with suppress(OSError):
                file.write(f"in between {number}\n")
    file.write("last\n")
    file.close()
    lines = path.read_text().splitlines()
    assert lines[0] == "first"
    assert lines[-1] == "last"


def taking(sizes: list[int]) -> Callable[[int, bytes], int]:
    """An `os.write` of a disk that takes so many octets each time, and then none."""
    left, write = list(sizes), os.write

    def some(descriptor: int, octets: bytes) -> int:
        size = left.pop(0) if left else 0
        if not size:
            raise OSError(ENOSPC, os.strerror(ENOSPC))
        return write(descriptor, octets[:size])

    return some
