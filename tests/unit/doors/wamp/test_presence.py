# SPDX-License-Identifier: MIT
"""Who is in a room, on WAMP: sessions as members, the topic of presence, `wsecho.members`."""

from typing import Any

import pytest

from tests.unit.doors.wamp.harness import ROOM, Wamp, make_server
from wsecho.core.rooms.presence import LINGER

PRESENCE = "wsecho.presence.a"
EVENT, ERROR = 36, 8
SECRET = "0123456789abcdef"


def events(wamp: Wamp) -> list[dict[str, Any]]:
    """The keywords of the events that came."""
    return [message[5] for message in wamp.heard() if message[0] == EVENT]


def members(wamp: Wamp, room: str = "a") -> list[dict[str, Any]]:
    """The answer of `wsecho.members`."""
    answer = wamp.call("wsecho.members", room)
    [[found]] = answer[3:]
    assert isinstance(found, list)
    return found


def test_members_of_all_doors_are_listed() -> None:
    """Each with its id, its door and since when; who came first first."""
    server = make_server()
    server.clock.advance(10)
    server.open("/broadcast/a")
    server.clock.advance(1)
    wamp = Wamp.join(server)
    wamp.subscribe(ROOM)
    found = members(wamp)
    assert [(member["door"], member["since"]) for member in found] == [
        ("raw", "1970-01-01T00:00:10.000Z"),
        ("wamp", "1970-01-01T00:00:11.000Z"),
    ]
    assert len({member["id"] for member in found}) == 2
    assert all("name" not in member for member in found)


def test_who_asks_or_watches_is_no_member() -> None:
    """Only a subscription to the room's own topic is."""
    server = make_server()
    wamp = Wamp.join(server)
    wamp.subscribe(PRESENCE)
    wamp.subscribe("wsecho.room.", match="prefix")
    assert members(wamp) == []


def test_comings_and_goings_are_told_whatever_the_door() -> None:
    """As events with the keywords `action` and `member`."""
    server = make_server()
    watcher = Wamp.join(server)
    watcher.subscribe(PRESENCE)
    raw, wamp = server.open("/broadcast/a"), Wamp.join(server)
    subscription = wamp.subscribe(ROOM)
    told = events(watcher)
    assert [(event["action"], event["member"]["door"]) for event in told] == [
        ("join", "raw"),
        ("join", "wamp"),
    ]
    wamp.say([34, 9, subscription])
    raw.peer.lose()
    assert [(event["action"], event["member"]["id"]) for event in events(watcher)] == [
        ("leave", told[1]["member"]["id"]),
        ("leave", told[0]["member"]["id"]),
    ]
    assert members(watcher) == []


def test_each_session_is_a_member_of_its_own() -> None:
    """Though they share a subscription."""
    server = make_server()
    one, two = Wamp.join(server), Wamp.join(server)
    assert one.subscribe(ROOM) == two.subscribe(ROOM)
    assert len(members(one)) == 2
    two.client.peer.lose()
    assert len(members(one)) == 1


def test_a_session_that_named_itself_is_one_member_across_doors_and_reconnects() -> None:
    """By `authextra.member`, as others do by `?member=`."""
    server = make_server()
    watcher = Wamp.join(server)
    watcher.subscribe(PRESENCE)
    named = Wamp.join(server, authextra={"member": SECRET})
    named.subscribe(ROOM)
    raw = server.open(f"/broadcast/a?member={SECRET}")
    assert [event["action"] for event in events(watcher)] == ["join"]
    raw.peer.lose()
    named.client.peer.lose()
    server.clock.advance(LINGER - 1)
    again = Wamp.join(server, authextra={"member": SECRET})
    again.subscribe(ROOM)
    server.clock.advance(LINGER)
    assert events(watcher) == []
    again.client.peer.lose()
    server.clock.advance(LINGER)
    assert [event["action"] for event in events(watcher)] == ["leave"]


@pytest.mark.parametrize("secret", ["short", 7, "x" * 65, "0123456789abcde "])
def test_a_bad_name_is_an_error_of_the_subscription(secret: object) -> None:
    """The session goes on."""
    server = make_server()
    wamp = Wamp.join(server, authextra={"member": secret})
    wamp.say([32, 1, {}, ROOM])
    [[kind, _, _, _, uri, *_]] = wamp.heard()
    assert (kind, uri) == (ERROR, "wamp.error.invalid_argument")
    assert len(server.router.sessions) == 1
    assert members(Wamp.join(server)) == []


def test_nobody_else_says_who_comes_and_goes() -> None:
    """Nor is there a history of it."""
    wamp = Wamp.join(make_server())
    subscription = wamp.subscribe(PRESENCE)
    assert wamp.publish(PRESENCE, action="join")[4] == "wamp.error.not_authorized"
    assert wamp.call("wamp.subscription.get_events", subscription)[:2] == [50, 3]


@pytest.mark.parametrize("args", [[], [1], ["a", "b"], [".."], ["x" * 201]])
def test_members_of_what_is_no_room_is_an_error(args: list[object]) -> None:
    """Which says that the argument is at fault."""
    wamp = Wamp.join(make_server())
    assert wamp.call("wsecho.members", *args)[4] == "wamp.error.invalid_argument"


def test_the_topic_has_one_spelling() -> None:
    """However it is percent-encoded."""
    server = make_server()
    wamp = Wamp.join(server)
    assert wamp.subscribe("wsecho.presence.a%62") == wamp.subscribe("wsecho.presence.ab")
