# SPDX-License-Identifier: MIT
"""What is written in one step."""

import pytest

from wsecho.bus.journal.records import StoredRoom, Transaction

ROOM = StoredRoom(1, "a", "e", 0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("transaction", "has_any"),
    [
        (Transaction(now=5.0), False),
        (Transaction([ROOM]), True),
        (Transaction(kept=[("s", "n", None)]), True),
    ],
)
def test_one_of_nothing_need_not_be_written(transaction: Transaction, has_any: bool) -> None:
    """Whenever it is."""
    assert bool(transaction) is has_any
