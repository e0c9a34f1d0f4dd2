# SPDX-License-Identifier: MIT
"""What rooms there are, and who is in one."""

from tests.unit.doors.broadcast.guarded import guarded
from tests.unit.doors.harness import Server

SECRET = "0123456789abcdef"


def test_the_rooms_are_listed_with_their_members() -> None:
    """By name; a room that only remembers has none."""
    server = Server()
    server.open("/broadcast/b")
    server.open("/broadcast/b")
    server.ask("POST", "/broadcast/a%2Fc", b"x")
    assert server.ask("GET", "/broadcast").json == {
        "rooms": [{"room": "a/c", "members": 0}, {"room": "b", "members": 2}]
    }


def test_to_list_rooms_is_no_use_of_them() -> None:
    """Else somebody who watches the list would keep them all."""
    server = Server()
    server.ask("POST", "/broadcast/a", b"x")
    server.clock.advance(599)
    assert server.ask("GET", "/broadcast").json["rooms"]
    server.clock.advance(1)
    server.rooms.sweep()
    assert server.ask("GET", "/broadcast").json == {"rooms": []}


def test_members_are_seen_by_every_door() -> None:
    """Each with its id, its door and since when; who came first stands first."""
    server = Server()
    server.open("/broadcast/a")
    server.clock.advance(1)
    server.open("/broadcast/a", subprotocols=["wsecho.v1"])
    server.clock.advance(1)
    server.ask("GET", "/broadcast/a", Accept="text/event-stream")
    members = server.ask("GET", "/broadcast/a/members").json["members"]
    assert [(member["door"], member["since"]) for member in members] == [
        ("raw", "1970-01-01T00:00:00.000Z"),
        ("v1", "1970-01-01T00:00:01.000Z"),
        ("sse", "1970-01-01T00:00:02.000Z"),
    ]
    assert len({member["id"] for member in members}) == 3
    assert all("name" not in member for member in members)


def test_a_token_gives_the_name() -> None:
    """And a named member's id tells nothing of its secret."""
    server = guarded()
    server.ask(
        "GET",
        f"/broadcast/team-a?member={SECRET}",
        Accept="text/event-stream",
        Authorization="Bearer ann",
    )
    [member] = server.ask("GET", "/broadcast/team-a/members", Authorization="Bearer bob").json[
        "members"
    ]
    assert member["name"] == "Ann"
    assert SECRET not in member["id"]


def test_head_has_the_length_and_no_body() -> None:
    """As RFC 9110 section 9.3.2 says."""
    server = Server()
    for path in ("/broadcast", "/broadcast/a/members"):
        full = server.ask("GET", path)
        head = server.ask("HEAD", path)
        assert head.status == 200
        assert head.headers["content-length"] == str(len(full.body))
