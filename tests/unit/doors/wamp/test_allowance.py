# SPDX-License-Identifier: MIT
"""How many rooms a session may be subscribed to: what counts, and what does not."""

import pytest

from tests.unit.doors.wamp.harness import Wamp, make_server
from tests.unit.doors.wamp.transports import (
    ERROR,
    OVER_LIMIT,
    SUBSCRIBED,
    TRANSPORTS,
    TransportClient,
)

ROOM = "wsecho.room."


def subscribe(wamp: Wamp, number: int, topic: str, **options: str) -> str:
    """Subscribe; return how that was answered."""
    wamp.say([32, number, options, topic])
    [answer] = wamp.heard()
    return "subscribed" if answer[0] == 33 else str(answer[4])


@pytest.mark.parametrize(
    ("topic", "match", "counts"),
    [
        (f"{ROOM}b", "exact", True),
        (f"{ROOM}b", "prefix", True),
        ("wsecho.", "prefix", True),
        ("wsecho.room.", "prefix", True),
        ("wsecho..b", "wildcard", True),
        ("wsecho.presence.b", "exact", True),
        ("com.example.", "prefix", False),
        ("com..b", "wildcard", False),
        (f"{ROOM}a", "exact", False),
    ],
)
def test_what_is_of_a_room_counts(topic: str, match: str, *, counts: bool) -> None:
    """Its events or its presence; a pattern is one, the same again is no further one."""
    server = make_server(max_rooms_per_connection=1)
    wamp = Wamp.join(server)
    assert subscribe(wamp, 1, f"{ROOM}a") == "subscribed"
    expected = "wsecho.error.over_limit" if counts else "subscribed"
    assert subscribe(wamp, 2, topic, match=match) == expected
    assert server.state.stats.limits == ({"max-rooms-per-connection": 1} if counts else {})


@pytest.mark.parametrize("kind", TRANSPORTS)
def test_a_session_may_be_subscribed_to_so_many_rooms(kind: str) -> None:
    """One more is `over_limit`; the same again, a topic of its own, or another's place is not."""
    server = make_server(max_rooms_per_connection=2)
    wamp = TransportClient.join(server, kind)
    first = wamp.subscribe("wsecho.room.a")
    assert first[0] == wamp.subscribe("wsecho.room.b")[0] == SUBSCRIBED
    refused = wamp.subscribe("wsecho.room.c")
    assert (refused[0], refused[4]) == (ERROR, OVER_LIMIT)
    assert wamp.subscribe("wsecho.room.a")[2] == first[2]
    assert wamp.subscribe("com.example.topic")[0] == SUBSCRIBED
    assert TransportClient.join(server).subscribe("wsecho.room.c")[0] == SUBSCRIBED
    assert server.state.stats.limits["max-rooms-per-connection"] == 1
    wamp.ask(34, first[2])
    assert wamp.subscribe("wsecho.room.c")[0] == SUBSCRIBED


def test_a_full_room_or_server_is_over_limit() -> None:
    """For subscribers and publishers alike; it is nobody's fault."""
    server = make_server(max_rooms=1, max_members=1)
    server.open("/broadcast/a")
    wamp = TransportClient.join(server)
    assert wamp.subscribe("wsecho.room.a")[4] == OVER_LIMIT
    assert wamp.subscribe("wsecho.room.b")[4] == OVER_LIMIT
    published = wamp.ask(16, {"acknowledge": True}, "wsecho.room.b", ["x"])
    assert published[4] == OVER_LIMIT
    assert server.rooms.hub.refused == {"max-members": 1, "max-rooms": 2}
