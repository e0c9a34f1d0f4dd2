# SPDX-License-Identifier: MIT
"""What each node knows of the others, as the meta API tells it."""

from __future__ import annotations

from tests.unit.router.cluster.air import Cluster
from tests.unit.router.peers import GOODBYE, REGISTER, RESULT, UNREGISTER


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
