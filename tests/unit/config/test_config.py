# SPDX-License-Identifier: MIT
"""Options and configuration: each mistake is one line that names the option."""

import shlex
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wsecho import __version__
from wsecho.config.config import GROUPS, OPTIONS, Config, ConfigError, load
from wsecho.config.errors import CommandError, UnusableError
from wsecho.config.given import Given
from wsecho.config.options import Options


def parse(*arguments: str) -> Config:
    """The configuration that a command line makes."""
    options = Options()
    options.parseOptions(list(arguments))
    return options.config


def complaint(*arguments: str) -> str:
    """What is said of a bad command line."""
    try:
        given = Given.read(arguments)
    except (CommandError, ConfigError) as error:
        return str(error)
    with pytest.raises(ConfigError) as caught:
        given.load()
    return given.explain(caught.value)


def test_nothing_given_is_the_default() -> None:
    """Loopback only, 16 MiB, compression on."""
    assert parse() == Config()
    assert Config().listen == ("tcp:8080:interface=127.0.0.1",)
    assert Config().max_message_size == 16 * 1024 * 1024


def test_every_option_is_read(tmp_path: Path) -> None:
    """Each from the command line, `--listen` more than once."""
    (tmp_path / "index.html").touch()
    assert parse(
        *("--listen", "tcp:1", "--listen", "unix:/x", "--web", str(tmp_path)),
        *("--reply", "<{data}>", "--max-message-size", "64KiB", "--send-queue", "2m"),
        *("--no-compression", "--auto-ping", "0", "--auto-ping-timeout", "1.5"),
        *("--open-timeout", "3", "--drain", "0", "--log-format", "json"),
    ) == Config(
        listen=("tcp:1", "unix:/x"),
        web=tmp_path,
        reply=b"<{data}>",
        max_message_size=65_536,
        send_queue=2 << 20,
        compression=False,
        auto_ping=0,
        auto_ping_timeout=1.5,
        open_timeout=3,
        drain=0,
        log_format="json",
    )


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--nonsense"], ["nonsense"]),
        (["surplus"], []),
        (["--max-message-size", "-5"], ["--max-message-size -5"]),
        (["--max-message-size", "0"], ["--max-message-size 0"]),
        (["--max-message-size", "9" * 30], ["--max-message-size"]),
        (["--send-queue", "much"], ["--send-queue much"]),
        (["--auto-ping", "-1"], ["--auto-ping -1"]),
        (["--auto-ping-timeout", "0"], ["--auto-ping-timeout 0"]),
        (["--open-timeout", "inf"], ["--open-timeout inf"]),
        (["--open-timeout", "nan"], ["--open-timeout nan"]),
        (["--drain", "soon"], ["--drain soon"]),
        (["--reply", "nothing"], ["--reply nothing", "{data}"]),
        (["--listen", " "], ["--listen"]),
        (["--log-format", "xml"], ["--log-format xml", "json"]),
        (["--web", "/nowhere/at/all"], ["--web /nowhere/at/all", "no such folder"]),
        (["--config", "/nowhere.toml"], ["--config /nowhere.toml"]),
        (["--web", "~0"], ["--web ~0", "no such folder"]),
        (["--token-key", "~0"], ["--token-key ~0", "No such file"]),
        (["--wampcra-secrets", "~0"], ["--wampcra-secrets ~0", "No such file"]),
        (["--config", "~0"], ["--config ~0", "No such file"]),
        (["--config", "~\ud800"], ["--config ~"]),
        (["--config", "\0"], ["--config \\x00"]),
        (["--drain"], ["drain"]),
    ],
)
def test_a_mistake_is_one_line_that_names_the_option(
    arguments: list[str], parts: list[str]
) -> None:
    """No traceback, and a non-zero exit."""
    line = complaint(*arguments)
    assert "\n" not in line
    assert all(part in line for part in parts)


def test_a_path_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` is one's own home folder, for options and files that no shell has read."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "key").touch()
    (tmp_path / "index.html").touch()
    (tmp_path / "wsecho.toml").write_text('token-key = "~/key"\nweb = "~"\n')
    config = parse("--config", "~/wsecho.toml")
    assert config == Config(token_key=(tmp_path / "key",), web=tmp_path)


def test_an_empty_page_folder_is_a_mistake(tmp_path: Path) -> None:
    """A folder without index.html would serve nothing."""
    assert "index.html" in complaint("--web", str(tmp_path))


@given(st.sampled_from(sorted(OPTIONS)), st.one_of(st.text(), st.integers(), st.floats()))
@example("token-key", "~0")
@example("web", "~\0")
def test_any_value_is_read_or_complained_about(name: str, value: object) -> None:
    """No value of any type ends in a traceback."""
    with suppress(ConfigError):
        assert isinstance(load({name: value}), Config)


def test_the_table_has_all_that_a_reference_needs() -> None:
    """Each option with its group, what stands for its value, its default and an example."""
    names = [option.name for group in GROUPS for option in group.options]
    assert len(names) == len(set(names)) > 45
    for group in GROUPS:
        for option in group.options:
            assert option.help.endswith(".")
            assert option.is_switch or (option.metavar and option.shown and option.example)


def test_each_example_can_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read, or lacks only a file."""
    monkeypatch.chdir(tmp_path)
    for group in GROUPS:
        for option in group.options:
            if not option.is_switch:
                [value] = shlex.split(option.example)
                try:
                    option.read(value)
                except UnusableError:
                    continue


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` names ours."""
    with pytest.raises(SystemExit) as caught:
        parse("--version")
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"wsecho {__version__}\n"
