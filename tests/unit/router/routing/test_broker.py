# SPDX-License-Identifier: MIT
"""Publish and subscribe, and the broker's advanced features."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.router.peers import (
    ERROR,
    EVENT,
    PUBLISH,
    PUBLISHED,
    UNSUBSCRIBE,
    UNSUBSCRIBED,
    Peer,
    World,
    is_over,
)
from wsecho.router import Publication

if TYPE_CHECKING:
    pass


def test_an_event_reaches_the_subscribers_of_its_topic(world: World) -> None:
    """EVENT carries subscription, publication and payload; nobody else gets it."""
    publisher, subscriber, other = world.peer(), world.peer(), world.peer()
    subscription = subscriber.subscribe("com.a")
    other.subscribe("com.b")
    publication = publisher.publish("com.a", 1, "x", kwargs={"k": [2]})
    assert subscriber.one() == [EVENT, subscription, publication, {}, [1, "x"], {"k": [2]}]
    assert 1 <= publication <= 2**53
    assert (other.take(), publisher.take()) == ([], [])


def test_an_event_without_payload_is_short(world: World) -> None:
    """No positional and no keyword payload: four elements; keywords alone: an empty list first."""
    publisher, subscriber = world.peer(), world.peer()
    subscriber.subscribe("a")
    publisher.send([PUBLISH, 1, {}, "a"], [PUBLISH, 2, {}, "a", None, {"k": 1}])
    first, second = subscriber.take()
    assert len(first) == 4
    assert second[4:] == [[], {"k": 1}]


def test_publishing_is_acknowledged_only_if_asked(world: World) -> None:
    """PUBLISHED comes with `acknowledge`, nothing without."""
    peer = world.peer()
    assert peer.send([PUBLISH, 1, {}, "a"], [PUBLISH, 2, {"acknowledge": False}, "a"]) == []
    [answer] = peer.send([PUBLISH, 3, {"acknowledge": True}, "a"])
    assert answer[:2] == [PUBLISHED, 3]


def test_subscription_ids_count_from_1_and_are_shared(world: World) -> None:
    """One id for one topic, whoever subscribes and however often; another for another policy."""
    one, two = world.peer(), world.peer()
    assert [one.subscribe("a"), one.subscribe("b"), two.subscribe("a"), one.subscribe("a")] == [
        *(1, 2, 1, 1)
    ]
    assert two.subscribe("a", match="prefix") == 3
    two.publish("a", 1)
    assert one.events() == [[[1]]]


def test_after_unsubscribing_no_event_comes(world: World) -> None:
    """UNSUBSCRIBED, then silence; a second time there is no such subscription."""
    publisher, subscriber = world.peer(), world.peer()
    subscription = subscriber.subscribe("a")
    assert subscriber.ask(UNSUBSCRIBE, subscription) == [UNSUBSCRIBED, 2]
    publisher.publish("a", 1)
    assert subscriber.take() == []
    error = subscriber.ask(UNSUBSCRIBE, subscription)
    assert error == [ERROR, UNSUBSCRIBE, 3, {}, "wamp.error.no_such_subscription"]


def test_nobody_can_unsubscribe_another(world: World) -> None:
    """The id of another's subscription is no subscription of mine."""
    subscriber, other = world.peer(), world.peer()
    subscription = subscriber.subscribe("a")
    assert other.ask(UNSUBSCRIBE, subscription)[4] == "wamp.error.no_such_subscription"
    other.publish("a", 1)
    assert subscriber.events() == [[[1]]]


def test_a_prefix_is_one_of_the_string(world: World) -> None:
    """`com.a` matches `com.a`, `com.a.b` and `com.abc`; the concrete topic is told."""
    publisher, subscriber = world.peer(), world.peer()
    subscriber.subscribe("com.a", match="prefix")
    for topic in ("com.a", "com.a.b", "com.abc", "com", "com.b"):
        publisher.publish(topic)
    assert [raw[3] for raw in subscriber.take()] == [
        {"topic": topic} for topic in ("com.a", "com.a.b", "com.abc")
    ]


