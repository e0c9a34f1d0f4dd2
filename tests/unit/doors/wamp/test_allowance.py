# SPDX-License-Identifier: MIT
"""How many rooms a session may be subscribed to: what counts, and what does not."""

import pytest

from tests.unit.doors.wamp.harness import Wamp, make_server

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
