# SPDX-License-Identifier: MIT
"""Doors with a question open: who goes, who is late, who has a fresh token, what is not said."""

import json
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from twisted.internet.defer import Deferred

from tests.support.tokens import FAR, key_file, token
from tests.unit.doors.harness import Client, Server
from wsecho import hooks
from wsecho.config.config import Config
from wsecho.core.rooms.rules import RoomTable
from wsecho.hooks import Message, Visit

V1 = ["wsecho.v1"]


@define(eq=False)
class Slow:
    """An application that answers when the test says so, of the questions that it waits with."""

    waits: set[str] = field(factory=set)
    asked: list[tuple[str, Visit, Any]] = field(factory=list)
    answers: list[Deferred[Any]] = field(factory=list)
    cancelled: list[str] = field(factory=list)

    def connecting(self, visit: Visit) -> Any:
        """Answer."""
        return self._answer("connecting", visit)

    def joining(self, visit: Visit, room: str) -> Any:
        """Answer."""
        return self._answer("joining", visit, room)

    def publishing(self, visit: Visit, _room: str, message: Message) -> Any:
        """Answer."""
        return self._answer("publishing", visit, message.data)

    def _answer(self, question: str, visit: Visit, about: Any = None) -> Any:
        self.asked.append((question, visit, about))
        if question not in self.waits:
            return None
        self.answers.append(Deferred(lambda _: self.cancelled.append(question)))
        return self.answers[-1]


def serve(app: Slow, **options: Any) -> Server:
    """A server that asks it."""
    return Server(Config(auto_ping=0, **options), apps=(app,))


def said(server: Server, room: str = "a") -> list[bytes]:
    """What a room has."""
    return [message.payload for message in server.rooms.read(room)]


def frames(client: Client) -> list[dict[str, Any]]:
    """What came as frames of `wsecho.v1`."""
    return [json.loads(bytes(frame.data)) for frame in client.take()]


@pytest.mark.parametrize("question", ["connecting", "joining"])
@pytest.mark.parametrize("subprotocols", [None, V1], ids=["raw", "v1"])
def test_who_goes_before_the_answer_is_not_asked_about_any_more(
    question: str, subprotocols: list[str] | None
) -> None:
    """The question is given up, and nobody is in the room."""
    server = serve(app := Slow({question}))
    client = Client.to(server.connect(), "/broadcast/a", subprotocols=subprotocols)
    client.shake_hands()
    client.peer.lose()
    assert app.cancelled == [question]
    assert len(server.state.admissions) == 0
    assert "a" not in server.rooms.hub or not server.rooms.hub.has_members("a")
    assert server.clock.getDelayedCalls() == []


@pytest.mark.parametrize("question", ["connecting", "joining"])
def test_a_stream_that_is_gone_is_not_asked_about_any_more(question: str) -> None:
    """As a WebSocket."""
    server = serve(app := Slow({question}))
    exchange = server.ask("GET", "/broadcast/a", Accept="text/event-stream")
    assert exchange.status is None
    exchange.peer.lose()
    assert app.cancelled == [question]
    assert server.answering() == []


@pytest.mark.parametrize("path", ["/broadcast/a", "/broadcast/a/members", "/broadcast/a?after=x:0"])
def test_a_request_that_is_gone_is_not_asked_about_any_more(path: str) -> None:
    """Whatever it wanted to see."""
    server = serve(app := Slow({"joining"}))
    server.ask("GET", path).peer.lose()
    assert app.cancelled == ["joining"]


def test_a_post_that_is_gone_says_nothing() -> None:
    """It had no answer, and may come again."""
    server = serve(app := Slow({"publishing"}))
    server.ask("POST", "/broadcast/a", b"x").peer.lose()
    assert app.cancelled == ["publishing"]
    assert said(server) == []


