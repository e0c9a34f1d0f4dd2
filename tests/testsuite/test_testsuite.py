# SPDX-License-Identifier: MIT
"""The Autobahn testsuite, all 517 cases, strict; its own program runs in `tests/soak`."""

import sys
from pathlib import Path

import pytest

from tests.testsuite.runs import ROOT, run, verdicts

_ALIKE = "[1-9].*,10.*,12.*.[1-5],12.1.11,13.*.1,13.*.2"
"""What does not take minutes, of each group."""


def test_every_case_is_strict(tmp_path: Path) -> None:
    """OK or INFORMATIONAL, no other verdict, on behaviour and on the close alike."""
    said = run(tmp_path)
    summary = "517 cases: 514 OK, 3 INFORMATIONAL, 0 NON-STRICT, 0 FAILED"
    assert said.splitlines()[-1].startswith(summary), said
    assert (tmp_path / "index.html").is_file()
    assert len(verdicts(tmp_path)) == 517


def test_cases_are_strict_without_the_lane(tmp_path: Path) -> None:
    """Those of each group that do not take minutes."""
    said = run(tmp_path, "--cases", _ALIKE, "--", "--no-lane")
    assert " 3 INFORMATIONAL, 0 NON-STRICT, 0 FAILED" in said.splitlines()[-1], said
    assert len(verdicts(tmp_path)) > 300


def test_the_handshake_is_strict(tmp_path: Path) -> None:
    """By cases of our own, with a page on each."""
    said = run(tmp_path, "--handshake")
    assert " 27 INFORMATIONAL, 0 NON-STRICT, 0 FAILED" in said.splitlines()[-1], said
    assert len(verdicts(tmp_path)) > 180
    assert len(list((tmp_path / "cases").glob("*.html"))) == len(verdicts(tmp_path))


@pytest.mark.parametrize("quiet", ["", " quiet"], ids=["asks for reports", "does not"])
def test_a_client_is_tested(tmp_path: Path, quiet: str) -> None:
    """One of another library's, whose verdict is that library's word."""
    client = f"{sys.executable} {ROOT / 'tests' / 'testsuite' / 'echoing.py'} {{url}}{quiet}"
    said = run(tmp_path, "--client", client, "--cases", "1.*,2.*,9.7.1,12.1.1")
    assert said.splitlines()[-1].startswith("29 cases: 29 OK"), said


@pytest.mark.parametrize("original", [False, True])
def test_a_client_that_does_nothing_is_no_result(
    tmp_path: Path, original: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run says what the client said."""
    options = ["--original"] if original else []
    reasons: list[str] = []
    monkeypatch.setattr(pytest, "skip", reasons.append)
    said = run(tmp_path, "--client", "echo no {url}", "--cases", "1.1.1", *options)
    assert len(reasons) == 1
    if not original or "needs Python 2.7" not in said:
        assert "the client ran no case" in said
        assert "no ws://127.0.0.1:" in said
