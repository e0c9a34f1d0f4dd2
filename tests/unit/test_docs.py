# SPDX-License-Identifier: MIT
"""What the documentation says is so: tests, files, errors, and what stands in its fences."""

import ast
import functools
import inspect
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # comes with what builds the documentation
from from_code import http_errors, lab_rules, lab_steps, metrics, options
from from_docstrings import python_api
from from_docstrings import testing_api as api_for_tests

import wsecho.client
from tests.support.documents import ANYTHING, DOCS, ROOT, Fence, fences, pages, prose, quoted
from tests.support.walkthrough import LANGUAGES
from wsecho.access.claims import Claims
from wsecho.access.wampcra import read_logins
from wsecho.config.config import OPTIONS, SWITCHES
from wsecho.config.given import Given
from wsecho.core.lab.chain import read_chain
from wsecho.core.lab.listing import list_lab
from wsecho.core.lab.rules import RULES
from wsecho.core.lab.steps import STEPS
from wsecho.core.lab.values import Bounds
from wsecho.core.wire.errors import CloseCode
from wsecho.testing import EchoServer
from wsecho.trying.cases import all_cases

TOP = re.compile(r"^(?:async def|def|class) (\w+)", re.MULTILINE)
SHOWN_BY = re.compile(r"`([\w/]*\.py)?::(\w+)`")
LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]*)?\)")
DIRECTIVES = {"{toctree}", "{image}", "{include}", "{literalinclude}"}
READ_HERE = {"json", "toml", "yaml", "go", "rust"}
BY_OTHER_TESTS = {*LANGUAGES, "nginx", "haproxy", "html", "ini", "logrotate"}
MARKS = {
    *("", "check: commands", "check: refused", "check: secrets"),
    *("check: pytest", "check: pytest-asyncio"),
}


def everything() -> list[Fence]:
    """Every fence of every page but directives, which Sphinx checks."""
    found = [fence for page in pages() for fence in fences(page)]
    return [fence for fence in found if fence.language not in DIRECTIVES]


def test_each_fence_is_checked() -> None:
    """By somebody, for each language; plain text is said to be such, and needs to be rare."""
    plain = [fence for fence in everything() if fence.mark == "plain"]
    assert [fence.place for fence in plain if fence.language != "text"] == []
    assert len(plain) < 5
    checked = READ_HERE | BY_OTHER_TESTS
    unknown = [
        fence.place
        for fence in everything()
        if fence not in plain and (fence.language not in checked or fence.mark not in MARKS)
    ]
    assert unknown == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_all_code_is_in_fences(page: Path) -> None:
    """That begin their line: what else would be code, nothing checks."""
    other = re.compile(r" {4,}(?! *[-*\d])|\s+`{3}|\s*(~{3}|:{3}|<pre|<code)")
    assert [line for line in prose(page).splitlines() if other.match(line)] == []


def test_the_changelog_has_no_code() -> None:
    """It is in the documentation, and is no page of it."""
    assert fences(ROOT / "CHANGELOG.md") == []


def of(language: str) -> list[Fence]:
    """The fences of a language."""
    return [fence for fence in everything() if fence.language == language]


@pytest.mark.parametrize("fence", of("json"), ids=lambda fence: fence.place)
def test_json_is_a_token_s_claims(fence: Fence) -> None:
    """Which a server takes."""
    assert Claims.read(json.loads(fence.text)).grants


@pytest.mark.parametrize("fence", of("toml"), ids=lambda fence: fence.place)
def test_toml_can_be_used(fence: Fence, tmp_path: Path) -> None:
    """As options, or as secrets for WAMP-CRA."""
    if fence.mark == "check: secrets":
        assert read_logins(fence.text.encode())
    else:
        file = tmp_path / "wsecho.toml"
        file.write_text(fence.text)
        assert Given.read(["--config", str(file)]).load()


def pipelines() -> list[Fence]:
    """The fences that a CI is told by."""
    return of("yaml")


