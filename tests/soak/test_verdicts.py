# SPDX-License-Identifier: MIT
"""kosoku against Autobahn's own program: each of the 517 cases, with and without the lane."""

from pathlib import Path

import pytest

from tests.testsuite.runs import run, verdicts


@pytest.mark.parametrize("options", [(), ("--no-lane",)], ids=["lane", "no lane"])
def test_both_programs_give_the_same_verdicts(tmp_path: Path, options: tuple[str, ...]) -> None:
    """And these are strict."""
    summary = "517 cases: 514 OK, 3 INFORMATIONAL, 0 NON-STRICT, 0 FAILED"
    found: list[dict[str, tuple[str, str]]] = []
    # The original first: without Python 2.7 there is nothing to compare.
    for program in (["--original"], []):
        report = tmp_path / f"report{len(found)}"
        said = run(report, *program, "--", *options)
        assert said.splitlines()[-1].startswith(summary), said
        found.append(verdicts(report))
    assert len(found[0]) == 517
    assert found[0] == found[1]
