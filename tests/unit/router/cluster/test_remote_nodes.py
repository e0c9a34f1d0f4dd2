# SPDX-License-Identifier: MIT
"""What each node knows of the others, as the meta API tells it."""

from __future__ import annotations

import pytest

from tests.unit.router.cluster.air import Cluster
from tests.unit.router.meta.watching import watcher
from tests.unit.router.peers import GOODBYE, REGISTER, RESULT, UNREGISTER
from wsecho.router.cluster import messages, remote_nodes
from wsecho.router.cluster.cluster import RealmCluster
from wsecho.router.cluster.remote_nodes import RemoteNode, joined


def test_sessions_are_counted_over_all_nodes(cluster: Cluster) -> None:
    """Listed, looked at, and ended."""
    ann = cluster[0].known("ann", "author")
    bob, eve = cluster[1].known("bob", "reader"), cluster[2].known("eve", "reader")
    assert ann.result("wamp.session.count") == 3
    assert set(ann.result("wamp.session.list")) == {ann.id, bob.id, eve.id}
    assert ann.result("wamp.session.list", ["author"]) == [ann.id]
    assert ann.result("wamp.session.get", bob.id) == bob.result("wamp.session.get", bob.id)
    assert ann.refused("wamp.session.get", 1) == "wamp.error.no_such_session"
    assert ann.call("wamp.session.kill", bob.id, kwargs={"reason": "com.why"})[0] == RESULT
    assert bob.one() == [GOODBYE, {}, "com.why"]
    assert ann.result("wamp.session.kill_by_authrole", "reader") == 1
    assert eve.one()[0] == GOODBYE
    assert ann.result("wamp.session.count") == 1


def test_sessions_come_and_go_on_all_nodes(cluster: Cluster) -> None:
    """And everybody who watches is told once."""
    watching = cluster[0].peer()
    watching.subscribe("wamp.session.on_join")
    watching.subscribe("wamp.session.on_leave")
    bob = cluster[1].known("bob")
    assert [payload[0][0]["session"] for payload in watching.events()] == [bob.id]
    bob.session.lost()
    cluster.settle()
    assert watching.events() == [[[bob.id, "bob", "user"]]]


def test_subscriptions_are_counted_over_all_nodes(cluster: Cluster) -> None:
    """One, with one id, wherever its subscribers are."""
    one, two = cluster[0].peer(), cluster[1].peer()
    identifier = one.subscribe("com.t")
    assert two.result("wamp.subscription.lookup", "com.t") == identifier
    assert two.subscribe("com.t") == identifier
    for peer in (one, two, cluster[2].peer()):
        assert set(peer.result("wamp.subscription.list_subscribers", identifier)) == {
            *(one.id, two.id),
        }
        assert peer.result("wamp.subscription.count_subscribers", identifier) == 2
        assert peer.result("wamp.subscription.match", "com.t") == [identifier]
        assert peer.result("wamp.subscription.list")["exact"] == [identifier]
        assert peer.result("wamp.subscription.get", identifier)["uri"] == "com.t"
    one.ask(34, identifier)
    assert two.result("wamp.subscription.count_subscribers", identifier) == 1
    two.session.lost()
    cluster.settle()
    assert one.refused("wamp.subscription.get", identifier) == "wamp.error.no_such_subscription"


def test_registrations_are_counted_over_all_nodes(cluster: Cluster) -> None:
    """One, with one id and one date, wherever its callees are."""
    one, two, three = (cluster[number].peer() for number in range(3))
    one.request = 1
    one.session.receive([REGISTER, 1, {"invoke": "last"}, "com.p"])
    while cluster.radios["node0"].outbox:
        cluster.radios["node0"].carry()
        cluster.radios["node0"].take()
        cluster.clock.move(1)
    cluster.settle()
    [(_, _, identifier)] = one.take()
    assert two.register("com.p", invoke="last") == identifier
    for peer in (one, two, three):
        assert peer.result("wamp.registration.list_callees", identifier) == [one.id, two.id]
        assert peer.result("wamp.registration.match", "com.p") == identifier
        assert peer.result("wamp.registration.list")["exact"] == [identifier]
    assert three.result("wamp.registration.get", identifier) == one.result(
        "wamp.registration.get", identifier
    )
    one.ask(UNREGISTER, identifier)
    assert three.result("wamp.registration.count_callees", identifier) == 1


