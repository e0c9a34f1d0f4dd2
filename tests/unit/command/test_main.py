# SPDX-License-Identifier: MIT
"""The command: its help, its version, its statuses."""

import sys

import pytest

from wsecho import __version__
from wsecho.command import main
from wsecho.config.config import GROUPS


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command prints that ends well."""
    try:
        status: object = main.run(words)
    except SystemExit as end:
        status = end.code
    assert status == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


@pytest.mark.parametrize(
    "words",
    [
        *[(), ("serve",), ("check",), ("key",), ("token",)],
        *[("tail",), ("say",), ("try-client",)],
    ],
)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_is_everywhere(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], flag: str
) -> None:
    """By either name; no line is wider than a terminal."""
    text = said(capsys, *words, flag)
    assert "sage: wsecho" in text
    widest = 80 if words in {("serve",), ("check",)} else 100
    assert max(map(len, text.splitlines())) <= widest
    assert said(capsys, "help", *words) == text


@pytest.mark.parametrize(
    "words",
    [(), *((name,) for name in ("serve", "check", "key", "token", "tail", "say", "try-client"))],
)
def test_version_is_everywhere(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    """As one line."""
    assert said(capsys, *words, "--version") == f"wsecho {__version__}\n"


def test_help_is_asked_for_by_group_and_by_option(capsys: pytest.CaptureFixture[str]) -> None:
    """Of the command that serves, named or not."""
    everything = said(capsys, "serve", "--help")
    for group in GROUPS:
        text = said(capsys, "serve", "--help", group.name)
        assert text == said(capsys, "--help", group.name)
        assert text in everything
        assert text.startswith(f"{group.title}: {group.text}\n")
        for option in group.options:
            assert said(capsys, "--help", option.name) in text
            assert said(capsys, "--help", f"--{option.name}") in text


def test_nothing_to_write_to_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pipe whose reader is gone ends it, as it ends others."""

    def broken(_: str) -> int:
        raise BrokenPipeError

    monkeypatch.setattr(sys, "argv", ["wsecho", "--help"])
    monkeypatch.setattr(sys.stdout, "write", broken)
    with pytest.raises(SystemExit) as caught:
        main.main()
    assert caught.value.code == 141
    assert capsys.readouterr().err == ""
