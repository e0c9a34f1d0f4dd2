# SPDX-License-Identifier: MIT
"""Commands that pages show and no test runs: their names and their options are right."""

import configparser
import re
import shlex
from importlib import import_module

import pytest
from tests.fuzz.feeding import names
from tests.support.documents import ROOT, commands, fences, pages

from wsecho.config.given import Given

PARSERS = {
    "bench": "_bench.command",
    "clients": "_clients.command",
    "testsuite": "_testsuite.command",
    "release": "_release.command",
}


_SECRETS = ["/etc/wsecho/wsecho.toml", "/etc/wsecho/secret"]
# What makes the places that wsecho reads, and turns its log over.
TOOLS = {
    "python3": ["-m", "venv", "/opt/wsecho"],
    "mkdir": ["-p", "/etc/wsecho"],
    "touch": _SECRETS[:1],
    "groupadd": ["--system", "wsecho-secrets"],
    "chgrp": ["wsecho-secrets", *_SECRETS],
    "chmod": ["640", *_SECRETS],
    "logrotate": ["--force", "/etc/logrotate.d/wsecho"],
    "ls": ["-l", "/var/log/wsecho"],
}


def shown() -> list[str]:
    """Each command that is not run."""
    return [
        command
        for page in pages()
        for fence in fences(page)
        if fence.mark == "check: commands"
        for command in commands(fence)
    ]


@pytest.mark.parametrize("command", shown())
def test_a_command_can_be_given(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is shown; where it names another checkout, this one stands in."""
    monkeypatch.chdir(ROOT)
    check(command, shlex.split(command.replace("../before", str(ROOT))))


def check(command: str, words: list[str]) -> None:
    """See that a command can be given, which may have one within."""
    program, *arguments = words
    match program.rpartition("/")[2], arguments:
        case "pip", ["install", wanted]:
            extras = re.fullmatch(r"(?:\.|wsecho)(?:\[([\w,]+)\])?|websockets", wanted)
            assert extras
            setup = configparser.ConfigParser()
            setup.read(ROOT / "setup.cfg")
            there = setup["options.extras_require"]
            assert all(extra in there for extra in (extras[1] or "").split(",") if extra)
        case "python", ["-m", "http.server", *_]:
            pass
        case "fuzz", [*targets, "--seconds", _]:
            assert set(targets) <= set(names())
        case ("bench" | "clients" | "testsuite" | "release") as name, _:
            assert (ROOT / program).is_file()
            assert import_module(PARSERS[name]).parse(arguments)
        case "test", [part, *_]:
            assert part in (ROOT / "scripts/test").read_text()
        case (("test" | "serve" | "docs"), []):
            assert (ROOT / program).is_file()
        case "podman", _:
            check_of_containers(command, words)
        case "curl", _:  # in the fence of a server that is given a file of the page: test_docs.py
            assert "greeter:Greeter" in (ROOT / "docs/howto/application.md").read_text()
        case tool, _ if tool in TOOLS:
            assert arguments == TOOLS[tool]
        case _:
            check_of_system(command, words)


def check_of_system(command: str, words: list[str]) -> None:
    """The same for what starts a server by systemd."""
    match words[0], words[1:]:
        case "sudo", within:
            check(command, within)
        case "systemd-socket-activate", ["--listen", _, "--fdname=http", *within]:
            check(command, within)
        case "wsecho", [*options]:
            assert Given.read(options[options[:1] == ["serve"] :]).load()
        case "cp", [*files, "/etc/systemd/system/"]:
            folder = ROOT / "docs/deploy/systemd"
            assert all((ROOT / file).is_file() or (folder / file).is_file() for file in files)
        case "systemctl", ["daemon-reload"]:
            pass
        case "systemctl", ["enable" | "status" | "restart" | "kill", *rest]:
            units = [word for word in rest if not word.startswith("--")]
            assert units
            assert all((ROOT / "docs/deploy/systemd" / unit).is_file() for unit in units)
        case _:
            pytest.fail(f"nobody knows how to check: {command}")


def check_of_containers(command: str, words: list[str]) -> None:
    """The same for images and what is made of them; a test of its own runs them for long."""
    services = re.findall(r"^  (\w+):$", (ROOT / "compose.yaml").read_text(), re.MULTILINE)
    match words[1], words[2:]:
        case "build", [*options, "."]:
            named = re.findall(r"id=(\w+),", " ".join(options))
            text = (ROOT / "Containerfile").read_text()
            assert all(re.search(rf"id={name}\b", text) for name in named)
        case "run", [*_, "wsecho"]:
            pass
        case "run", [*before, "--listen", place, "--token-key", file]:
            assert before[-1] == "wsecho"
            assert any(f":{file}:" in each for each in before)
            assert Given.read(["--listen", place, "--token-key", file])
        case "stop", ["--time", _, "wsecho"]:
            pass
        case "compose", ["build" | "up", *rest]:
            assert {word for word in rest if not word.startswith("--")} <= set(services)
        case _:
            pytest.fail(f"nobody knows how to check: {command}")


def test_there_are_some() -> None:
    """So that the test above tests something."""
    assert len(shown()) > 20
