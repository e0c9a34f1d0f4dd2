# SPDX-License-Identifier: MIT
"""`wsecho try-client`: what it takes, and what it ends with."""

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.unit.trying.reports import outcome_of
from wsecho.command import try_client as command
from wsecho.command.try_client import ending_in_order, try_client
from wsecho.trying.cases import LabCase, all_cases
from wsecho.trying.judging import CaseOutcome, Finding
from wsecho.trying.lab_server import CannotTryError

MISSING = "{url} is missing, where the address goes; quote all of it as one word"
CLIENT = f"{sys.executable} client.py {{url}}"
Outcomes = Callable[..., list[Any]]


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> Outcomes:
    """Have these be what becomes of the first cases, and of all others that they pass."""
    asked: list[Any] = []

    def become(*outcomes: CaseOutcome, error: Exception | None = None) -> list[Any]:
        @contextmanager
        def serving() -> Iterator[str]:
            yield "lab"

        class Runner:
            def __init__(self, words: Sequence[str], lab: str) -> None:
                asked.append((words, lab))

            def run(self, cases: Sequence[LabCase], jobs: int) -> Iterator[CaseOutcome]:
                asked.append(([case.name for case in cases], jobs))
                if error is not None:
                    raise error
                yield from outcomes
                for case in cases[len(outcomes) :]:
                    yield outcome_of(case.name)

        monkeypatch.setattr(command, "serving_lab", serving)
        monkeypatch.setattr(command, "ClientRunner", Runner)
        return asked

    return become


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "the following arguments are required: COMMAND"),
        (
            ["ls"],
            f"argument COMMAND: ls: {MISSING}",
        ),
        (
            ["node", "client.mjs", "{url}"],
            f"argument COMMAND: node: {MISSING}",
        ),
        (
            [""],
            f"argument COMMAND: : {MISSING}",
        ),
        (["ls '{url}"], "argument COMMAND: it cannot be split: No closing quotation"),
        (["no-such-program {url}"], "argument COMMAND: there is no program no-such-program"),
        (["/ {url}"], "argument COMMAND: there is no program /"),
        (["{url}"], "argument COMMAND: there is no program {url}"),
        ([CLIENT, "x"], "there is no x"),
        ([CLIENT, "--rule", "x"], "there is no --rule: did you mean --rules?"),
        (
            [CLIENT, "--rules", "mask"],
            "argument --rules: no rule or fault is like mask: did you mean masked?",
        ),
        (
            [CLIENT, "--rules", "%%%"],
            "argument --rules: no rule or fault is like %%%; GET /lab lists them all",
        ),
        *(
            ([CLIENT, "--jobs", jobs], f"argument --jobs: {jobs}: give a whole number from 1 to 64")
            for jobs in ("0", "65", "1.5", "-1", "many", "٣")
        ),
    ],
)
def test_what_means_nothing_is_one_line(
    capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
) -> None:
    """And status 2."""
    with pytest.raises(SystemExit) as caught:
        try_client(words)
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"wsecho try-client: {complaint} (wsecho try-client --help)\n"


def test_a_command_is_split_as_a_shell_does(tried: Outcomes) -> None:
    """But there is none; all cases are tried, one after the other."""
    asked = tried()
    assert try_client([f"{sys.executable} 'my client.py' --at={{url}} $HOME \"a;b\""]) == 0
    assert asked == [
        ([sys.executable, "my client.py", "--at={url}", "$HOME", "a;b"], "lab"),
        ([case.name for case in all_cases()], 1),
    ]


def test_rules_and_jobs_are_chosen(tried: Outcomes, capsys: pytest.CaptureFixture[str]) -> None:
    """Several patterns add to each other; the table has what is chosen."""
    asked = tried()
    words = ["--rules", "rsv[12]", "--rules", "accept=bad", "--jobs", "3", CLIENT]
    assert try_client(words) == 0
    assert asked[1] == (["accept=bad", "rsv1", "rsv2"], 3)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" ")[0] for line in lines] == ["rule", "accept=bad", "rsv1", "rsv2", "3"]


