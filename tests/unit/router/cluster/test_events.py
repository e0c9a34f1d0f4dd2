# SPDX-License-Identifier: MIT
"""Events over several nodes: whoever subscribes where, all see one order."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.router.cluster.air import Cluster, Radio
from tests.unit.router.cluster.nodes import heard
from tests.unit.router.peers import ERROR, EVENT, PUBLISH, PUBLISHED, YIELD
from wsecho.router import WampError


def test_an_event_reaches_the_subscribers_of_every_node(cluster: Cluster) -> None:
    """Once each, by each policy, with one publication id; and the publisher if it wants to."""
    there = [cluster[number].peer() for number in range(3)]
    exact = [peer.subscribe("com.a.b") for peer in there]
    prefix = there[1].subscribe("com.", match="prefix")
    wildcard = there[2].subscribe("com..b", match="wildcard")
    assert len(set(exact)) == 1
    publication = there[0].publish("com.a.b", 1, kwargs={"k": [None]})
    assert there[0].take() == []
    payload = [[1], {"k": [None]}]
    assert there[1].take() == [
        [EVENT, exact[0], publication, {}, *payload],
        [EVENT, prefix, publication, {"topic": "com.a.b"}, *payload],
    ]
    assert there[2].take() == [
        [EVENT, exact[0], publication, {}, *payload],
        [EVENT, wildcard, publication, {"topic": "com.a.b"}, *payload],
    ]
    there[0].publish("com.a.b", 2, exclude_me=False)
    assert [peer.events() for peer in there] == [[[[2]]], [[[2]], [[2]]], [[[2]], [[2]]]]


def test_who_publishes_is_disclosed(cluster: Cluster) -> None:
    """`disclose_me`: session, authid and authrole."""
    publisher, subscriber = cluster[0].known("ann", "author"), cluster[1].peer()
    subscriber.subscribe("com.t")
    publisher.publish("com.t", disclose_me=True)
    assert subscriber.one()[3] == {
        "publisher": publisher.id,
        "publisher_authid": "ann",
        "publisher_authrole": "author",
    }


def test_each_list_of_receivers_holds_everywhere(cluster: Cluster) -> None:
    """By session, authid and authrole."""
    publisher = cluster[0].peer()
    ann, bob = cluster[1].known("ann", "author"), cluster[2].known("bob", "reader")
    for peer in (ann, bob):
        peer.subscribe("com.t")

    def reached(**options: Any) -> str:
        publisher.publish("com.t", **options)
        return "".join(name for name, peer in (("a", ann), ("b", bob)) if peer.events())

    assert reached() == "ab"
    assert reached(exclude=[ann.id]) == reached(exclude_authid=["ann"]) == "b"
    assert reached(exclude_authrole=["reader"]) == "a"
    assert reached(eligible=[bob.id]) == reached(eligible_authid=["bob"]) == "b"
    assert reached(eligible_authrole=["author"], exclude=[bob.id]) == "a"
    assert reached(eligible=[]) == ""


def test_a_retained_event_is_there_on_every_node(cluster: Cluster) -> None:
    """On one that comes later too; only for those whom it was for; the last one counts."""
    publisher = cluster[0].known("ann")
    publisher.publish("com.t", "old", retain=True)
    publication = publisher.publish("com.t", "new", retain=True)
    publisher.publish("com.t", "secret", retain=True, eligible_authid=["bob"])
    later = cluster.start("later")
    cluster.settle()
    for world in (cluster[1], later):
        peer, bob = world.peer(), world.known("bob")
        subscription = peer.subscribe("com.t", get_retained=True)
        assert peer.one() == [EVENT, subscription, publication, {"retained": True}, ["new"]]
        bob.subscribe("com.", match="prefix", get_retained=True)
        assert bob.one()[4] == ["secret"]
    assert len(cluster.air.kept) == 2


def test_what_is_retained_no_longer_is_kept_no_longer(cluster: Cluster) -> None:
    """The bound on topics holds for what is kept for those who come later."""
    cluster = Cluster(2, max_retained=3)
    for number in range(10):
        cluster[number % 2].peer().publish(f"com.t{number}", retain=True)
    assert len(cluster.air.kept) == 3
    peer = cluster.start("later").peer()
    peer.subscribe("com.", match="prefix", get_retained=True)
    assert [raw[3]["topic"] for raw in peer.take()] == ["com.t7", "com.t8", "com.t9"]
    cluster.check()


def test_what_was_retained_survives_a_redis_that_forgot_it(cluster: Cluster) -> None:
    """Nodes put back what they know, and of two events the later stays."""
    publisher, other = cluster[0].peer(), cluster[1].peer()
    publisher.publish("com.t", "old", retain=True)
    cluster.cut("node2")
    cluster.clock.move(1)
    other.publish("com.t", "new", retain=True)
    cluster.air.kept.clear()
    for node in ("node0", "node1"):
        cluster.cut(node)
    for node in ("node2", "node0", "node1"):
        cluster.rejoin(node)
    cluster.settle()
    for world in (*cluster.worlds.values(), cluster.start("later")):
        peer = world.peer()
        peer.subscribe("com.t", get_retained=True)
        assert peer.events() == [[["new"]]]
    assert len(cluster.air.kept) == 1


def test_what_has_no_form_between_nodes_is_refused(cluster: Cluster) -> None:
    """And nobody has half of it."""
    publisher, subscriber = cluster[0].peer(), cluster[0].peer()
    subscriber.subscribe("com.t")
    answer = publisher.ask(PUBLISH, {"acknowledge": True}, "com.t", ["\ud800"])
    assert (answer[0], answer[4]) == (ERROR, "wamp.error.invalid_payload")
    assert subscriber.take() == []
    subscriber.register("com.p")
    other = cluster[1].peer()
    assert other.call("com.p", "\ud800")[4] == "wamp.error.invalid_payload"
    assert other.call("com.p") is None
    subscriber.send([YIELD, 1, {}, ["\ud800"]])
    assert other.one()[4] == "wamp.error.invalid_payload"


@given(st.randoms(use_true_random=True), st.lists(st.integers(0, 2), min_size=1, max_size=12))
def test_all_subscribers_see_one_order(dice: random.Random, publishers: list[int]) -> None:
    """Whatever order messages take; each acknowledged event once, each publisher's in turn."""
    cluster = Cluster(3)
    subscribers = [cluster[number].peer() for number in range(3)]
    speakers = [cluster[number].peer() for number in range(3)]
    for peer in subscribers:
        peer.subscribe("com.t")
    for count, number in enumerate(publishers):
        publish = [PUBLISH, count + 1, {"acknowledge": True}, "com.t", [number, count]]
        speakers[number].session.receive(publish)
        for _ in range(dice.randrange(4)):
            cluster.step(dice)
    while cluster.step(dice):
        pass
    seen = [[raw[4] for raw in peer.take()] for peer in subscribers]
    assert seen[0] == seen[1] == seen[2]
    assert sorted(count for _, count in seen[0]) == list(range(len(publishers)))
    for number in range(3):
        own = [count for publisher, count in seen[0] if publisher == number]
        assert own == sorted(own)
        assert len([raw for raw in speakers[number].take() if raw[0] == PUBLISHED]) == len(own)
    cluster.check()


