# SPDX-License-Identifier: MIT
"""A journal whose writers are killed five hundred times."""

from pathlib import Path

from tests.support.journal_kills import kill_writers


def test_whoever_writes_may_be_killed_at_any_point(tmp_path: Path) -> None:
    """Nothing committed is lost, nothing stands twice, and there is no gap."""
    print(f"{kill_writers(tmp_path / 'data', 500, 11)} messages")
