# SPDX-License-Identifier: MIT
"""`python -m wsecho`."""

import sys

import pytest

from wsecho import __main__ as command
from wsecho import credentials


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The command lines that twistd was run with."""
    lines: list[list[str]] = []
    monkeypatch.setattr(command, "run", lambda: lines.append(list(sys.argv)))
    return lines


@pytest.mark.parametrize("rest", [[], ["--listen", "tcp:1"], ["--help"], ["--config", "token"]])
def test_it_is_twistd_in_the_foreground(
    rest: list[str], ran: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a pid file, so that several can be started from one folder."""
    monkeypatch.setattr(sys, "argv", ["python -m wsecho", *rest])
    command.main()
    assert ran == [["twistd", "--nodaemon", "--pidfile=", "wsecho", *rest]]


@pytest.mark.parametrize("name", ["token", "key"])
def test_some_words_are_commands_of_their_own(
    name: str, ran: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They start no server."""
    asked: list[list[str]] = []
    monkeypatch.setattr(credentials, "run", asked.append)
    monkeypatch.setattr(sys, "argv", ["python -m wsecho", name, "--help"])
    command.main()
    assert (asked, ran) == ([[name, "--help"]], [])
