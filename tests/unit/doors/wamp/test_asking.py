# SPDX-License-Identifier: MIT
"""Applications that are asked about sessions: before WELCOME, in order, and never twice."""

from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from twisted.internet.defer import Deferred

from tests.support.tokens import FAR, key_file, token
from tests.unit.doors.harness import Server
from tests.unit.doors.wamp.harness import HELLO, ROOM, Wamp
from wsecho import hooks
from wsecho.config.config import Config
from wsecho.core.rooms.rules import RoomTable
from wsecho.hooks import Message, Visit

ABORT, WELCOME, ERROR, PUBLISHED, SUBSCRIBED, EVENT = 3, 2, 8, 17, 33, 36


@define(eq=False)
class Slow:
    """An application whose answers are given by the test, or are yes at once."""

    waits: bool = True
    asked: list[Any] = field(factory=list)
    answers: list[Deferred[Any]] = field(factory=list)

    def connecting(self, visit: Visit) -> Any:
        """Answer."""
        return self._answer(visit)

    def joining(self, _visit: Visit, room: str) -> Any:
        """Answer."""
        return self._answer(room)

    def publishing(self, _visit: Visit, _room: str, message: Message) -> Any:
        """Answer."""
        return self._answer(message.data)

    def _answer(self, asked: Any) -> Any:
        self.asked.append(asked)
        if not self.waits:
            return None
        self.answers.append(Deferred())
        return self.answers[-1]


def serve(app: object, **options: Any) -> Server:
    """A server whose application is asked."""
    return Server(Config(auto_ping=0.0, **options), apps=(app,))


def test_no_session_begins_before_the_answer() -> None:
    """What comes meanwhile is served behind it, in order."""
    server = serve(app := Slow())
    wamp = Wamp.open(server)
    wamp.say(HELLO)
    wamp.say([16, 1, {"acknowledge": True}, "com.example.topic", ["x"]])
    assert wamp.heard() == []
    app.answers[0].callback(None)
    assert [message[0] for message in wamp.heard()] == [WELCOME, PUBLISHED]
    assert app.asked[0].door == "wamp"
    assert app.asked[0].path == "/ws"


@pytest.mark.parametrize(
    ("error", "uri"),
    [
        (hooks.Forbidden("not you"), "wamp.error.not_authorized"),
        (hooks.Forbidden("full", code="over_limit"), "wsecho.error.over_limit"),
        (hooks.Unavailable("away"), "wamp.error.network_failure"),
        (ValueError("broken"), "wamp.error.runtime_error"),
    ],
)
def test_who_may_not_be_is_aborted(error: Exception, uri: str) -> None:
    """With the table's word for it."""
    server = serve(app := Slow())
    wamp = Wamp.open(server)
    wamp.say(HELLO)
    app.answers[0].errback(error)
    [[kind, _, found]] = wamp.heard()
    assert (kind, found) == (ABORT, uri)


def test_a_session_that_ends_before_the_answer_is_not_begun() -> None:
    """Nor answered: nobody is there."""
    server = serve(app := Slow())
    wamp = Wamp.open(server)
    wamp.say(HELLO)
    wamp.client.peer.lose()
    app.answers[0].callback(None)
    assert server.router.sessions == {}
    assert server.router.realms["realm1"].sessions == {}


def test_an_application_that_is_too_slow_is_not_waited_for() -> None:
    """The session is aborted at the application's time."""
    server = serve(Slow(), ask_timeout=1.5)
    wamp = Wamp.open(server)
    wamp.say(HELLO)
    server.clock.advance(1.5)
    assert wamp.heard()[0][2] == "wamp.error.network_failure"


def test_an_application_says_who_that_is() -> None:
    """Also where no tokens are asked for: what it does not grant is not allowed."""
    server = serve(app := Slow())
    wamp = Wamp.open(server)
    wamp.say(HELLO)
    app.answers[0].callback({"sub": "ann", "rooms": {"join": ["a"]}})
    [welcome] = wamp.heard()
    assert (welcome[2]["authid"], welcome[2]["authmethod"]) == ("ann", "application")
    assert wamp.publish(ROOM, "x")[4] == "wamp.error.not_authorized"
    assert wamp.publish("com.example.topic", "x")[4] == "wamp.error.not_authorized"
    assert wamp.call("wsecho.token", "x")[4] == "wamp.error.invalid_argument"
    assert len(app.asked) == 1