def test_what_is_made_and_deleted_is_told_once(cluster: Cluster) -> None:
    """The first subscriber or callee of all nodes makes it, the last deletes it."""
    watching = cluster[2].peer()
    watching.subscribe("wamp.subscription.", match="prefix")
    watching.subscribe("wamp.registration.", match="prefix")
    one, two = cluster[0].peer(), cluster[1].peer()
    for peer in (one, two):
        subscription = peer.subscribe("com.t")
        registration = peer.register("com.p", invoke="first")
    one.ask(34, subscription)
    one.ask(UNREGISTER, registration)
    two.session.lost()
    cluster.settle()
    told = [raw[3]["topic"].removeprefix("wamp.") for raw in watching.take()]
    assert told == [
        *("subscription.on_create", "subscription.on_subscribe"),
        *("registration.on_create", "registration.on_register"),
        *("subscription.on_subscribe", "registration.on_register"),
        *("subscription.on_unsubscribe", "registration.on_unregister"),
        *("subscription.on_unsubscribe", "subscription.on_delete"),
        *("registration.on_unregister", "registration.on_delete"),
    ]


def node_of(cluster: Cluster) -> RemoteNode:
    """What node 1 knows of node 0."""
    others = cluster[1].realm.others
    assert isinstance(others, RealmCluster)
    return others._remote_nodes["node0"]


def test_a_session_is_taken_in_once(cluster: Cluster) -> None:
    """Both its coming and the node's whole state may tell of it."""
    watching = watcher(cluster[1], "wamp.session.on_join")
    peer = cluster[0].peer()
    node = node_of(cluster)
    assert node.joined(joined(peer.session)) is node.remote_sessions[peer.id]
    assert len(watching.events()) == 1
    node.left(peer.id)
    node.left(peer.id)
    assert node.remote_sessions == {}


def test_news_of_whom_nobody_knows_is_passed_over(cluster: Cluster) -> None:
    """All will be asked for; and news that comes twice changes nothing."""
    peer, node = cluster[0].peer(), node_of(cluster)
    node.subscribed(messages.Subscribed(99, "com.a", "exact", 1.0))
    node.registered(messages.Registered(99, "com.a", "exact", "single", 1, 1.0, False))
    for session in (99, peer.id):
        node.unsubscribed(session, "com.a", "exact")
        node.unregistered(session, "com.a", "exact")
    here = cluster[1].peer()
    subscription = here.subscribe("com.a")
    node.unsubscribed(peer.id, "com.a", "exact")
    assert here.result("wamp.subscription.list_subscribers", subscription) == [here.id]
    cluster.check()


def test_a_state_counts_when_all_its_parts_have_come(cluster: Cluster) -> None:
    """What is not in any of them the node has not; without the first the others mean nothing."""
    stays, goes = cluster[0].peer(), cluster[0].peer()
    node = node_of(cluster)
    entry = [messages.fields(joined(stays.session)), [], []]
    assert not node.state(messages.NodeState(False, True, False, [entry]))
    assert set(node.remote_sessions) == {stays.id, goes.id}
    assert not node.state(messages.NodeState(True, False, False, [entry]))
    assert set(node.remote_sessions) == {stays.id, goes.id}
    assert node.state(messages.NodeState(False, True, False, []))
    assert set(node.remote_sessions) == {stays.id}
    assert not node.state(messages.NodeState(False, True, False, []))
    assert set(node.remote_sessions) == {stays.id}


def test_a_state_takes_back_what_it_does_not_hold(cluster: Cluster) -> None:
    """Subscriptions and registrations that ended while this node could not be told."""
    peer = cluster[0].peer()
    for topic in ("com.a", "com.b"):
        peer.subscribe(topic)
        peer.register(topic)
    node = node_of(cluster)
    kept = [["com.a", "exact", 1.0]], [["com.a", "exact", "single", 1, 1.0, False]]
    assert node.state(
        messages.NodeState(True, True, False, [[messages.fields(joined(peer.session)), *kept]])
    )
    found = node.remote_sessions[peer.id]
    assert [each.uri for each in found.subscriptions.values()] == ["com.a"]
    assert [each.uri for each in found.registrations.values()] == ["com.a"]


@pytest.mark.parametrize("number", [0, 1, 2, 3, 5])
def test_a_state_is_told_in_parts(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """The first and the last say so, one alone says both, and the last alone asks in return."""
    monkeypatch.setattr(remote_nodes, "PART", 2)
    cluster = Cluster(1)
    peers = [cluster[0].peer() for _ in range(number)]
    parts = list(remote_nodes.state_of(cluster[0].realm, [], asks=True))
    assert len(parts) == max(1, -(-number // 2))
    assert [part.first for part in parts] == [True, *[False] * (len(parts) - 1)]
    assert [part.last for part in parts] == [*[False] * (len(parts) - 1), True]
    assert [part.asks for part in parts] == [part.last for part in parts]
    told = [entry[0][0] for part in parts for entry in part.sessions]
    assert told == [peer.id for peer in peers]