def test_a_handshake_waits_for_both_questions() -> None:
    """One after the other; then all is as without them."""
    server = serve(app := Slow({"connecting", "joining"}))
    client = Client.to(server.connect(), "/broadcast/a", subprotocols=V1)
    client.shake_hands()
    assert [question for question, *_ in app.asked] == ["connecting"]
    app.answers[0].callback({"sub": "ann", "name": "Ann", "rooms": {"join": ["a"]}})
    assert [(question, visit.sub) for question, visit, _ in app.asked[1:]] == [("joining", "ann")]
    app.answers[1].callback(None)
    client.read()
    assert client.response.status_code == 101
    assert [frame["type"] for frame in frames(client)] == ["joined"]


def test_nothing_is_read_while_a_question_is_open() -> None:
    """And what had come already waits, pings and fresh tokens too."""
    server = serve(app := Slow({"publishing"}))
    client = server.open("/broadcast/a", subprotocols=V1)
    frames(client)
    client.text(json.dumps({"type": "publish", "data": "x", "id": 1}))
    client.text(json.dumps({"type": "ping"}))
    assert frames(client) == []
    assert client.peer.wire.producerState == "paused"
    app.answers[0].callback(None)
    assert [frame["type"] for frame in frames(client)] == ["message", "published", "pong"]
    assert client.peer.wire.producerState == "producing"


def test_a_fresh_token_is_what_is_asked_about_from_then_on(tmp_path: Path) -> None:
    """Behind the messages that came before it."""
    server = serve(app := Slow({"publishing"}), token_key=(key_file(tmp_path),))
    rooms: dict[str, Any] = {"rooms": {"join": ["*"], "publish": ["*"]}}
    first, second = (token(sub="ann", exp=FAR, level=level, **rooms) for level in (1, 2))
    client = server.open(f"/broadcast/a?token={first}", subprotocols=V1)
    for frame in (
        {"type": "publish", "data": "before"},
        {"type": "token", "token": second},
        {"type": "publish", "data": "after"},
    ):
        client.text(json.dumps(frame))
    app.answers[0].callback(None)
    app.answers[1].callback(None)
    seen = [(visit.claims["level"], about) for question, visit, about in app.asked[2:]]
    assert seen == [(1, "before"), (2, "after")]
    assert said(server) == [b"before", b"after"]
    assert len({visit.id for _, visit, _ in app.asked}) == 1


@pytest.mark.parametrize("ends", [False, True], ids=["stays", "ends"])
def test_nothing_is_said_behind_a_no_of_a_raw_publisher(ends: bool) -> None:
    """It had come already; whether or not the connection is there."""
    server = serve(app := Slow({"publishing"}))
    client = server.open("/broadcast/a")
    for text in ("1", "2", "3"):
        client.text(text)
    if ends:
        client.peer.lose()
    app.answers[0].callback(None)
    app.answers[1].errback(hooks.Forbidden("not that"))
    assert [about for *_, about in app.asked[2:]] == ["1", "2"]
    assert said(server) == [b"1"]


def test_a_drain_lets_an_open_question_be_answered() -> None:
    """What had come before the end is said."""
    server = serve(app := Slow({"publishing"}))
    client = server.open("/broadcast/a", subprotocols=V1)
    client.text(json.dumps({"type": "publish", "data": "x", "id": 1}))
    for one in list(server.state.connections):
        one.drain(1.0)
    client.peer.lose()
    app.answers[0].callback(None)
    assert said(server) == [b"x"]


def test_rules_that_are_read_again_hold_for_who_is_here() -> None:
    """From the next message on."""
    server = serve(app := Slow())
    client = server.open("/broadcast/a")
    client.text("1")
    server.state.room_rules.replace((RoomTable("a", {"ask": frozenset({"join"})}),))
    client.text("2")
    assert [about for *_, about in app.asked] == [None, "a", "1"]
    assert said(server) == [b"1", b"2"]


def test_no_door_has_rooms_of_its_own_where_nobody_asks() -> None:
    """All share one set of them, as without this."""
    server = Server(Config(auto_ping=0))
    server.open("/broadcast/a")
    [member] = server.rooms.hub.members("a")
    assert member._rooms is server.rooms  # type: ignore[attr-defined]  # it is a door
