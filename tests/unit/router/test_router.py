# SPDX-License-Identifier: MIT
"""The router: its realms, and every session from the moment its transport is there."""

from __future__ import annotations

import random

import pytest

from tests.unit.router.peers import (
    ABORT,
    GOODBYE,
    World,
)
from wsecho.router import Identity, WampError
from wsecho.router.routing.alone import SingleNode


def test_an_unknown_realm_is_aborted(world: World) -> None:
    """ABORT `wamp.error.no_such_realm`, and the transport is closed."""
    peer = world.raw_peer().hello("nowhere")
    assert peer.one()[2] == "wamp.error.no_such_realm"
    assert peer.transport.closed is not None
    assert peer.ending.by == "refusal"


def test_closing_the_router_says_goodbye_to_all(world: World) -> None:
    """Open sessions get GOODBYE, those that are not open yet ABORT."""
    early, peer = world.raw_peer(), world.peer()
    world.router.close()
    assert early.one()[::2] == [ABORT, "wamp.close.system_shutdown"]
    assert peer.one() == [GOODBYE, {}, "wamp.close.system_shutdown"]


def test_realms_are_apart(world: World) -> None:
    """Sessions of different realms neither see nor reach one another."""
    world.router.add_realm("other")
    here, there = world.peer(), world.raw_peer().hello("other")
    there.take()
    there.subscribe("a.b")
    here.publish("a.b", 1)
    assert there.events() == []
    assert here.result("wamp.session.list") == [here.id]


class Loaded:
    """Dice that fall as they are told, and then as they like."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = list(numbers)

    def getrandbits(self, k: int, /) -> int:
        """A number that was told, or the next that nobody has."""
        return self.numbers.pop(0) if self.numbers else random.getrandbits(k)

    def randrange(self, stop: int, /) -> int:
        """Not asked for here."""
        return stop - 1


def test_a_session_id_is_nobody_elses(world: World) -> None:
    """Neither in this realm nor in another: a router has one id space for all ("IDs")."""
    world.router.add_realm("other")
    first = world.known("ann")
    world.router.random = Loaded(first.id - 1, first.id - 1, 76)
    there = world.raw_peer(identity=Identity("bob", "user", "token")).hello("other")
    assert there.one()[1] == 77
    assert first.id != 77


def test_what_a_neighbour_raises_is_reported_and_goes_no_further() -> None:
    """The others are called all the same."""
    world, called = World(), []

    def fail() -> None:
        raise ValueError("secret")

    for call in (fail, lambda: called.append(1)):
        world.router.safely(call)
    assert (called, [type(fault) for fault in world.faults]) == ([1], [ValueError])


def test_a_realm_without_other_nodes_has_none(world: World) -> None:
    """And one that was never added is no realm ("no_such_realm")."""
    assert isinstance(world.realm.others, SingleNode)
    with pytest.raises(WampError) as missing:
        world.router.realm("nowhere")
    assert missing.value.uri == "wamp.error.no_such_realm"
