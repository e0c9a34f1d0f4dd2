# SPDX-License-Identifier: MIT
"""The command: its help, its version, its statuses."""

import sys
from pathlib import Path

import pytest

from wsecho import __version__
from wsecho.command import main
from wsecho.config.config import GROUPS, reference


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
    ],
)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_is_everywhere(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], flag: str
) -> None:
    """By either name; no line is wider than a terminal."""
    text = said(capsys, *words, flag)
    assert "sage: wsecho" in text
    assert max(map(len, text.splitlines())) <= 100 if words[:1] in {("key",), ("token",)} else 80
    assert said(capsys, "help", *words) == text


@pytest.mark.parametrize("words", [(), ("serve",), ("check",), ("key",), ("token",)])
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


def test_the_table_has_all_that_a_reference_needs() -> None:
    """Each option with its group, what stands for its value, its default and an example."""
    names = [option.name for group in reference() for option in group.options]
    assert len(names) == len(set(names)) > 45
    for group in reference():
        for option in group.options:
            assert option.help.endswith(".")
            assert option.is_switch or (option.metavar and option.shown and option.example)


def test_each_example_can_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read, or lacks only a file."""
    import shlex  # noqa: PLC0415

    from wsecho.config.errors import UnusableError  # noqa: PLC0415

    monkeypatch.chdir(tmp_path)
    for group in GROUPS:
        for option in group.options:
            if not option.is_switch:
                [value] = shlex.split(option.example)
                try:
                    option.read(value)
                except UnusableError:
                    continue


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


def test_check_says_what_would_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a port that is taken for good, or a file that is made."""
    monkeypatch.chdir(tmp_path)
    text = said(
        capsys,
        *("check", "--listen", "127.0.0.1:0", "--metrics-listen", "unix:m.sock"),
        *("--log-file", "x.log", "--history", "7"),
    )
    for part in ("listen: tcp:0:", "metrics-listen: unix:m.sock", "7 messages", "x.log"):
        assert part in text
    assert list(tmp_path.iterdir()) == []


def test_check_says_all_that_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    """Each in a line of its own; the status is the graver one."""
    words = ("check", "--workers", "2", "--token-audience", "x", "--listen", "unix:/nowhere/x")
    assert main.run(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    named = [line.split(":")[1].split()[0] for line in err.splitlines()]
    assert named == ["--workers", "--token-audience", "--listen"]


@pytest.mark.parametrize("grants", [(), ("--join", "x")])
def test_a_token_that_allows_nothing_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], grants: tuple[str, ...]
) -> None:
    """It is made all the same."""
    key = str(tmp_path / "key")
    assert main.run(["key", key]) == 0
    assert main.run(["token", "--key", key, *grants]) == 0
    out, err = capsys.readouterr()
    assert out.count(".") == 2
    assert ("this token allows nothing" in err) is (not grants)
