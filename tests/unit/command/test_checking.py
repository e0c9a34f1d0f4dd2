# SPDX-License-Identifier: MIT
"""`wsecho check`: what would run, or all that is wrong."""

from pathlib import Path

import pytest

from tests.support.certificates import write_certificate
from wsecho import __version__
from wsecho.command.checking import check_config, describe
from wsecho.command.main import run
from wsecho.config.config import load
from wsecho.config.given import Given


def checked(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """The status, and what is printed, of a check of these options."""
    given = Given.read(words)
    status = check_config(given, given.load())
    return (status, *capsys.readouterr())


def test_check_says_what_would_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a port that is taken for good, or a file that is made."""
    monkeypatch.chdir(tmp_path)
    words = ("--listen", "127.0.0.1:0", "--metrics-listen", "unix:m.sock")
    status, text, _ = checked(capsys, *words, "--log-file", "x.log", "--history", "7")
    assert status == 0
    for part in ("listen: tcp:0:", "metrics-listen: unix:m.sock", "7 messages", "x.log"):
        assert part in text
    assert list(tmp_path.iterdir()) == []


def test_check_says_all_that_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    """Each in a line of its own; the status is the graver one."""
    words = ("--workers", "2", "--token-audience", "x", "--listen", "unix:/nowhere/x")
    status, out, err = checked(capsys, *words)
    assert (status, out) == (2, "")
    named = [line.split(":")[1].split()[0] for line in err.splitlines()]
    assert named == ["--workers", "--token-audience", "--listen"]


def test_one_mistake_has_its_own_status(capsys: pytest.CaptureFixture[str]) -> None:
    """1 for what is only not there now."""
    status, out, err = checked(capsys, "--listen", "unix:/nowhere/x")
    assert (status, out) == (1, "")
    assert err.startswith("wsecho: --listen unix:/nowhere/x: ")
    assert err.count("\n") == 1


def test_a_mistake_is_told_as_the_file_has_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Though it is found long after the file was read."""
    file = tmp_path / "x.toml"
    file.write_text('drain = 1\nlisten = "unix:/nowhere/x"\n')
    _, _, err = checked(capsys, "--config", str(file))
    assert err.startswith(f'wsecho: {file}, line 2: listen = "unix:/nowhere/x": ')


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({}, "  listen: tcp:8080:interface=127.0.0.1"),
        ({}, "  processes: one process"),
        ({"workers": 3}, "  processes: 3 worker processes"),
        ({"history": 7, "history-ttl": 2.5}, "  rooms: in memory; 7 messages for 2.5 s each"),
        ({}, "  tokens: none are asked for"),
        (
            {"ask": "http://app:8000/ask?key=hush"},
            "  application: http://app:8000/ask is asked over HTTP; nothing is signed",
        ),
        (
            {"tell": ["http://app/a?key=hush", "http://app/b"]},
            "  application: http://app/a is told over HTTP; nothing is signed",
        ),
        ({}, "  log: text to standard output"),
        ({"log-format": "json"}, "  log: json to standard output"),
        (
            {"app": ["tests.support.asked:Plain"]},
            "  application: tests.support.asked:Plain, for connecting, joining, publishing",
        ),
    ],
)
def test_what_would_run_is_described(options: dict[str, object], line: str) -> None:
    """Between what it is and that all is well."""
    first, *lines, last = describe(load(options))
    assert first == f"wsecho {__version__} would run with these options:"
    assert line in lines
    assert last == "all is well"


TABLES = """
history-ttl = 5
[rooms."team-*"]
slow = "latest"
history = 50
tell = ["message", "occupied"]
[rooms."*"]
[rooms.never]
history-bytes = "1MiB"
"""

UNDER_TEAM = [
    '  the room team-a falls under [rooms."team-*"]:',
    "    history: 50",
    "    history-ttl: 5",
    "    history-bytes: any number",
    "    max-members: 20000",
    "    slow: latest",
    "    publish: clients",
    "    presence: on",
    "    message-rate: any number",
    "    byte-rate: any number",
    "    ask: join, publish",
    "    tell: occupied, message",
]


def test_what_holds_in_rooms_is_described(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each table by what it gives, and a room by all that holds in it."""
    file = tmp_path / "x.toml"
    file.write_text(f'listen = "127.0.0.1:0"\n{TABLES}')
    words = ["check", "--config", str(file)]
    assert run([*words, "--room=team-a"]) == 0
    lines = capsys.readouterr().out.splitlines()
    begin = lines.index('  [rooms."team-*"]: history 50; slow latest; tell occupied, message')
    assert lines[begin + 1 : begin + 3] == [
        '  [rooms."*"]: as all others',
        '  [rooms."never"]: history-bytes 1048576',
    ]
    assert lines[-len(UNDER_TEAM) - 1 : -1] == UNDER_TEAM
    run([*words, "--room", "team a"])
    assert "  the room 'team a' falls under [rooms.\"*\"]:\n" in capsys.readouterr().out
    run(["check", "--listen", "127.0.0.1:0", "--room", "a"])
    assert "  the room a falls under no table of the file:\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["check", "--room", ".."], "--room ..: a room cannot be named '..'"),
        (["check", "--room", ""], "--room '': the room's name is empty"),
        (["check", "--room"], "--room needs a value"),
        (["serve", "--room", "a"], "there is no option --room"),
    ],
)
def test_a_room_that_cannot_be_is_a_mistake(
    capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
) -> None:
    """Which only this command knows of."""
    with pytest.raises(SystemExit) as caught:
        run(words)
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith(f"wsecho: {complaint}")


def test_what_is_described_has_no_password(tmp_path: Path) -> None:
    """Of Redis its place; of the tokens their keys' files."""
    key = tmp_path / "key.pub"
    key.touch()
    options = {"redis": "redis://:hush-hush@host/3", "token-key": [str(key)]}
    text = "\n".join(describe(load(options)))
    assert "  rooms: in Redis, redis://host:6379/3;" in text
    assert f"  tokens: signed with {key}\n" in text
    assert "hush-hush" not in text


def test_a_certificate_that_is_over_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Though a server would start with it; of one that is good nothing is said."""
    for days, count in (((-1, 1), 0), ((-2, -1), 1)):
        path = write_certificate(tmp_path, 1, days=days)
        for endpoint in (f"ssl:0:privateKey={path}:certKey={path}", f"tls:{tmp_path}:0"):
            status, out, err = checked(capsys, "--listen", endpoint)
            assert status == 0
            assert out.endswith("all is well\n")
            assert err.count("wsecho: warning: the certificate of localhost ended on ") == count


def test_rooms_that_are_everybodys_are_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Though a server would start with them."""
    file = tmp_path / "x.toml"
    file.write_text('listen = "127.0.0.1:0"\n[rooms.news]\npublish = "server"\n')
    status, _, err = checked(capsys, "--config", str(file))
    assert status == 0
    assert err.startswith('wsecho: warning: [rooms."news"]: publish = "server" keeps nobody out')
    assert err.count("\n") == 1