def test_a_token_is_what_an_application_is_told_of(tmp_path: Path) -> None:
    """All that it says, and it cannot change who an application says that is."""
    key = key_file(tmp_path)
    server = serve(app := Slow(), token_key=(key,))
    everything: dict[str, Any] = {"rooms": {"join": ["*"], "publish": ["*"]}, "team": 7}
    first = token(sub="ann", exp=FAR, **everything)
    wamp = Wamp(server.open(f"/ws?token={first}", subprotocols=["wamp.2.json"]), "wamp.2.json")
    wamp.say(HELLO)
    [visit] = app.asked
    assert (visit.sub, visit.claims["team"]) == ("ann", 7)
    app.answers[0].callback({"sub": "ann", "rooms": {"join": ["b"]}})
    wamp.heard()
    assert wamp.call("wsecho.token", first)[4] == "wamp.error.invalid_argument"
    assert wamp.publish("wsecho.room.a", "x")[4] == "wamp.error.not_authorized"


def test_what_a_session_asks_for_stays_in_order() -> None:
    """A subscription, and what is said behind it."""
    app = Slow(waits=False)
    server = serve(app)
    wamp = Wamp.join(server)
    app.waits, app.asked = True, []
    wamp.say([32, 1, {}, ROOM])
    wamp.say([16, 2, {"acknowledge": True, "exclude_me": False}, ROOM, ["x"]])
    wamp.say([32, 3, {}, "wsecho.presence.b"])
    assert (app.asked, wamp.heard()) == (["a"], [])
    app.answers[0].callback(None)
    assert [message[0] for message in wamp.heard()] == [SUBSCRIBED]
    assert app.asked == ["a", "x"]
    app.answers[1].callback("y")
    heard = wamp.heard()
    assert sorted(message[0] for message in heard) == [PUBLISHED, EVENT]
    assert next(message for message in heard if message[0] == EVENT)[4] == ["y"]
    app.answers[2].errback(hooks.Forbidden())
    assert [message[4] for message in wamp.heard()] == ["wamp.error.not_authorized"]


def test_what_was_sent_before_the_end_is_said_in_order() -> None:
    """Though nobody is there to be told."""
    app = Slow(waits=False)
    server = serve(app)
    wamp = Wamp.join(server)
    app.waits, app.asked = True, []
    for number in (1, 2):
        wamp.say([16, number, {}, ROOM, [str(number)]])
    wamp.client.peer.lose()
    for answer in (0, 1):
        assert len(app.answers) == answer + 1
        app.answers[answer].callback(None)
    assert [message.payload for message in server.rooms.read("a")] == [b"1", b"2"]


def test_patterns_reach_rooms_that_ask_nothing() -> None:
    """And only these."""
    app = Slow(waits=False)
    tables = (RoomTable("open", {"ask": frozenset({"publish"})}),)
    server = serve(app, room_tables=tables)
    reader, speaker = Wamp.join(server), Wamp.join(server)
    reader.subscribe("wsecho.", match="prefix")
    for room in ("open", "closed"):
        speaker.publish(f"wsecho.room.{room}", room)
    assert [message[4] for message in reader.heard() if message[0] == EVENT] == [["open"]]
    assert reader.call("wsecho.members", "closed")[3] == [[]]
    assert app.asked[-1] == "closed"


def test_a_testament_is_asked_about() -> None:
    """As the session that left it."""
    app = Slow(waits=False)
    server = serve(app)
    wamp = Wamp.join(server)
    wamp.call("wamp.session.add_testament", ROOM, ["farewell"], {})
    app.asked = []
    wamp.client.peer.lose()
    assert app.asked == ["farewell"]
    assert [message.payload for message in server.rooms.read("a")] == [b"farewell"]
