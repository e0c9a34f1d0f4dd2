# SPDX-License-Identifier: MIT
"""What the tests of several nodes do again and again."""

from __future__ import annotations

from typing import Any

from tests.unit.router.cluster.air import Cluster
from tests.unit.router.peers import BASIC_ROLES, Peer, World

TAKEN = "wamp.error.procedure_already_exists"
AWAY = "wamp.error.network_failure"


def callees(*features: str) -> dict[str, Any]:
    """Roles whose callee has these features."""
    return {**BASIC_ROLES, "callee": {"features": dict.fromkeys(features, True)}}


def heard(peer: Peer) -> list[Any]:
    """The first argument of each event that has come."""
    return [event[0][0] for event in peer.events()]


def bequeath(peer: Peer, *args: Any, topic: str = "com.will", **kwargs: Any) -> None:
    """Add a testament."""
    peer.result("wamp.session.add_testament", topic, list(args), {}, **kwargs)


def serving(world: World) -> list[int]:
    """The sessions that a node would let a call go to, in their order."""
    found = world.realm.dealer.registrations.find("com.p", "exact")
    return [] if found is None else [callee.session.id for callee in found.callees]


def filled(cluster: Cluster, node: int) -> Peer:
    """A session with a subscription and a registration on a node."""
    peer = cluster[node].known(f"at {node}")
    peer.subscribe(f"com.at{node}")
    peer.register(f"com.at{node}")
    return peer


def knows(world: World) -> tuple[Any, ...]:
    """What a node knows of all nodes."""
    realm = world.realm
    subscriptions = {
        (each.uri, each.match, each.id): {
            *(session.id for session in each.members),
            *(remote_session.id for remote_session in each.remote_sessions),
        }
        for each in realm.broker.subscriptions._by_id.values()
    }
    registrations = {
        (each.uri, each.match, each.id, each.invoke): [
            (callee.session.id, callee.rank) for callee in each.callees
        ]
        for each in realm.dealer.registrations._by_id.values()
    }
    return {*realm.sessions, *realm.remote_sessions}, subscriptions, registrations