def said_to_wsecho(told: Any) -> Iterator[list[str]]:
    """The words that a pipeline gives a server: behind its name in a line, or as a list."""
    match told:
        case dict():
            for name, value in told.items():
                if name == "command":
                    yield value
                else:
                    yield from said_to_wsecho(value)
        case list():
            for one in told:
                yield from said_to_wsecho(one)
        case str() if found := re.search(r"wsecho (--[^>&]*)", told):
            yield shlex.split(found[1])


@pytest.mark.parametrize("fence", pipelines(), ids=lambda fence: fence.place)
def test_a_pipeline_starts_a_server_that_has_its_lab(fence: Fence) -> None:
    """By options that there are; beyond loopback it is asked for."""
    [words] = said_to_wsecho(yaml.safe_load(fence.text))
    config = Given.read(words).load()
    assert config.lab is not ("127.0.0.1" in " ".join(words))


TESTED = DOCS / "howto/test-your-client.md"
CHAIN = re.compile(r"/lab/([^\s`\"'|?)]+)")


def chains() -> list[str]:
    """The chains that the page of the lab names, but for the one that is refused."""
    shown = [prose(TESTED), *(f.text for f in fences(TESTED) if f.mark != "check: refused")]
    found = {chain for text in shown for chain in CHAIN.findall(text)}
    return sorted(one for one in found if not one.startswith("report") and "STEP" not in one)


@pytest.mark.parametrize("chain", [one for one in chains() if "…" not in one])
def test_each_chain_that_the_page_of_the_lab_names_is_right(chain: str) -> None:
    """In whatever language it stands."""
    assert read_chain(f"/lab/{chain}", Bounds(16 << 20, 60.0)).text == chain


def test_a_bug_is_linked_by_its_name() -> None:
    """The project and the number are those of the address."""
    linked = re.findall(r"\[([^]#]+)#(\d+)\]\((https://github\.com/[^)]+)\)", TESTED.read_text())
    assert len(linked) > 50
    for project, number, address in linked:
        assert re.fullmatch(
            rf"https://github\.com/[\w-]+/{re.escape(project)}/(?:issues|pull)/{number}", address
        )


