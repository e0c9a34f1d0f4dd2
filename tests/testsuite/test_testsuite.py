# SPDX-License-Identifier: MIT
"""The Autobahn testsuite, all 517 cases, strict."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("options", [(), ("--no-lane",)], ids=["lane", "no lane"])
def test_every_case_is_strict(tmp_path: Path, options: tuple[str, ...]) -> None:
    """OK or INFORMATIONAL, no other verdict, on behaviour and on the close alike."""
    command = [str(ROOT / "scripts" / "testsuite"), "--report", str(tmp_path), "--", *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    summary = done.stdout.splitlines()[-1] if done.stdout else ""
    if done.returncode == 2:
        pytest.skip(f"the testsuite cannot run here: {summary}")
    print(summary)
    assert re.match(r"517 cases: 514 OK, 3 INFORMATIONAL, 0 NON-STRICT, 0 FAILED", summary), (
        done.stdout
    )
    assert done.returncode == 0
    assert (tmp_path / "index.html").is_file()
