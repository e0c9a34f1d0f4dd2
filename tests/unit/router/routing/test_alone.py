# SPDX-License-Identifier: MIT
"""A realm without other nodes: it does by itself what is done together elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.router.peers import World
from wsecho.router.model.procedures import Reply

if TYPE_CHECKING:
    from wsecho.router.wire.uris import Match


@pytest.mark.parametrize("match", ["exact", "prefix"])
def test_ids_count_from_1_for_each_kind(world: World, match: Match) -> None:
    """Router scope ("IDs"): whatever they are for."""
    others = world.realm.others
    assert [others.new_id("s", "a", match) for _ in range(3)] == [1, 2, 3]
    assert [others.new_id("r", "a", match) for _ in range(2)] == [1, 2]


def test_all_that_is_known_can_always_be_told(world: World) -> None:
    """There is nobody who could not be reached, nor who had to be told."""
    peer, others = world.peer(), world.realm.others
    others.check()
    others.joined(peer.session)
    others.left(peer.session)
    others.revoke_testaments(peer.session, [])
    assert peer.take() == []
    assert peer.session.is_open


def test_a_testament_that_is_allowed_no_more_is_left_out() -> None:
    """It was allowed when it was made; nobody is left to be told, and nothing fails."""

    class Moody:
        allowed = True

        def allows(self, _session: Any, action: str, *_: Any) -> bool:
            return self.allowed or action != "publish"

        def may_receive(self, *_: Any) -> bool:
            return True

    authorizer = Moody()
    world = World(authorizer=authorizer)
    heir, testator = world.peer(), world.peer()
    heir.subscribe("com.will")
    added = testator.call("wamp.session.add_testament", "com.will", ["x"], {})
    assert added[3:] == []
    authorizer.allowed = False
    testator.session.lost()
    assert heir.events() == []
    assert world.faults == []


def test_a_testament_is_stored_at_once(world: World) -> None:
    """It ends with its session and this node."""
    peer = world.peer()
    peer.result("wamp.session.add_testament", "com.will", ["x"], {})
    [testament] = peer.session.testaments.take()
    assert world.realm.others.store_testament(peer.session, testament) == Reply()
