# SPDX-License-Identifier: MIT
"""The bounded queue of one peer, against a list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from wsecho.core.limits.sendqueue import ENTRY_COST, SendQueue

BOUND = 1000


class QueueMachine(RuleBasedStateMachine):
    """Pushes what has room, pops, puts back, takes out and clears, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: SendQueue[bytes] = SendQueue(BOUND)
        self.model: list[bytes] = []

    @rule(piece=st.binary(max_size=400))
    def push_if_room(self, piece: bytes) -> None:
        """A piece enters if the model says that it is within the bound."""
        held = sum(len(other) + ENTRY_COST for other in self.model)
        fits = not self.model or held + len(piece) + ENTRY_COST <= BOUND
        assert self.queue.has_room(len(piece)) is fits
        if fits:
            self.queue.push(piece)
            self.model.append(piece)

    @precondition(lambda self: self.model)
    @rule()
    def pop(self) -> None:
        """The first in is the first out."""
        assert self.queue.pop() == self.model.pop(0)

    @rule(number=st.integers(0, 3))
    def put_back(self, number: int) -> None:
        """What could not be sent goes in front again, and passes the bound."""
        taken = [self.queue.pop() for _ in self.model[:number]]
        assert taken == self.model[:number]
        self.queue.put_back(taken)

    @rule(odd=st.booleans())
    def take_out(self, *, odd: bool) -> None:
        """Whatever is chosen goes, and the rest keeps its order."""
        taken = self.queue.take_out(lambda piece: len(piece) % 2 == odd)
        assert taken == [piece for piece in self.model if len(piece) % 2 == odd]
        self.model = [piece for piece in self.model if len(piece) % 2 != odd]

    @rule()
    def clear(self) -> None:
        """All can be dropped."""
        self.queue.clear()
        self.model.clear()

    @invariant()
    def the_size_is_what_is_held(self) -> None:
        """The size never drifts from the pieces."""
        assert self.queue.size == sum(len(piece) + ENTRY_COST for piece in self.model)
        assert bool(self.queue) is bool(self.model)


def test_a_queue_does_as_a_list_does() -> None:
    """First in, first out, within its bound."""
    run_state_machine_as_test(QueueMachine)


@given(st.integers(1, 10_000))
def test_one_piece_of_any_size_passes_an_empty_queue(length: int) -> None:
    """The bound is checked before a piece is added, and an empty queue has room."""
    queue: SendQueue[bytes] = SendQueue(1)
    assert queue.has_room(length)
    queue.push(b"x" * length)
    assert not queue.has_room(0)


def test_an_empty_queue_has_nothing_to_give() -> None:
    """Popping nothing is an error, not silence."""
    with pytest.raises(IndexError):
        SendQueue(1).pop()
