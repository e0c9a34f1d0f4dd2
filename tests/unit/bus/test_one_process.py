# SPDX-License-Identifier: MIT
"""What all buses of one process have in common is held by the contract of each of them."""

from tests.support.buses import memory_nodes
from wsecho.bus.one_process import OneProcessBus
from wsecho.core.rooms.hub import Rules


def test_there_is_no_node_but_this_one() -> None:
    """And it is told so at once."""
    bus = memory_nodes(Rules())[0].bus
    assert isinstance(bus, OneProcessBus)
    lives: list[frozenset[str]] = []
    bus.watch_nodes(lives.append)
    assert lives == [frozenset({bus.node})]
    assert (bus.directory, bus.node_ttl, bus.is_away) == (None, 0.0, False)
