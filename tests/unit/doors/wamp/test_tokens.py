# SPDX-License-Identifier: MIT
"""`wsecho.token`: a fresh token for a session that goes on."""

import json
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from tests.support.tokens import ED, NOW, OTHER_ED, key_file, token
from tests.unit.doors.harness import Server
from tests.unit.doors.wamp.harness import ROOM, Wamp, make_server
from wsecho.config.config import Config

CALL = "wsecho.token"
DENIED = "wamp.error.authentication_denied"
FORM = "wamp.2.json"
EVERYTHING = {"subscribe": ["com."], "publish": ["com."], "register": ["com."]}


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """A server that asks for tokens."""
    clock = Clock()
    clock.advance(NOW)
    return Server(Config(token_key=(key_file(tmp_path, ED),), auto_ping=0.0), clock=clock)


def join(server: Server, **claims: Any) -> Wamp:
    """Open a session with a token that lasts for a minute."""
    text = token(**{"sub": "ann", "exp": NOW + 60, "wamp": EVERYTHING, **claims})
    wamp = Wamp(server.open(f"/ws?token={text}", subprotocols=[FORM]), FORM)
    wamp.say([1, "realm1", {"roles": {"caller": {}, "callee": {}, "publisher": {}}}])
    assert wamp.heard()[0][0] == 2
    return wamp


def fresh(**claims: Any) -> str:
    """A token that lasts for two."""
    return token(**{"sub": "ann", "exp": NOW + 120, "wamp": EVERYTHING, **claims})


def test_the_session_lasts_as_long_as_the_fresh_one(server: Server) -> None:
    """And is told until when."""
    wamp = join(server)
    assert wamp.call(CALL, fresh())[3:] == [[], {"expires": NOW + 120}]
    server.clock.advance(119)
    assert wamp.heard() == []
    server.clock.advance(1.1)
    assert wamp.heard()[-1][2] == "wsecho.close.token_expired"


def test_it_may_last_shorter(server: Server) -> None:
    """What was granted for longer is granted no more."""
    wamp = join(server)
    assert wamp.call(CALL, fresh(exp=NOW + 10))[4] == {"expires": NOW + 10}
    server.clock.advance(10.1)
    assert wamp.heard()[-1][2] == "wsecho.close.token_expired"


def test_it_grants_what_it_says_and_no_more(server: Server) -> None:
    """From now on: more here, less there."""
    wamp = join(server, rooms={"publish": ["a"]})
    assert wamp.publish("wsecho.room.b", "x")[4] == "wamp.error.not_authorized"
    assert wamp.call(CALL, fresh(rooms={"publish": ["b"]}))[0] == 50
    assert wamp.publish("wsecho.room.b", "x")[0] == 17
    assert wamp.publish("wsecho.room.a", "x")[4] == "wamp.error.not_authorized"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("x", DENIED),
        (fresh(sub="bob"), DENIED),
        (fresh(sub=...), DENIED),
        (token(OTHER_ED, sub="ann"), DENIED),
        (fresh(exp=NOW - 1), DENIED),
        (fresh(name="a\nb"), DENIED),
        (fresh(name="x" * 1_000), DENIED),
        (fresh(rooms={"join": ["b"], "publish": ["*"]}), "wamp.error.not_authorized"),
        (fresh(wamp={}), "wamp.error.not_authorized"),
        (fresh(wamp={"subscribe": ["com."]}), "wamp.error.not_authorized"),
        (fresh(wamp={"register": ["com."]}), "wamp.error.not_authorized"),
        (1, "wamp.error.invalid_argument"),
        (None, "wamp.error.invalid_argument"),
    ],
    ids=map(str, range(13)),
)
def test_one_that_does_not_do_changes_nothing(server: Server, text: Any, error: str) -> None:
    """It is for another, or bad, or does not allow what the session has."""
    wamp = join(server)
    wamp.subscribe(ROOM)
    wamp.subscribe("com.example.topic")
    wamp.say([64, 4, {}, "com.example.procedure"])
    wamp._requests = 4
    assert wamp.heard()[0][0] == 65
    assert wamp.call(CALL, text)[4] == error
    assert wamp.publish(ROOM, "x")[0] == 17
    server.clock.advance(60.1)
    assert wamp.heard()[-1][2] == "wsecho.close.token_expired"


def test_what_is_said_has_the_fresh_name(server: Server) -> None:
    """In a room where the session is, and elsewhere; the id stays."""
    wamp = join(server, name="Ann")
    wamp.subscribe(ROOM)

    def author(room: str) -> Any:
        wamp.call("wsecho.publish", room, "x") if room == "b" else wamp.publish(ROOM, "x")
        page = server.ask("GET", f"/broadcast/{room}?history=1&token={token()}").json
        return page["messages"][0]["from"]

    before = author("a"), author("b")
    wamp.call(CALL, fresh(name="Anna"))
    after = author("a"), author("b")
    assert [each["name"] for each in (*before, *after)] == ["Ann", "Ann", "Anna", "Anna"]
    assert [each["id"] for each in before] == [each["id"] for each in after]


@pytest.mark.parametrize("args", [[], ["a", "b"]])
def test_it_takes_one_token(server: Server, args: list[str]) -> None:
    """Neither none nor two."""
    assert join(server).call(CALL, *args)[4] == "wamp.error.invalid_argument"


def test_where_none_is_asked_for_it_means_nothing() -> None:
    """As with the frame."""
    answer = Wamp.join(make_server()).call(CALL, fresh())
    assert answer[4:] == [
        "wamp.error.invalid_argument",
        ["this server asks for no tokens"],
    ]


def test_a_session_that_showed_its_token_as_a_ticket_has_it_too(server: Server) -> None:
    """However it came in."""
    wamp = Wamp(server.open("/ws", subprotocols=[FORM]), FORM)
    wamp.say([1, "realm1", {"roles": {"caller": {}}, "authmethods": ["ticket"]}])
    wamp.say([5, token(sub="ann", exp=NOW + 60), {}])
    assert wamp.heard()[-1][0] == 2
    assert wamp.call(CALL, fresh())[0] == 50
    server.clock.advance(61)
    assert json.loads(json.dumps(wamp.heard())) == []
