# SPDX-License-Identifier: MIT
"""The addresses of rooms over HTTP: methods, errors, pages of other origins."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.web.resource import Resource
from twisted.web.server import Request

from tests.unit.doors.broadcast.guarded import guarded
from tests.unit.doors.harness import Server
from wsecho.config.config import Config
from wsecho.core.wire.errors import BadRequest, NotFound
from wsecho.core.wire.names import room_segment
from wsecho.doors.broadcast.resource import RoomAddress

NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=200).filter(
    lambda name: name not in {".", ".."}
)


@given(NAMES)
def test_every_room_has_an_address(name: str) -> None:
    """One segment, percent-encoded; and its members have one below it."""
    path = f"/broadcast/{room_segment(name)}"
    assert RoomAddress.parse(path) == RoomAddress(name)
    assert RoomAddress.parse(f"{path}/members") == RoomAddress(name, is_members=True)


@given(st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=40))
def test_any_path_is_an_address_or_an_error(rest: str) -> None:
    """Nothing else happens, whatever stands behind."""
    try:
        address = RoomAddress.parse(f"/broadcast/{rest}")
    except (BadRequest, NotFound):
        return
    assert address.room


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/broadcast/", 400, "the room's name is empty"),
        ("/broadcast/%00", 400, "control characters"),
        ("/broadcast/%ff", 400, "not UTF-8"),
        ("/broadcast/..", 400, "cannot be named '..'"),
        (f"/broadcast/{'x' * 201}", 400, "201 characters"),
        ("/broadcast//members", 400, "empty"),
        ("/broadcast/a/", 404, "nothing"),
        ("/broadcast/a/b", 404, "nothing"),
        ("/broadcast/a/Members", 404, "nothing"),
        ("/broadcast/a/members/", 404, "nothing"),
        ("/broadcast/a/members/b", 404, "nothing"),
        ("/broadcast/a?after=1", 400, "position"),
        ("/broadcast/a?after=e:01", 400, "position"),
        ("/broadcast/a?history=-1", 400, "history"),
        ("/broadcast/a?history=%C2%B2", 400, "history"),
        ("/broadcast/a?wait=61", 400, "wait is 0 to 60"),
        ("/broadcast/a?wait=1.5", 400, "wait"),
        ("/broadcast/a?limit=0", 400, "limit is 1 to 1000"),
        ("/broadcast/a?limit=1001", 400, "limit"),
        ("/broadcast/a?limit=1&limit=2", 400, "limit stands 2 times"),
        ("/broadcast/a?self=yes", 400, "self"),
        ("/broadcast/a?presence=2", 400, "presence"),
        ("/broadcast/a?member=short", 400, "member"),
        ("/broadcast/a?x=%ff", 400, "cannot be read"),
    ],
)
def test_a_bad_address_is_told_in_json(path: str, status: int, reason: str) -> None:
    """With a reason that names the part at fault."""
    answer = Server().ask("GET", path)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json["error"]["code"] == {400: "bad_request", 404: "not_found"}[status]
    assert reason in answer.json["error"]["reason"]


def test_unknown_parameters_are_ignored() -> None:
    """So that a proxy's or a cache breaker's do no harm."""
    assert Server().ask("GET", "/broadcast/a?_=17&utm=x").status == 200


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/broadcast", "GET, HEAD, POST, OPTIONS"),
        ("DELETE", "/broadcast/a", "GET, HEAD, POST, OPTIONS"),
        ("FETCH", "/broadcast/a", "GET, HEAD, POST, OPTIONS"),
        ("POST", "/broadcast/a/members", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_method_that_an_address_does_not_know_is_405(
    method: str, path: str, allowed: str
) -> None:
    """And the answer says which it knows."""
    answer = Server().ask(method, path)
    assert answer.status == 405
    assert answer.headers["allow"] == allowed
    assert answer.json["error"]["code"] == "method_not_allowed"


def test_options_says_what_there_is() -> None:
    """Without a body, and without a length (RFC 9110 section 8.6)."""
    answer = Server().ask("OPTIONS", "/broadcast/a")
    assert answer.status == 204
    assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"
    assert "content-length" not in answer.headers


def test_a_page_of_an_allowed_origin_is_served_preflight_included() -> None:
    """It may send the headers that it asks for, and read where its message stands."""
    server = Server(Config(origin=("https://*.example.org",)))
    page = {"Origin": "https://a.example.org"}
    preflight = server.ask(
        "OPTIONS",
        "/broadcast/a",
        Access_Control_Request_Method="POST",
        Access_Control_Request_Headers="idempotency-key",
        **page,
    )
    assert preflight.status == 204
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert preflight.headers["access-control-allow-headers"] == "idempotency-key"
    answer = server.ask("POST", "/broadcast/a", b"x", **page)
    assert answer.status == 201
    for told in (preflight, answer, server.ask("GET", "/broadcast/a?after=x", **page)):
        assert told.headers["access-control-allow-origin"] == "https://a.example.org"
        assert told.headers["vary"] == "Origin"
        assert "Location" in told.headers["access-control-expose-headers"]


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null"])
def test_a_foreign_page_gets_403_and_does_nothing(method: str, origin: str) -> None:
    """Its browser is not told that it might read the answer."""
    server = Server()
    answer = server.ask(method, "/broadcast/a", Origin=origin)
    assert answer.status == 403
    assert answer.json["error"]["code"] == "forbidden"
    assert "access-control-allow-origin" not in answer.headers
    assert "a" not in server.rooms.hub


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/broadcast"),
        ("POST", "/broadcast"),
        ("GET", "/broadcast/a"),
        ("POST", "/broadcast/a"),
        ("GET", "/broadcast/a/members"),
        ("HEAD", "/broadcast/a"),
    ],
)
def test_without_a_token_it_is_401(method: str, path: str) -> None:
    """Where tokens are asked for; a preflight carries none, so it needs none."""
    answer = guarded().ask(method, path)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert guarded().ask("OPTIONS", path).status == 204


@pytest.mark.parametrize(
    ("who", "method", "path", "body", "status"),
    [
        ("ann", "GET", "/broadcast", b"", 200),
        ("bob", "GET", "/broadcast", b"", 403),
        ("ann", "GET", "/broadcast/team-a", b"", 200),
        ("ann", "GET", "/broadcast/other", b"", 403),
        ("ann", "GET", "/broadcast/other/members", b"", 403),
        ("bob", "GET", "/broadcast/other/members", b"", 200),
        ("ann", "POST", "/broadcast/team-a", b"x", 201),
        ("bob", "POST", "/broadcast/team-a", b"x", 403),
        ("ann", "POST", "/broadcast", b'{"rooms":["team-a","team-b"],"data":"x"}', 201),
        ("ann", "POST", "/broadcast", b'{"rooms":["team-a","other"],"data":"x"}', 403),
    ],
)
def test_grants_are_looked_at(who: str, method: str, path: str, body: bytes, status: int) -> None:
    """Each verb wants its own; one forbidden room refuses the whole message."""
    server = guarded()
    answer = server.ask(method, path, body, Authorization=f"Bearer {who}")
    assert answer.status == status
    if status == 403:
        assert answer.json["error"]["code"] == "forbidden"
        assert [room.name for room in server.rooms.hub.rooms() if room.position.offset] == []


def test_a_stream_needs_the_grant_to_join() -> None:
    """As every reader."""
    answer = guarded().ask(
        "GET", "/broadcast/other", Accept="text/event-stream", Authorization="Bearer ann"
    )
    assert answer.status == 403


def test_a_fault_of_ours_is_500_and_tells_nothing() -> None:
    """The connection goes on."""

    class Broken(Resource):
        isLeaf = True

        def render(self, request: Request) -> Any:
            raise ZeroDivisionError("secret")

    server = Server()
    server.root.putChild(b"broken", Broken())
    peer = server.connect()
    answer = peer.ask("GET", "/broken")
    assert answer.status == 500
    assert answer.json == {"error": {"code": "internal", "reason": "internal error"}}
    assert peer.ask("GET", "/broadcast/a").status == 200


def test_nothing_is_cached_nor_sniffed() -> None:
    """Answers and errors alike."""
    for path in ("/broadcast", "/broadcast/a", "/broadcast/a/members", "/broadcast/a/x"):
        headers = Server().ask("GET", path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
