# SPDX-License-Identifier: MIT
"""What `scripts/bench` and `scripts/testsuite` have in common."""

import argparse
import signal
from pathlib import Path

import pytest
from _shared.command import ended, folder, split
from _shared.environment import make_once
from _shared.errors import CannotRunError
from _shared.process import clean_environment


@pytest.fixture(autouse=True)
def _same_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test change what SIGTERM does to pytest."""
    monkeypatch.setattr(signal, "signal", lambda _number, _action: None)


def cannot() -> int:
    """Fail before there is anything to judge."""
    raise CannotRunError("there is no compiler")


def interrupted() -> int:
    """Be ended by Ctrl-C."""
    raise KeyboardInterrupt


class TestCommand:
    """From the arguments to the exit status."""

    def test_a_run_that_came_to_its_end_gives_its_own_status(self) -> None:
        """Such as 1 where something was found."""
        assert ended("scripts/bench", lambda: 1) == 1

    def test_what_cannot_run_is_one_line_and_status_2(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The line names the script."""
        assert ended("scripts/bench", cannot) == 2
        assert capsys.readouterr() == ("", "scripts/bench: there is no compiler\n")

    def test_an_interruption_is_status_130(self, capsys: pytest.CaptureFixture[str]) -> None:
        """As a shell gives it."""
        assert ended("scripts/bench", interrupted) == 130
        assert capsys.readouterr().err == "scripts/bench: interrupted\n"

    def test_the_first_dashes_part_it(self) -> None:
        """What is behind them is the server's, more dashes too."""
        assert split(["a", "--", "b", "--", "c"]) == (["a"], ("b", "--", "c"))
        assert split(["a", "--"]) == (["a"], ())
        assert split(["a"]) == (["a"], ())

    def test_a_folder_is_whole(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever it is relative to."""
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        assert folder("report") == tmp_path.resolve() / "report"
        assert folder("~/report") == tmp_path.resolve() / "home" / "report"

    def test_a_home_of_nobody_is_told(self) -> None:
        """A mistyped name would else be a traceback."""
        with pytest.raises(argparse.ArgumentTypeError, match="'~nobody-of-that-name/x' is in the"):
            folder("~nobody-of-that-name/x")


class TestMakingOnce:
    """Folders that are kept between runs."""

    def test_it_is_made_once_and_again_of_something_else(self, tmp_path: Path) -> None:
        """What was there of an earlier one is gone."""
        home = tmp_path / "cache" / "home"
        for wanted, made in (("a 1", "first"), ("a 1", "not-again"), ("a 2", "second")):
            make_once(home, wanted, [["mkdir", str(home / made)]], "it failed")
            expected = "second" if wanted == "a 2" else "first"
            assert {entry.name for entry in home.iterdir()} == {"complete", expected}

    def test_a_step_that_fails_is_told_with_its_last_lines_and_tried_again(
        self, tmp_path: Path
    ) -> None:
        """The next run does not take the half for the whole."""
        home = tmp_path / "home"
        with pytest.raises(CannotRunError, match=r"(?s)it failed, see .*home\.log:\n.*not-there"):
            make_once(home, "a 1", [["ls", str(home / "not-there")]], "it failed")
        make_once(home, "a 1", [["mkdir", str(home / "made")]], "it failed")
        assert (home / "made").is_dir()


def test_a_clean_environment_has_no_python_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PYTHONPATH for Python 3 would break the testsuite's Python 2."""
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("VIRTUAL_ENV", "/elsewhere")
    environment = clean_environment()
    assert "PYTHONPATH" not in environment
    assert "VIRTUAL_ENV" not in environment
    assert "PATH" in environment
