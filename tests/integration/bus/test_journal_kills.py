# SPDX-License-Identifier: MIT
"""A process that writes a journal may be killed at any point: the file is whole."""

from pathlib import Path

from tests.support.journal_kills import kill_writers


def test_whoever_writes_may_be_killed_at_any_point(tmp_path: Path) -> None:
    """Nothing committed is lost, nothing stands twice, and there is no gap."""
    assert kill_writers(tmp_path / "data", 15, 7) > 0
