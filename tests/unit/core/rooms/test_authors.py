# SPDX-License-Identifier: MIT
"""Who said a message: what it is counted for, and what makes two of them one."""

from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.rooms.authors import AUTHOR_COST, Author


def test_one_is_who_has_the_same_id_and_name() -> None:
    """Whatever was written of it."""
    one, two = Author("a", "Ann"), Author("a", "Ann")
    one.written = "{}"
    assert one == two
    assert Author("a") != one
    assert Author("b", "Ann") != one


@given(st.text(max_size=200))
def test_a_name_is_counted_for_what_it_takes(name: str) -> None:
    """Kept twice: as text, and as JSON, which escapes little."""
    author = Author("a" * 16, name)
    assert author.cost >= AUTHOR_COST + 2 * len(name.encode())
    assert Author("a").cost == AUTHOR_COST
