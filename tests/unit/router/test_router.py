# SPDX-License-Identifier: MIT
"""The router: its realms, and every session from the moment its transport is there."""

from __future__ import annotations

from tests.unit.router.peers import (
    ABORT,
    GOODBYE,
    World,
)


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
