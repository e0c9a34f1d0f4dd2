# SPDX-License-Identifier: MIT
"""Retained events are bounded by topics and by bytes, on every node alike."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.router.peers import (
    EVENT,
    SUBSCRIBE,
    World,
)
from wsecho.router import Publication
from wsecho.router.model.retained import Retained

if TYPE_CHECKING:
    pass


IDS = count(1)


def said(topic: str, *args: Any) -> Publication:
    """A publication."""
    return Publication(next(IDS), topic, list(args))


def topics(retained: Retained) -> list[str]:
    """Those that have one, the one that was set longest ago first."""
    return [each.topic for each in retained]


def test_beyond_so_many_bytes_the_oldest_go() -> None:
    """One of any size is kept alone; one that is set again counts once."""
    retained = Retained(100, 1_000)
    for name in "abc":
        assert retained.keep(said(name, "x" * 200)) == []
    for _ in range(10):
        retained.keep(said("a", "x" * 200))
    assert topics(retained) == ["b", "c", "a"]
    dropped = retained.keep(said("d", b"x" * 500))
    assert [each.topic for each in dropped] == ["b", "c"]
    retained.keep(said("e", {"k": ["x" * 5_000]}))
    assert topics(retained) == ["e"]
    retained.keep(said("f"))
    assert topics(retained) == ["f"]


def test_a_deep_payload_is_counted() -> None:
    """However deep."""
    deep: list[Any] = ["x" * 1_000]
    for _ in range(50_000):
        deep = [deep]
    retained = Retained(100, 2_000)
    retained.keep(said("a"))
    retained.keep(said("b", deep))
    assert topics(retained) == ["b"]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 400)), max_size=30))
def test_merging_all_is_as_keeping_each(steps: list[tuple[str, int]]) -> None:
    """So nodes that hear at different times retain the same."""
    one, other = Retained(3, 900), Retained(3, 900)
    all_of_them = [said(topic, "x" * size) for topic, size in steps]
    for place, each in enumerate(all_of_them):
        each.time = float(place)
        one.keep(each)
    other.merge(all_of_them)
    assert [each.id for each in one] == [each.id for each in other]


def test_a_retained_event_is_sent_to_later_subscribers(world: World) -> None:
    """To those who ask by `get_retained`, marked, under its own publication id."""
    publisher, subscriber, other = world.peer(), world.peer(), world.peer()
    publisher.publish("a", "old", retain=True)
    publication = publisher.publish("a", "new", retain=True)
    publisher.publish("a", "passing")
    subscription = subscriber.subscribe("a", get_retained=True)
    assert subscriber.one() == [EVENT, subscription, publication, {"retained": True}, ["new"]]
    other.subscribe("a")
    assert other.take() == []


def test_a_retained_event_comes_after_subscribed(world: World) -> None:
    """A client knows no subscription before SUBSCRIBED."""
    world.peer().publish("a", 1, retain=True)
    answers = world.peer().send([SUBSCRIBE, 1, {"get_retained": True}, "a"])
    assert [raw[0] for raw in answers] == [33, EVENT]


def test_a_pattern_gets_the_retained_event_of_each_topic(world: World) -> None:
    """One for each topic that it covers, with the topic told."""
    publisher, subscriber = world.peer(), world.peer()
    for topic in ("com.a", "com.b", "org.a"):
        publisher.publish(topic, topic, retain=True)
    subscriber.subscribe("com.", match="prefix", get_retained=True)
    assert [(raw[3]["topic"], raw[4]) for raw in subscriber.take()] == [
        ("com.a", ["com.a"]),
        ("com.b", ["com.b"]),
    ]


def test_a_retained_event_goes_only_to_those_who_could_have_had_it(world: World) -> None:
    """The newest that the subscriber would have received; the publisher is excluded as ever."""
    publisher = world.known("ann", "admin")
    publisher.publish("a", "for all", retain=True)
    publisher.publish("a", "for admins", retain=True, eligible_authrole=["admin"])
    admin, user = world.known("joe", "admin"), world.known("bob", "user")
    for peer in (admin, user, publisher):
        peer.subscribe("a", get_retained=True)
    assert (admin.events(), user.events()) == ([[["for admins"]]], [[["for all"]]])
    assert publisher.events() == []


def test_retention_is_bounded() -> None:
    """Beyond `max_retained` topics the one set longest ago goes; of one topic few are kept."""
    world = World(max_retained=2)
    publisher, subscriber = world.peer(), world.peer()
    for topic in ("a", "b", "a", "c"):
        publisher.publish(topic, topic, retain=True)
    for number in range(100):
        publisher.publish("c", number, retain=True, eligible_authid=["nobody"])
    subscriber.subscribe("", match="prefix", get_retained=True)
    retained = [raw[4] for raw in subscriber.take() if raw[3].get("retained")]
    assert retained == [["a"], ["c"]]
    assert len(world.realm.broker.retained._topics["c"]) <= 9