@pytest.mark.parametrize("prefix", ["", "com.", "com"])
def test_a_prefix_may_end_anywhere(world: World, prefix: str) -> None:
    """Also after a dot, or before anything."""
    publisher, subscriber = world.peer(), world.peer()
    subscriber.subscribe(prefix, match="prefix")
    subscriber.take()  # an empty prefix covers the meta events of its own making
    publisher.publish("com.a", 1)
    assert subscriber.events() == [[[1]]]


def test_a_wildcard_stands_for_one_whole_component(world: World) -> None:
    """`com..x` matches `com.a.x` but no more and no fewer components."""
    publisher, subscriber = world.peer(), world.peer()
    subscriber.subscribe("com..x", match="wildcard")
    for topic in ("com.a.x", "com.b.x", "com.a.x.y", "com.a.y", "com.x", "org.a.x"):
        publisher.publish(topic)
    assert [raw[3]["topic"] for raw in subscriber.take()] == ["com.a.x", "com.b.x"]


def test_each_matching_subscription_of_a_session_gets_its_event(world: World) -> None:
    """Under its own id, with one publication id; an exact one is not told the topic."""
    publisher, subscriber = world.peer(), world.peer()
    exact = subscriber.subscribe("com.a.x")
    prefix = subscriber.subscribe("com", match="prefix")
    wildcard = subscriber.subscribe("com..x", match="wildcard")
    publication = publisher.publish("com.a.x")
    topic = {"topic": "com.a.x"}
    assert subscriber.take() == [
        [EVENT, exact, publication, {}],
        [EVENT, prefix, publication, topic],
        [EVENT, wildcard, publication, topic],
    ]


def test_one_event_object_serves_all_receivers_of_a_subscription(world: World) -> None:
    """So that it is serialized once for each serializer."""
    publisher, subscribers = world.peer(), [world.peer() for _ in range(3)]
    for subscriber in subscribers:
        subscriber.subscribe("a")
    publisher.publish("a", 1)
    assert len({id(subscriber.transport.objects[-1]) for subscriber in subscribers}) == 1

    class Serializer:
        NAME, calls = "json", 0

        def serialize(self, raw: list[Any]) -> bytes:
            self.calls += 1
            return json.dumps(raw).encode()

    serializer = Serializer()
    for subscriber in subscribers:
        assert json.loads(subscriber.transport.objects[-1].serialize(serializer))[4] == [1]
    assert serializer.calls == 1


def test_a_publisher_is_disclosed_if_it_asks(world: World) -> None:
    """`disclose_me` tells session, authid and authrole; without it nothing is told."""
    publisher, subscriber = world.known("ann"), world.peer()
    subscriber.subscribe("a")
    publisher.publish("a")
    publisher.publish("a", disclose_me=True)
    hidden, told = subscriber.take()
    assert hidden[3] == {}
    assert told[3] == {
        "publisher": publisher.id,
        "publisher_authid": "ann",
        "publisher_authrole": "user",
    }


def test_topics_under_wamp_are_the_routers_own(world: World) -> None:
    """Nobody else may publish there; `wampum` is no such topic."""
    peer = world.peer()
    for topic in ("wamp", "wamp.session.on_join", "wamp.x"):
        answer = peer.ask(PUBLISH, {"acknowledge": True}, topic)
        assert (answer[0], answer[4]) == (ERROR, "wamp.error.invalid_uri")
    peer.publish("wampum.x")


def test_who_cannot_carry_an_event_is_left_out(world: World) -> None:
    """That one subscriber alone, and it is counted."""
    publisher, deaf, good = world.peer(), world.peer(), world.peer()
    for peer in (deaf, good):
        peer.subscribe("a")
    deaf.transport.cannot_carry = lambda raw: raw[0] == EVENT and raw[4] == ["NaN"]
    publisher.publish("a", "NaN")
    publisher.publish("a", 1)
    assert (deaf.events(), good.events()) == ([[[1]]], [[["NaN"]], [[1]]])
    assert world.realm.counters.left_out == 1
    assert world.realm.counters.events == 3


