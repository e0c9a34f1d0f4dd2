# SPDX-License-Identifier: MIT
"""A realm: who comes and goes, what it announces, and what it serves by itself."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.unit.router.meta.watching import watcher
from tests.unit.router.peers import EVENT, World
from wsecho.router import Reply, WampError


def test_who_leaves_twice_is_cleared_up_once(world: World) -> None:
    """The record of the second end changes nothing that others see."""
    watching, peer = watcher(world, "wamp.session.on_leave"), world.peer()
    for _ in range(2):
        world.realm.leave(peer.session)
    assert len(watching.events()) == 1


def test_sessions_that_end_one_another_are_cleared_up_in_turn() -> None:
    """A send may end a further session, and that another: never one within the other."""
    world = World()
    watching = watcher(world, "wamp.session.on_leave")
    peers = [world.peer() for _ in range(40)]
    for peer, heir in pairwise(peers):
        heir.subscribe(f"com.will{heir.id}")
        peer.result("wamp.session.add_testament", f"com.will{heir.id}", ["x"], {})
        heir.transport.on_send = lambda raw, heir=heir: (  # type: ignore[misc]
            heir.session.lost() if raw[0] == EVENT else None
        )
    peers[0].session.lost()
    assert world.faults == []
    left = [event[0][0] for event in watching.events()]
    assert sorted(left) == sorted(peer.id for peer in peers)
    assert set(world.realm.sessions) == {watching.id}


def test_a_fault_in_clearing_up_leaves_the_rest_to_be_done() -> None:
    """Each step by itself."""
    world = World()
    watching, peer = watcher(world, "wamp.session.on_leave"), world.peer()
    peer.register("com.p")

    def fail(_session: object) -> None:
        raise KeyError("secret")

    world.realm.broker.forget = fail  # type: ignore[method-assign, assignment]
    peer.session.lost()
    assert [type(fault) for fault in world.faults] == [KeyError]
    assert not len(world.realm.dealer.registrations)
    assert len(watching.events()) == 1


def test_nothing_is_announced_to_nobody(world: World) -> None:
    """No id is drawn for it, and no event is made."""

    class NoDice:
        def getrandbits(self, _k: int, /) -> int:
            raise AssertionError("an id was drawn")

        randrange = getrandbits

    peer = world.peer()
    world.realm.random = NoDice()
    peer.subscribe("com.a")
    world.realm.announce("wamp.session.on_join", {})
    assert peer.events() == []


def test_what_counts_all_nodes_fails_while_they_are_away(world: World) -> None:
    """Rather than tell what this one knows alone."""

    class Away:
        def check(self) -> None:
            raise WampError("wamp.error.network_failure")

    served: list[object] = []

    def count(call: object) -> Reply:
        served.append(call)
        return Reply([1])

    peer = world.peer()
    world.realm.provide_for_all("wsecho.count", count)
    assert peer.result("wsecho.count") == 1
    together, world.realm.others = world.realm.others, Away()  # type: ignore[assignment]
    peer.request += 1
    peer.session.receive([48, peer.request, {}, "wsecho.count"])
    assert peer.one()[4] == "wamp.error.network_failure"
    world.realm.others = together
    assert len(served) == 1


@pytest.mark.parametrize("kind", ["publications", "events", "calls"])
def test_what_goes_through_is_counted(world: World, kind: str) -> None:
    """For metrics: a publication once, an event for each receiver, a call once."""
    peers: list[Any] = [world.peer() for _ in range(3)]
    for peer in peers:
        peer.subscribe("a")
    peers[0].publish("a", 1)
    assert peers[1].call("com.none")[4] == "wamp.error.no_such_procedure"
    expected = {"publications": 1, "events": 2, "calls": 1}
    assert getattr(world.realm.counters, kind) == expected[kind]
