# SPDX-License-Identifier: MIT
"""Files that are read again: all of them, or the old stays."""

from pathlib import Path

import pytest

from wsecho.access.kept import BadFileError, KeptFile


def test_reading_again(tmp_path: Path) -> None:
    """What cannot be read, or used, changes nothing."""
    one, two = tmp_path / "1", tmp_path / "2"
    one.write_text("1")
    two.write_text("2")
    kept = KeptFile((one, two), int)
    assert kept.values == (1, 2)
    one.write_text("3")
    two.write_text("x")
    with pytest.raises(BadFileError, match=f"^{two}: invalid literal"):
        kept.reload()
    assert kept.values == (1, 2)
    two.unlink()
    with pytest.raises(BadFileError, match=f"^{two}: No such file"):
        kept.reload()
    two.write_text("4")
    kept.reload()
    assert kept.values == (3, 4)