def rows(page: Path) -> list[list[str]]:
    """The cells of each row of a page's tables."""
    lines = [line for line in prose(page).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def conformance() -> list[list[str]]:
    """The rows that say what of WAMP works."""
    found = rows(DOCS / "reference/conformance.md")
    return [row for row in found if row[0] not in {"feature", "---"}]


def shown_by(cell: str) -> list[tuple[Path, str]]:
    """The tests that a cell names; `::name` alone is in the file named before."""
    found, path = [], Path()
    for file, name in SHOWN_BY.findall(cell):
        if file:
            is_elsewhere = file.startswith("tests/")
            path = ROOT / file if is_elsewhere else ROOT / "tests/unit/router" / file
        found.append((path, name))
    return found


@functools.cache
def names(path: Path) -> set[str]:
    """What stands at the top of a module: functions and classes."""
    return set(TOP.findall(path.read_text()))


def test_each_test_that_the_conformance_table_names_exists() -> None:
    """In the file that is named."""
    named = [test for row in conformance() for test in shown_by(row[2])]
    assert len(named) > 90
    missing = [(str(path), name) for path, name in named if name not in names(path)]
    assert missing == []


def test_what_works_is_shown_and_what_does_not_is_not() -> None:
    """Each row says yes and names a test, or no."""
    for feature, works, *shown in conformance():
        assert bool(shown_by(shown[0])) is not works.startswith("no"), feature


def test_each_test_that_a_page_names_exists() -> None:
    """In some file of the tests."""
    named = {name for page in pages() for name in re.findall(r"`(test_\w+)`", prose(page))}
    there = {name for path in (ROOT / "tests").rglob("test_*.py") for name in names(path)}
    assert len(named) > 40
    assert named - there == set()


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_each_file_that_a_page_names_exists(page: Path) -> None:
    """Where it begins with a folder of this checkout."""
    folders = ("server/", "tests/", "scripts/", "docs/", "web/")
    named = [code.split()[0] for code in quoted(prose(page)) if code.startswith(folders)]
    missing = [name for name in named if not (ROOT / name.partition("::")[0]).exists()]
    assert [name for name in missing if "dist" not in name] == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_each_link_to_a_file_leads_somewhere(page: Path) -> None:
    """For whoever reads the source; Sphinx checks the places inside a page."""
    linked = [file for file, _ in LINK.findall(prose(page)) if file and "//" not in file]
    assert [file for file in linked if not (page.parent / file).exists()] == []


def test_every_page_can_be_reached() -> None:
    """From the front page, by the lists of pages."""
    reached, waiting = set(), [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        for fence in fences(page):
            if fence.language == "{toctree}":
                lines = [line for line in fence.text.splitlines() if line and line[0] != ":"]
                waiting += [page.parent / f"{line}.md" for line in lines]
    assert reached == set(DOCS.rglob("*.md"))


def test_readme_is_short() -> None:
    """So that it is read."""
    readme = (ROOT / "README.md").read_text()
    assert len(readme.splitlines()) <= 120
    assert len(readme.split()) <= 700


def test_every_option_is_written() -> None:
    """By its full name, with what it does and its default."""
    text = options()
    assert [name for name in [*OPTIONS, *SWITCHES] if f"### `--{name}`\n" not in text] == []
    assert text.count("Default: ") == text.count("Example: ") == len(OPTIONS) + len(["config"])


def test_every_error_and_metric_is_written() -> None:
    """In tables, those of Redis and of workers among them."""
    assert (
        "| 503 | `bus_unavailable` | Redis cannot be reached; nothing was done. |" in http_errors()
    )
    assert "| `wsecho_messages_total` | counter | `door`, `direction` |" in metrics()
    assert "| `wsecho_bus_up` | gauge |" in metrics()
    assert "| `wsecho_worker_connections` | gauge | `worker` |" in metrics()


def test_all_that_the_python_client_offers_is_written() -> None:
    """Each name, each argument with what it means, each error with its code."""
    text = python_api()
    assert [name for name in wsecho.client.__all__ if f"`{name}" not in text] == []
    arguments = inspect.signature(wsecho.client.connect).parameters
    assert [name for name in arguments if f"\n| `{name}` | " not in text] == []
    assert "| `Gap` | `gap` | Messages are missing" in text
    assert "### `async for message in room`" in text


def test_all_that_a_server_for_tests_offers_is_written() -> None:
    """Each name, and what it takes."""
    text = api_for_tests()
    offered = [name for name in vars(EchoServer) if not name.startswith("_")]
    assert [name for name in ["url", "serving", *offered] if f"`{name}" not in text] == []
    assert "`lab(*steps)`" in text
    assert "`report(url, wait=5.0)`" in text
    assert "| `LookupError` | nobody came there. |" in text


def test_every_step_and_rule_of_the_lab_is_written() -> None:
    """In tables, by its phase."""
    steps, rules = lab_steps(), lab_rules()
    assert [kind.name for kind in STEPS.values() if f"| `{kind.example}` |" not in steps] == []
    assert [name for name in RULES if f"| `{name}` |" not in rules] == []
    assert "| `trickle=5ms` | answers octet by octet, so far apart |" in steps


def test_the_matrix_of_clients_has_every_rule_and_fault() -> None:
    """That the lab lists, in their order, for nine clients; `scripts/clients --write` writes it."""
    found = rows(DOCS / "reference/clients-matrix.md")
    begin = found.index(next(row for row in found if row[:2] == ["rule or fault", "level"]))
    verdicts = found[begin + 2 : begin + 2 + len(all_cases())]
    assert [row[:2] for row in verdicts] == [
        [f"`{case.name}`", case.expected.level] for case in all_cases()
    ]
    assert {len(row) for row in verdicts} == {len(found[begin])} == {2 + 9}
    assert all(re.search(r" \d+\.\d", head) for head in found[begin][2:])
    listed = list_lab(Bounds(1 << 20, 60.0))
    names = {row[0].strip("`") for row in verdicts}
    assert {rule["name"] for rule in listed["rules"]} <= names
    judged = {step["name"] for step in listed["steps"] if step["client"]}
    assert judged == {name.partition("=")[0] for name in names} - RULES.keys()
    # What each client said has the same rows.
    said = [
        row[0]
        for row in found[begin + 2 + len(all_cases()) :]
        if row[0] in {f"`{name}`" for name in names}
    ]
    assert said == [row[0] for row in verdicts] * 9


def test_each_miss_of_the_matrix_leads_to_what_was_sent() -> None:
    """And each must and take that is missed is one; none of the cells is empty or unknown."""
    text = (DOCS / "reference/clients-matrix.md").read_text()
    links = re.findall(r"\[\*\*no\*\*\]\(#([\w-]+)\)", text)
    assert sorted(links) == sorted(re.findall(r"^\(([\w-]+)\)=$", text, re.MULTILINE))
    assert len(set(links)) == len(links) > 10
    verdicts = text.partition("## What was missed")[0].splitlines()
    for line in verdicts:
        if line.startswith("| `"):
            level, *cells = re.split(r" (?<!\\)\| ", line.strip("| "))[1:]
            words = {re.sub(r"\]\(.*\)|, \d+ MiB|[\[*]", "", cell) for cell in cells}
            assert words <= {"yes", "no", "-"}, line
            if level in {"must", "take"}:
                assert not [cell for cell in cells if cell.startswith("no")], line


def test_each_metric_that_a_page_names_is_written() -> None:
    """By its full name, or by the beginning that several have."""
    text = metrics()
    named = {code for page in pages() for code in quoted(prose(page))}
    named = {code.partition("{")[0].rstrip("…") for code in named if code.startswith("wsecho_")}
    assert len(named) > 15
    assert [name for name in named if f"`{name}" not in text] == []


def test_every_close_code_is_told_of() -> None:
    """Under its name."""
    told = {(row[0], row[1]) for row in rows(DOCS / "reference/errors.md")}
    assert {(str(int(code)), code.name) for code in CloseCode} - told == set()


@functools.cache
def said_by_the_code() -> str:
    """Every text that stands in the server's source, with its line breaks joined."""
    found = []
    for path in (ROOT / "server/wsecho").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
                value = node.value
                found.append(value if isinstance(value, str) else value.decode(errors="ignore"))
    return "\n".join(found)


def symptoms() -> list[str]:
    """What somebody sees when something is wrong."""
    lines = (DOCS / "operate/troubleshooting.md").read_text().splitlines()
    return [line.strip("# `") for line in lines if line.startswith("### ")]


@pytest.mark.parametrize("symptom", symptoms())
def test_each_symptom_exists(symptom: str) -> None:
    """As an error or a line of the log, but for what differs each time."""
    parts = [part.strip() for part in symptom.split(ANYTHING)]
    assert max(map(len, parts)) > 6
    assert [part for part in parts if part not in said_by_the_code()] == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_who_installs_what_a_page_says_can_do_what_it_says(page: Path) -> None:
    """Each extra that its commands and options need is among those that it has installed."""
    text = page.read_text()
    installed = re.findall(r"pip install '?(?:wsecho|\.)(\[[\w,]*\])?", text)
    if not installed:
        return
    extras = {extra for one in installed for extra in one.strip("[]").split(",")}
    needed = {"redis": r"redis = \"|--redis redis", "tls": r"--listen (?:ssl|tls):"}
    assert {name for name, use in needed.items() if re.search(use, text)} - extras == set()
