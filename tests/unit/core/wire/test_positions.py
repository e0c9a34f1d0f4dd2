# SPDX-License-Identifier: MIT
"""Positions on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.wire.errors import BadRequest
from wsecho.core.wire.positions import MAX_OFFSET, Position

EPOCHS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)


@given(EPOCHS, st.integers(0, MAX_OFFSET))
def test_a_position_is_read_as_it_was_written(epoch: str, offset: int) -> None:
    """`epoch:offset`, there and back."""
    assert Position.parse(str(Position(epoch, offset))) == Position(epoch, offset)


@pytest.mark.parametrize(
    "text",
    [
        *("", "e", "e:", ":1", "e:01", "e:-1", "e:1.0", "e:\u0661", "e:1\n", "é:1", "e:1:2"),
        *(f"e:{MAX_OFFSET + 1}", "e" * 65 + ":1", "e:" + "9" * 400),
    ],
)
def test_what_is_no_position_is_refused(text: str) -> None:
    """Leading zeros, other digits, too large: nothing is guessed."""
    with pytest.raises(BadRequest):
        Position.parse(text)


@given(st.text())
def test_any_text_is_a_position_or_refused(text: str) -> None:
    """And what is one is written the same way again."""
    try:
        position = Position.parse(text)
    except BadRequest:
        return
    assert str(position) == text
