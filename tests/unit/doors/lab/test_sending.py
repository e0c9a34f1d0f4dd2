# SPDX-License-Identifier: MIT
"""JSON that is written in pieces."""

import json

from hypothesis import given
from hypothesis import strategies as st

from wsecho.doors.lab.sending import PIECE, json_pieces


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_pieces_are_the_value(value: object) -> None:
    """In JSON, with a line feed behind it."""
    assert (
        b"".join(json_pieces([value])) == json.dumps([value], ensure_ascii=False).encode() + b"\n"
    )


def test_each_piece_is_made_as_it_is_asked_for() -> None:
    """None is much longer than a piece."""
    numbers = list(range(100_000))
    pieces = json_pieces(numbers)
    first = next(pieces)
    assert PIECE <= len(first) < PIECE + 100
    numbers.clear()
    assert next(pieces) == b"]\n"
    assert next(pieces, None) is None