def test_a_subscriber_lost_while_an_event_goes_out_harms_nobody(world: World) -> None:
    """Its neighbours get the event; its subscriptions are gone."""
    publisher, peers = world.peer(), [world.peer() for _ in range(5)]
    for peer in peers:
        peer.subscribe("a")
        peer.subscribe("wamp.session.on_leave")
    peers[0].transport.on_send = lambda _: peers[3].session.lost()
    peers[1].transport.on_send = lambda _: peers[1].session.lost()
    publisher.publish("a", 1)
    assert [bool(peer.events()) for peer in (peers[0], peers[2], peers[4])] == [True] * 3
    assert [is_over(peer) for peer in peers] == [False, True, False, True, False]


def test_hundreds_of_subscribers_may_go_at_once(world: World) -> None:
    """Each loss is an event that loses the next: cleared up in turn, not in one another.

    There, each would take several of the thousand frames that Python's stack may have.
    """
    peers = [world.peer() for _ in range(300)]
    for peer in peers:
        peer.subscribe("wamp.session.on_leave")

        def lose(_raw: Any, peer: Peer = peer) -> None:
            peer.session.lost()

        peer.transport.on_send = lose
    world.peer().session.lost()
    assert not world.realm.sessions


def test_a_session_that_ends_leaves_nothing(world: World) -> None:
    """No subscription of it stays, of whatever policy."""
    peer = world.peer()
    peer.subscribe("a")
    peer.subscribe("a", match="prefix")
    peer.subscribe("a..", match="wildcard")
    peer.session.lost()
    world.check_empty()


def stamped_peer(world: World) -> Peer:
    """A session that asked for the stamps of events."""
    peer = world.raw_peer().hello(authextra={"stamps": True})
    peer.take()
    return peer


def test_stamps_go_to_those_who_asked_for_them(world: World) -> None:
    """Beside the event's own keywords; there is one event for these, and one for all others."""
    peers = [world.peer(), stamped_peer(world), world.peer(), stamped_peer(world)]
    for peer in peers:
        peer.subscribe("a")
    for kwargs in (None, {"k": 1}):
        stamps = {"time": 7}
        world.realm.dispatch(Publication(5, "a", ["x"], kwargs, stamps=stamps))
        stamped = [["x"], {**(kwargs or {}), "time": 7}]
        plain = [["x"]] if kwargs is None else [["x"], kwargs]
        assert [peer.events() for peer in peers] == [[plain], [stamped], [plain], [stamped]]
        events = [peer.transport.objects[-1] for peer in peers]
        assert events[0] is events[2]
        assert events[1] is events[3]
        assert events[0] is not events[1]


def test_whoever_comes_and_goes_gets_stamps_or_not(world: World) -> None:
    """A publisher that leaves itself out is left out, whatever it asked for."""
    plain, stamped = world.peer(), stamped_peer(world)
    for peer, skipped in ((stamped, 0), (plain, 0), (stamped, stamped.id)):
        number = peer.subscribe("a")
        world.realm.dispatch(Publication(5, "a", ["x"], skip=skipped, stamps={"time": 7}))
        wish = [[["x"], {"time": 7}]] if peer is stamped else [[["x"]]]
        assert peer.events() == ([] if skipped else wish)
        peer.ask(UNSUBSCRIBE, number)
    assert world.realm.counters.events == 2


def test_an_event_without_stamps_is_one_for_all(world: World) -> None:
    """Other topics' are."""
    peers = [world.peer(), stamped_peer(world)]
    for peer in peers:
        peer.subscribe("a")
    world.peer().publish("a", 1)
    assert peers[0].transport.objects[-1] is peers[1].transport.objects[-1]
