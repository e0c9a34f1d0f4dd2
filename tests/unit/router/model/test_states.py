# SPDX-License-Identifier: MIT
"""The states of a session ("Session Statechart")."""

from __future__ import annotations

import itertools

import pytest

from tests.unit.router.peers import World
from wsecho.router.model.states import NEXT, Ending, SessionState

WAITING, CLOSED = SessionState.WAITING, SessionState.CLOSED
WAYS = [(state, other) for state, other in itertools.product(SessionState, repeat=2)]


def test_every_state_is_reached_and_every_session_ends() -> None:
    """From WAITING to each of them, and from each of them to CLOSED at once; none leads back."""
    assert set(NEXT) == set(SessionState)
    reached, edge = {WAITING}, [WAITING]
    while edge:
        further = NEXT[edge.pop()] - reached
        reached |= further
        edge += further
    assert reached == set(SessionState)
    assert all(CLOSED in NEXT[state] for state in SessionState if state is not CLOSED)
    assert NEXT[CLOSED] == set()
    assert not any(WAITING in others for others in NEXT.values())


@pytest.mark.parametrize(("state", "other"), WAYS)
def test_a_session_goes_no_other_way(
    world: World, state: SessionState, other: SessionState
) -> None:
    """Not even by a mistake of ours."""
    session = world.raw_peer().session
    session.state = state
    if other in NEXT[state]:
        session._enter(other)
        assert session.state is other
    else:
        with pytest.raises(RuntimeError, match=state.name):
            session._enter(other)
        assert session.state is state


def test_an_ending_is_the_routers_unless_it_is_said_whose() -> None:
    """As doors log it."""
    assert Ending("a.b") == Ending("a.b", None, "router")