@pytest.mark.parametrize(
    ("name", "finding", "status", "strictly"),
    [
        ("rsv1", Finding.PASSED, 0, 0),
        ("rsv1", Finding.MISSED, 1, 1),
        ("rsv1", Finding.OPEN, 1, 1),
        ("chunked", Finding.MISSED, 1, 1),
        ("control-126", Finding.MISSED, 0, 1),
        ("http=1.0", Finding.MISSED, 0, 0),
        ("deflate-control", Finding.UNTRIED, 0, 0),
    ],
)
def test_the_status_says_whether_something_was_missed(
    tried: Outcomes, name: str, finding: Finding, status: int, strictly: int
) -> None:
    """That it must do or take; or should, where that is asked for."""
    tried(outcome_of(name, finding))
    assert try_client([CLIENT, "--rules", name]) == status
    assert try_client([CLIENT, "--rules", name, "--strict"]) == strictly


@pytest.mark.parametrize(
    ("words", "said"), [("", ""), ("first\nTraceback\nlast \x1b\n", r": last \x1b")]
)
def test_a_command_that_is_no_client_is_said_at_once(
    tried: Outcomes, capsys: pytest.CaptureFixture[str], words: str, said: str
) -> None:
    """With the last that it said, in place of a table."""
    tried(outcome_of("rsv1", Finding.ABSENT, "made no connection", words=words))
    with pytest.raises(SystemExit) as caught:
        try_client([CLIENT])
    assert caught.value.code == f"wsecho try-client: COMMAND made no connection{said}"
    assert capsys.readouterr().out == ""


def test_a_client_that_misses_one_of_many_connections_goes_on(tried: Outcomes) -> None:
    """For it has shown that it is one."""
    tried(outcome_of("rsv1"), outcome_of("rsv2", Finding.ABSENT, "made no connection"))
    assert try_client([CLIENT, "--rules", "rsv?"]) == 1


def test_junit_is_written(tried: Outcomes, tmp_path: Path) -> None:
    """In place of what was there."""
    path = tmp_path / "a.xml"
    path.write_text("old" * 10_000)
    tried(outcome_of("rsv1", Finding.MISSED))
    assert try_client([CLIENT, "--rules", "rsv?", "--junit", str(path)]) == 1
    suite = ET.parse(path).getroot()
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("3", "1")
    assert suite.attrib["name"] == CLIENT.replace("{url}", "'{url}'")


def test_junit_that_cannot_be_written_is_told_first(tried: Outcomes, tmp_path: Path) -> None:
    """Not after minutes."""
    asked = tried()
    path = tmp_path / "none" / "a.xml"
    with pytest.raises(SystemExit) as caught:
        try_client([CLIENT, "--junit", str(path)])
    assert caught.value.code == f"wsecho try-client: {path}: No such file or directory"
    assert asked == []


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (CannotTryError("the lab does not answer: x"), "the lab does not answer: x"),
        (OSError(8, "Exec format error", "./client"), "./client: Exec format error"),
    ],
)
def test_what_cannot_go_on_is_one_line(tried: Outcomes, error: Exception, line: str) -> None:
    """And status 1."""
    tried(error=error)
    with pytest.raises(SystemExit) as caught:
        try_client([CLIENT])
    assert caught.value.code == f"wsecho try-client: {line}"


def test_a_system_that_cannot_is_told_of(tried: Outcomes, monkeypatch: pytest.MonkeyPatch) -> None:
    """As macOS, with an older Python."""
    asked = tried()
    monkeypatch.delattr("os.waitid")
    with pytest.raises(SystemExit) as caught:
        try_client([CLIENT])
    assert caught.value.code == (
        "wsecho try-client: Python 3.13 or later is needed on this system, for os.waitid"
    )
    assert asked == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_in_order(number: int) -> None:
    """By an exception, which has all that was started ended; later it is as it was."""
    with handled_by(number, signal.SIG_DFL):
        with pytest.raises(SystemExit) as caught, ending_in_order():
            signal.raise_signal(number)
        assert caught.value.code == 128 + number
        assert signal.getsignal(number) is signal.SIG_DFL


def test_what_was_ignored_is_ignored_on() -> None:
    """As by nohup."""
    with handled_by(signal.SIGHUP, signal.SIG_IGN), ending_in_order():
        signal.raise_signal(signal.SIGHUP)


@contextmanager
def handled_by(number: int, handler: signal.Handlers) -> Iterator[None]:
    """Have something else be done about a signal meanwhile than what pytest does."""
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)
