# SPDX-License-Identifier: MIT
"""Files are shared among processes."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.support.parts import shares

PATHS = st.integers().map(lambda number: Path(f"test_{number}.py"))


@given(st.dictionaries(PATHS, st.integers(0, 1000)), st.integers(1, 5))
def test_each_file_is_one_processs(sizes: dict[Path, int], number: int) -> None:
    """And nobody has more than one file too many."""
    dealt = shares(sizes, number)
    assert len(dealt) == number
    assert sorted(path for share in dealt for path in share) == sorted(sizes)
    held = [sum(sizes[path] for path in share) for share in dealt]
    assert max(held) - min(held) <= max(sizes.values(), default=0)


def test_all_processes_share_alike() -> None:
    """Whatever the order in which the file system tells of the files."""
    sizes = {Path(name): 1 for name in "abcdefg"}
    assert shares(sizes, 2) == shares(dict(reversed(sizes.items())), 2)
