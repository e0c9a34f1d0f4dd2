# SPDX-License-Identifier: MIT
"""Sessions of other nodes, as this one sees them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.router.cluster.air import Cluster
from tests.unit.router.cluster.nodes import callees
from wsecho.router.cluster.remote_sessions import FarCaller, RemoteSession
from wsecho.router.model.calls import SpentCalls
from wsecho.router.wire.outgoing import OutgoingError, OutgoingResult

KNOWN = (
    *("call_canceling", "progressive_call_results", "progressive_call_invocations"),
    "registration_revocation",
)


@pytest.fixture
def cluster() -> Cluster:
    """Two nodes."""
    return Cluster(2)


def there(cluster: Cluster, session: int) -> RemoteSession:
    """What node 1 knows of a session of node 0."""
    found = cluster[1].realm.remote_sessions[session]
    assert isinstance(found, RemoteSession)
    return found


def test_it_is_described_as_on_its_own_node(cluster: Cluster) -> None:
    """Of its transport the kind, not the address."""
    peer = cluster[0].known("ann", "reader")
    found = there(cluster, peer.id)
    assert found.describe() == peer.session.describe()
    assert (found.id, found.authid, found.authrole) == (peer.id, "ann", "reader")
    assert (found.is_here, found.node) == (False, "node0")


@pytest.mark.parametrize("features", [(), KNOWN, KNOWN[:1], (*KNOWN[2:], "call_timeout")])
def test_what_it_announced_as_a_callee_is_known_here(
    cluster: Cluster, features: tuple[str, ...]
) -> None:
    """As far as the dealer asks for it: not who may be told of a caller, for one."""
    peer = cluster[0].peer(callees(*features))
    found = there(cluster, peer.id).peer
    assert found.callee == set(features) & set(KNOWN)
    assert found.takes_progressive is peer.session.peer.takes_progressive


def test_it_is_closed_by_its_own_node(cluster: Cluster) -> None:
    """Somebody ended it through the meta API here; if it is gone by then, nothing happens."""
    peer = cluster[0].peer()
    found = there(cluster, peer.id)
    for _ in range(2):
        found.close("com.bye", "go")
    peer.session.receive([6, {}, "wamp.close.goodbye_and_out"])
    found.close("com.bye", "go")
    cluster.settle()
    assert peer.one() == [6, {}, "wamp.close.goodbye_and_out"]
    cluster.check()


def test_it_is_closed_with_the_reason_that_was_given(cluster: Cluster) -> None:
    """GOODBYE as if it had been ended where it is."""
    peer = cluster[0].peer()
    there(cluster, peer.id).close("com.bye", "go")
    cluster.settle()
    assert peer.one() == [6, {"message": "go"}, "com.bye"]


@pytest.mark.parametrize(
    "answer",
    [
        OutgoingResult(7, [1], None, progress=True),
        OutgoingResult(7, [1], {"k": 2}),
        OutgoingError(48, 7, "com.bad", ["why"], None),
    ],
)
def test_a_caller_that_cannot_be_reached_needs_no_answer(cluster: Cluster, answer: Any) -> None:
    """Its own node fails the call."""
    caller = FarCaller(cluster.radios["node0"], "node1", 5, {}, SpentCalls())
    caller.send(answer)
    assert len(cluster.radios["node0"].outbox) == 1
    cluster.radios["node0"].is_away = True
    caller.send(answer)
    assert len(cluster.radios["node0"].outbox) == 1
