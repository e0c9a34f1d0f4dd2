# SPDX-License-Identifier: MIT
"""Runs of `scripts/testsuite`, and what they came to."""

import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(report: Path, *arguments: str) -> str:
    """Run it to its end, and give what it said.

    Args:
        report: where its report goes.
        arguments: of its command line.
    """
    command = [str(ROOT / "scripts" / "testsuite"), "--report", str(report), *arguments]
    # Errors stand between the lines, so that the last line says why it could not run.
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode == 2:
        pytest.skip(f"the testsuite cannot run here: {done.stdout.splitlines()[-1]}")
    print(done.stdout.splitlines()[-1])
    return done.stdout


def verdicts(report: Path) -> dict[str, tuple[str, str]]:
    """Give each case's behaviour, and how it closed, from a report."""
    [cases] = json.loads((report / "index.json").read_text()).values()
    return {case: (entry["behavior"], entry["behaviorClose"]) for case, entry in cases.items()}
