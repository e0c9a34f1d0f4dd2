# SPDX-License-Identifier: MIT
"""`wamp.subscription.get_events` ("Event History")."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.router.peers import (
    World,
    with_rooms,
)
from wsecho.core.promise import Promise
from wsecho.router import Reply
from wsecho.router.model.owner import EventsQuery


def test_event_history_is_announced_where_there_is_an_owner() -> None:
    """And its procedure is there."""
    world, _ = with_rooms()
    welcome = world.raw_peer().hello().one()
    assert welcome[2]["roles"]["broker"]["features"]["event_history"] is True
    assert World().peer().refused("wamp.subscription.get_events", 1) == (
        "wamp.error.no_such_procedure"
    )


def test_get_events_passes_every_filter_on() -> None:
    """All those that the specification names, and `after_position`."""
    world, rooms = with_rooms()
    peer = world.peer()
    subscription = peer.subscribe("wsecho.room.a")
    answer = peer.call(
        "wamp.subscription.get_events",
        subscription,
        kwargs={
            "reverse": True,
            "limit": 5.0,
            "from_time": "2023-11-14T22:13:20Z",
            "after_time": "2023-11-14T23:13:20.5+01:00",
            "before_time": "2023-11-14t22:13:20.123456z",
            "until_time": "2023-11-14T22:13:20.000Z",
            "topic": "wsecho.room.A",
            "from_publication": 1,
            "after_publication": 2,
            "before_publication": 3,
            "until_publication": 4,
            "after_position": "e:1",
        },
    )
    assert answer[3:] == [[{"publication": 1}], {"position": "e:1"}]
    start = 1_700_000_000.0
    expected = EventsQuery(
        *(True, 5, start, start + 0.5, start + 0.123456, start, "wsecho.room.a"),
        *(1, 2, 3, 4, "e:1"),
    )
    assert rooms.log[-1] == ("get_events", peer.id, "wsecho.room.a", expected)


@pytest.mark.parametrize(
    "kwargs",
    [
        *({"limit": 0}, {"limit": "1"}, {"limit": 1.5}, {"reverse": 1}, {"from_time": 5}),
        *({"from_time": "yesterday"}, {"after_time": "2023-11-14T22:13:20"}, {"topic": 3}),
        *({"before_time": "2023-02-30T00:00:00Z"}, {"from_publication": -1}),
        *({"until_time": "9999-12-31T23:59:60Z"}, {"after_position": 5}),
    ],
)
def test_get_events_refuses_what_is_no_filter(kwargs: dict[str, Any]) -> None:
    """`wamp.error.invalid_argument`."""
    world, _ = with_rooms()
    peer = world.peer()
    peer.subscribe("wsecho.room.a")
    refused = peer.refused("wamp.subscription.get_events", 1, **kwargs)
    assert refused == "wamp.error.invalid_argument"


def test_get_events_of_other_subscriptions() -> None:
    """None there: an error; no room: empty; a pattern: no position; nobody's: not authorized."""
    world, _ = with_rooms()
    peer = world.peer()
    ask = "wamp.subscription.get_events"
    assert peer.refused(ask, 1) == "wamp.error.no_such_subscription"
    peer.subscribe("com.a")
    assert peer.call(ask, 1)[3:] == []
    peer.subscribe("wsecho.", match="prefix")
    assert peer.refused(ask, 2, after_position="e:1") == "wamp.error.invalid_argument"
    assert peer.result(ask, 2) == {"publication": 1}
    assert peer.refused(ask, 2, topic="a..b") == "wamp.error.invalid_uri"


def test_get_events_asks_whether_one_may_subscribe() -> None:
    """The past of a topic is for those who may have its present."""

    class OwnOnly:
        def allows(self, session: Any, action: str, *_: Any) -> bool:
            return action != "subscribe" or session.authid == "ann"

        def may_receive(self, *_: Any) -> bool:
            return True

    world, _ = with_rooms(authorizer=OwnOnly())
    world.known("ann").subscribe("wsecho.room.a")
    refused = world.known("bob").refused("wamp.subscription.get_events", 1)
    assert refused == "wamp.error.not_authorized"


def test_get_events_may_answer_later() -> None:
    """A node that has to ask Redis."""
    world, rooms = with_rooms()
    peer = world.peer()
    peer.subscribe("wsecho.room.a")
    asking: Promise[Reply] = Promise()
    rooms.later = asking
    assert peer.call("wamp.subscription.get_events", 1) is None
    asking.give(Reply([], {"recovered": False}))
    assert peer.one()[3:] == [[], {"recovered": False}]
