# SPDX-License-Identifier: MIT
"""Which globs over rooms' names are refused."""

import re
from fnmatch import translate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.wire.globs import check_glob


@pytest.mark.parametrize("glob", ["*", "a", "?", "[a]", "[!a]", "[]]", "[!]]", "[[]", "a]", "[]a]"])
def test_a_glob_that_says_what_it_looks_like(glob: str) -> None:
    """A `]` alone stands for itself."""
    assert check_glob(glob) == glob


@given(glob=st.text("ab[]!*-", min_size=1, max_size=8))
def test_a_glob_is_refused_where_a_bracket_would_stand_for_itself(glob: str) -> None:
    """What `fnmatchcase` makes of it has the bracket escaped, outside a set."""
    stands_for_itself = re.search(r"(?<!\[)\\\[", translate(glob)) is not None
    try:
        check_glob(glob)
    except ValueError:
        assert stands_for_itself
    else:
        assert not stands_for_itself
