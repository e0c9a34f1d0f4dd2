# SPDX-License-Identifier: MIT
"""Those who watch what the meta API tells."""

from __future__ import annotations

from tests.unit.router.peers import Peer, World


def watcher(world: World, *topics: str) -> Peer:
    """A peer that subscribed to meta events."""
    peer = world.peer()
    for topic in topics:
        peer.subscribe(topic)
    return peer
