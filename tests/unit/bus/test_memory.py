# SPDX-License-Identifier: MIT
"""The contract of a bus, in memory."""

from typing import Any

import pytest
from attrs import evolve

from tests.support.bus_contract import *  # noqa: F403
from tests.support.bus_contract import MakeNodes
from tests.support.buses import Node, memory_nodes
from wsecho.core.rooms.hub import Rules
from wsecho.core.rooms.leases import Claim
from wsecho.core.rooms.wills import Will


@pytest.fixture
def make_nodes() -> MakeNodes:
    """Makes one node, twice."""

    def make(**rules: Any) -> list[Node]:
        return memory_nodes(evolve(Rules(), **rules))

    return make


def alone() -> Node:
    """The one node that there is."""
    [node, _] = memory_nodes(Rules())
    return node


def test_nothing_of_it_can_be_away_or_behind() -> None:
    """It has no life of its own, and follows nothing elsewhere."""
    node = alone()
    node.bus.start()
    node.bus.check_health()
    node.bus.catch_up()
    node.bus.stop()
    assert (node.bus.is_up, node.bus.is_away, len(node.bus)) == (True, False, 0)
    assert node.bus.pressure is None
    node.bus.hold("a")
    node.bus.release("a")
    assert "a" not in node.hub


def test_a_will_is_carried_out_once() -> None:
    """By its own node, which is there still; there is none that dies."""
    node = alone()
    bus, will = node.bus, Will(node.bus.node, "w")
    heard: list[bytes] = []
    bus.listen("s", heard.append)
    bus.inherit("s", lambda _will, _payload: pytest.fail("nobody is dead"))
    bus.bequeath("s", "w", b"last")
    assert bus.is_spent("s", will) is False
    assert bus.broadcast_logged("s", b"last", "kept", will) is True
    assert bus.broadcast_logged("s", b"last", "again", will) is False
    assert (heard, bus.is_spent("s", will), bus.kept("s")) == ([b"last"], True, {"kept": b"last"})
    bus.bequeath("s", "v", b"")
    bus.spend("s", Will(bus.node, "v"))
    assert bus.is_spent("s", Will(bus.node, "v")) is True


def test_what_nobody_listens_for_is_heard_by_nobody() -> None:
    """And no node but this one is told of it."""
    bus = alone().bus
    bus.broadcast("s", b"x")
    bus.announce("s", b"x")
    assert bus.send_to(bus.node, "s", b"x") is False
    bus.listen("s", lambda _: None)
    assert bus.send_to(bus.node, "s", b"x") is True
    assert bus.send_to("other", "s", b"x") is False


def test_what_another_node_holds_is_not_ceded_here() -> None:
    """There is none."""
    bus = alone().bus
    claim = Claim("place", "holder", "rule", is_shared=False)
    assert bus.claim(claim, lambda: None) == 1
    assert (bus.take_turn("place"), bus.take_turn("place")) == (0, 1)
    bus.cede("place", "holder", "other")
    assert bus.claim(claim, lambda: None) == 1
    bus.cede("place", "holder", bus.node)
    assert (bus.claim(claim, lambda: None), bus.take_turn("place")) == (2, 0)