def test_what_is_not_known_to_have_been_told_is_said_so(cluster: Cluster) -> None:
    """A promise that fails by itself; if it comes round all the same, it is delivered."""
    publisher, subscriber = cluster[0].peer(), cluster[0].peer()
    subscriber.subscribe("com.t")
    publisher.session.receive([PUBLISH, 1, {"acknowledge": True}, "com.t", ["x"]])
    cluster.radios["node0"].asked.pop().fail(WampError("wamp.error.timeout"))
    assert publisher.one()[2:5] == [1, {}, "wamp.error.timeout"]
    cluster.settle()
    assert heard(subscriber) == ["x"]
    assert publisher.take() == []


def test_what_comes_round_after_it_was_given_up_is_retained_as_everywhere(
    cluster: Cluster,
) -> None:
    """Its node was cut off meanwhile, and has but what it is told, by whatever clock."""
    publisher = cluster[0].peer()
    publisher.publish("com.t", "old", retain=True)
    cluster.clock.time -= 100
    publisher.session.receive([PUBLISH, 2, {"retain": True}, "com.t", ["new"]])
    radio = cluster.radios["node0"]
    while radio.outbox:
        radio.carry()
    cluster[0].realm.others.events.cut_off()  # type: ignore[attr-defined]
    cluster.settle()
    for world in cluster.worlds.values():
        late = world.peer()
        late.subscribe("com.t", get_retained=True)
        assert heard(late) == ["new"]
    later = cluster.start("later")
    cluster.settle()
    reader = later.peer()
    reader.subscribe("com.t", get_retained=True)
    assert heard(reader) == ["new"]
    cluster.check()


def test_what_is_kept_is_asked_for_again_where_it_could_not_be_read(cluster: Cluster) -> None:
    """The bus went away again before it could be asked."""
    cluster[1].peer().publish("com.t", "x", retain=True)
    later = cluster.start("later")

    def fail(_self: Radio) -> Any:
        raise WampError("wamp.error.network_failure")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Radio, "kept", fail)
        cluster.settle()
    reader = later.peer()
    reader.subscribe("com.t", get_retained=True)
    assert heard(reader) == []
    cluster.cut("later")
    cluster.rejoin("later")
    cluster.settle()
    reader.subscribe("com.t", get_retained=True)
    assert heard(reader) == ["x"]
    cluster.check()
