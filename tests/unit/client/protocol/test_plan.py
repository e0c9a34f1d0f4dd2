# SPDX-License-Identifier: MIT
"""What a reader of a room asks for."""

import pytest

from wsecho.client.model import Position
from wsecho.client.protocol.plan import EVERYTHING, Plan

AFTER, PLACE = Position("a", 3), Position("b", 7)


@pytest.mark.parametrize(
    ("plan", "asked"),
    [
        (Plan(), (None, None)),
        (Plan(history=5), (None, 5)),
        (Plan(after=AFTER), (AFTER, EVERYTHING)),
        (Plan(after=AFTER, history=0), (AFTER, 0)),
    ],
    ids=range(4),
)
def test_at_first_it_is_what_the_program_wants(
    plan: Plan, asked: tuple[Position | None, int | None]
) -> None:
    """Then it is what follows, or else all that is kept."""
    assert plan.asks_for(None) == asked
    assert plan.asks_for(PLACE) == (PLACE, EVERYTHING)
