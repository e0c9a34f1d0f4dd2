# SPDX-License-Identifier: MIT
"""Topics that have an owner: how the rooms take part."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.router.peers import (
    ERROR,
    EVENT,
    PUBLISH,
    PUBLISHED,
    SUBSCRIBE,
    SUBSCRIBED,
    UNSUBSCRIBE,
    Rooms,
    World,
    with_rooms,
)
from wsecho.core.promise import Promise
from wsecho.router import Publication, WampError


def test_every_spelling_is_one_topic() -> None:
    """Subscribed to, published to, and looked up."""
    world, _ = with_rooms()
    one, two = world.peer(), world.peer()
    assert one.subscribe("wsecho.room.Blue") == two.subscribe("wsecho.room.bLUE") == 1
    two.publish("wsecho.room.BLUE", "x")
    assert one.events() == [[["x"]]]
    assert two.result("wamp.subscription.lookup", "wsecho.room.BLue") == 1
    assert two.result("wamp.subscription.match", "wsecho.room.BLue") == [1]
    assert two.result("wamp.subscription.get", 1)["uri"] == "wsecho.room.blue"


def test_a_spelling_that_is_none_is_refused() -> None:
    """ERROR with what the owner says."""
    world, _ = with_rooms()
    peer = world.peer()
    for kind, options in ((SUBSCRIBE, {}), (PUBLISH, {"acknowledge": True})):
        assert peer.ask(kind, options, "wsecho.room.!")[4] == "wamp.error.invalid_uri"


def test_other_topics_are_the_applications_own() -> None:
    """The owner never hears of them."""
    world, rooms = with_rooms()
    peer = world.peer()
    for topic in ("wsecho.rooms", "wsecho.room", "com.wsecho.room.x", "Wsecho.room.x"):
        peer.subscribe(topic)
        peer.publish(topic)
    peer.subscribe("com", match="prefix")
    peer.subscribe("wsecho.", match="wildcard")
    assert rooms.log == []


def test_the_owner_publishes_and_the_broker_delivers() -> None:
    """The owner gets the publication, hands events back, and its id is acknowledged."""
    world, rooms = with_rooms()
    publisher, exact, prefix, wildcard = (world.peer() for _ in range(4))
    exact.subscribe("wsecho.room.a")
    prefix.subscribe("wsecho.room.", match="prefix")
    wildcard.subscribe("wsecho..a", match="wildcard")
    publication = publisher.publish("wsecho.room.a", "x")
    assert rooms.log[-1] == ("publish", publisher.id, "wsecho.room.a", ["x"])
    assert exact.one()[2:] == [publication, {}, ["x"]]
    for peer in (prefix, wildcard):
        assert peer.one()[2:] == [publication, {"topic": "wsecho.room.a"}, ["x"]]


def test_a_message_from_another_door_reaches_wamp() -> None:
    """`Realm.dispatch` takes what was published elsewhere."""
    world, _ = with_rooms()
    peer = world.peer()
    peer.subscribe("wsecho.room.a")
    world.realm.dispatch(Publication(7, "wsecho.room.a", ["x"], {"position": "e:1"}))
    assert peer.one() == [EVENT, 1, 7, {}, ["x"], {"position": "e:1"}]


def test_exclude_me_holds_for_the_live_event() -> None:
    """The publisher is left out by default, and not with `exclude_me: false`."""
    world, _ = with_rooms()
    peer = world.peer()
    peer.subscribe("wsecho.room.a")
    peer.publish("wsecho.room.a", 1)
    peer.publish("wsecho.room.a", 2, exclude_me=False)
    assert peer.events() == [[[2]]]


@pytest.mark.parametrize(
    "options",
    [
        *({"exclude": []}, {"exclude": [1]}, {"exclude_authid": ["a"]}),
        *({"exclude_authrole": ["a"]}, {"eligible": []}, {"eligible_authid": ["a"]}),
        *({"eligible_authrole": ["a"]}, {"retain": True}),
    ],
)
def test_audience_and_retain_are_not_for_rooms(options: dict[str, Any]) -> None:
    """`wamp.error.option_not_allowed`; in a testament too."""
    world, rooms = with_rooms()
    peer = world.peer()
    answer = peer.ask(PUBLISH, {"acknowledge": True, **options}, "wsecho.room.a", ["x"])
    assert (answer[0], answer[4]) == (ERROR, "wamp.error.option_not_allowed")
    refused = peer.refused(
        "wamp.session.add_testament", "wsecho.room.a", [], {}, publish_options=options
    )
    assert refused == "wamp.error.option_not_allowed"
    assert rooms.log == []


def test_an_option_that_says_nothing_is_allowed() -> None:
    """`retain: false`, and lists that are null."""
    world, rooms = with_rooms()
    peer = world.peer()
    peer.publish("wsecho.room.a", "x", retain=False, exclude=None)
    assert rooms.log == [("publish", peer.id, "wsecho.room.a", ["x"])]


def test_the_owner_hears_of_every_subscriber() -> None:
    """First and last of a subscription; a second SUBSCRIBE of the same session changes nothing."""
    world, rooms = with_rooms()
    one, two = world.peer(), world.peer()
    one.subscribe("wsecho.room.a")
    two.subscribe("wsecho.room.a")
    two.subscribe("wsecho.room.a")
    one.ask(UNSUBSCRIBE, 1)
    two.session.lost()
    assert [entry for entry in rooms.log if entry[0] != "subscribing"] == [
        ("subscribed", one.id, "wsecho.room.a", True),
        ("subscribed", two.id, "wsecho.room.a", False),
        ("unsubscribed", one.id, "wsecho.room.a", False),
        ("unsubscribed", two.id, "wsecho.room.a", True),
    ]


@pytest.mark.parametrize(
    ("pattern", "match", "heard"),
    [
        *(("", "prefix", True), ("wsecho", "prefix", True), ("wsecho.room.a", "prefix", True)),
        *(("wsecho.r", "prefix", True), ("wsecho.x", "prefix", False), ("com", "prefix", False)),
        *(("..", "wildcard", True), ("wsecho..a.b", "wildcard", True)),
        *((".", "wildcard", False), ("wsecho.echo.", "wildcard", False)),
    ],
)
def test_the_owner_hears_of_patterns_that_reach_it(pattern: str, match: str, heard: bool) -> None:
    """And of no others."""
    world, rooms = with_rooms()
    world.peer().subscribe(pattern, match=match)
    assert bool(rooms.log) is heard


def test_the_owner_may_refuse() -> None:
    """A subscription or publication; nothing is left of it."""
    world, rooms = with_rooms()
    peer = world.peer()
    rooms.refuse = WampError("wamp.error.network_failure", "Redis is away")
    answer = peer.ask(SUBSCRIBE, {}, "wsecho.room.a")
    assert answer == [ERROR, SUBSCRIBE, 1, {}, "wamp.error.network_failure", ["Redis is away"]]
    assert peer.ask(PUBLISH, {"acknowledge": True}, "wsecho.room.a")[4] == answer[4]
    assert peer.ask(PUBLISH, {}, "wsecho.room.a") is None
    peer.session.lost()
    world.check_empty()


def test_the_owner_may_answer_later() -> None:
    """SUBSCRIBED, PUBLISHED and RESULT then come when it knows."""
    world, rooms = with_rooms()
    peer = world.peer()
    joining = rooms.later = Promise()
    assert peer.send([SUBSCRIBE, 1, {}, "wsecho.room.a"]) == []
    joining.give(None)
    assert peer.one() == [SUBSCRIBED, 1, 1]
    publishing = rooms.later = Promise()
    assert peer.send([PUBLISH, 2, {"acknowledge": True}, "wsecho.room.a"]) == []
    publishing.give(77)
    assert peer.one() == [PUBLISHED, 2, 77]
    failing = rooms.later = Promise()
    raws = [
        [SUBSCRIBE, 3, {}, "wsecho.room.b"],
        [PUBLISH, 4, {"acknowledge": True}, "wsecho.room.b"],
    ]
    assert peer.send(*raws) == []
    failing.fail(WampError("wamp.error.timeout"))
    assert [raw[2:5] for raw in peer.take()] == [
        [number, {}, "wamp.error.timeout"] for number in (3, 4)
    ]


def test_a_session_that_went_while_the_owner_was_asked_is_not_subscribed() -> None:
    """The owner hears nothing more of it."""
    world, rooms = with_rooms()
    peer = world.peer()
    joining = rooms.later = Promise()
    peer.send([SUBSCRIBE, 1, {}, "wsecho.room.a"])
    peer.session.lost()
    joining.give(None)
    assert [entry[0] for entry in rooms.log] == ["subscribing"]
    world.check_empty()


def test_a_fault_of_the_owner_harms_nobody() -> None:
    """What it raises when it is told becomes no more than a report."""

    class Broken(Rooms):
        def unsubscribed(self, *_args: Any, **_options: Any) -> None:
            raise KeyError("secret")

        def publish(self, *_args: Any) -> int:
            raise ValueError("secret")

    rooms = Broken()
    world = World(owner=rooms)
    peer, other = world.peer(), world.peer()
    peer.subscribe("wsecho.room.a")
    answer = peer.ask(PUBLISH, {"acknowledge": True}, "wsecho.room.a", ["x"])
    assert answer == [ERROR, PUBLISH, 2, {}, "wamp.error.runtime_error"]
    peer.session.lost()
    assert other.result("wamp.subscription.match", "wsecho.room.a") is None
    assert [type(fault) for fault in world.faults] == [ValueError, KeyError]
