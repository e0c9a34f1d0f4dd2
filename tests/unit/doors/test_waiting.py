# SPDX-License-Identifier: MIT
"""Doors before a bus that takes its time, or fails: what they hold, and what they say."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest

from tests.unit.doors.harness import Client, Server, masked
from tests.unit.doors.wamp.harness import ROOM, Wamp
from wsecho.bus.interface import BusListener
from wsecho.bus.memory import MemoryBus
from wsecho.config.config import Config
from wsecho.core.promise import Promise, PromiseState
from wsecho.core.rooms.hub import Hub
from wsecho.core.rooms.retries import Receipt
from wsecho.core.rooms.room import PublishRequest
from wsecho.core.wire.errors import BusTimeout, BusUnavailable
from wsecho.core.wire.positions import Position


class SlowBus(MemoryBus):
    """A bus in memory that answers when it is told to."""

    def __init__(self, hub: Hub[Any], listener: BusListener, now: Callable[[], float]) -> None:
        super().__init__(hub, listener, now)
        self.is_away = False
        self.is_slow = True
        self.asked: list[tuple[Promise[Any], Callable[[], Any]]] = []

    def attach(self, room: str, after: Position | None = None) -> Any:
        """Promise it."""
        return self._later(lambda: None)

    def publish(self, room: str, said: PublishRequest, sender: Any, origin: Any) -> Any:
        """Promise to say it."""
        return self._later(partial(super().publish, room, said, sender, origin))

    def publish_to_all(self, said: Mapping[str, PublishRequest]) -> Any:
        """Promise to say it."""

        def say() -> dict[str, Receipt]:
            publish = super(SlowBus, self).publish
            return {room: publish(room, one, None, None) for room, one in said.items()}

        return self._later(say)

    def answer(self) -> None:
        """Do all that was asked, what follows from it included."""
        while self.asked:
            promise, call = self.asked.pop(0)
            if promise.state is PromiseState.OPEN:
                promise.give(call())

    def fail(self) -> None:
        """Answer nothing any more."""
        asked, self.asked = self.asked, []
        for promise, _ in asked:
            promise.fail(BusTimeout())

    def _later(self, call: Callable[[], Any]) -> Any:
        if self.is_away:
            raise BusUnavailable
        if not self.is_slow:
            return call()
        promise: Promise[Receipt | None] = Promise()
        self.asked.append((promise, call))
        return promise


def make_server() -> tuple[Server, SlowBus]:
    """A server upon such a bus."""
    server = Server(Config(auto_ping=0.0), make_bus=SlowBus)
    assert isinstance(server.rooms.bus, SlowBus)
    return server, server.rooms.bus


def knock(server: Server, path: str = "/broadcast/a", **options: Any) -> Client:
    """Ask for a WebSocket; there is no answer yet."""
    client = Client.to(server.connect(), path, **options)
    client.shake_hands()
    assert not hasattr(client, "response")
    return client


@pytest.mark.parametrize("subprotocol", [None, "wsecho.v1"])
def test_a_websocket_opens_when_its_room_is_current(subprotocol: str | None) -> None:
    """What the client sends meanwhile is held, and heard afterwards."""
    server, bus = make_server()
    client = knock(server, subprotocols=subprotocol and [subprotocol])
    said = b'{"type":"publish","data":"x","id":"1"}' if subprotocol else b"x"
    client.peer.send(masked(1, said))
    bus.answer()
    client.read()
    assert client.response.status_code == 101
    assert server.rooms.read("a").head == 1
    assert len(client.take()) == (3 if subprotocol else 1)


def test_what_is_held_meanwhile_is_bounded() -> None:
    """A client that goes on sending is not read any more, until it can be."""
    server, bus = make_server()
    client = knock(server)
    while client.peer.wire.producerState == "producing":
        client.peer.send(masked(1, b"x" * 100))
        assert client.peer.wire.producerState == "paused" or len(bus.asked) == 1
    bus.answer()
    assert client.peer.wire.producerState == "producing"
    assert server.rooms.read("a").head > 100


@pytest.mark.parametrize("by_kept_alive", [False, True])
def test_an_upgrade_on_a_used_connection_waits_too(by_kept_alive: bool) -> None:
    """Behind a proxy that keeps connections alive, as on a fresh one."""
    server, bus = make_server()
    peer = server.connect()
    if by_kept_alive:
        assert peer.ask("GET", "/nothing").status == 404
    client = Client.to(peer, "/broadcast/a")
    client.shake_hands()
    client.peer.send(masked(1, b"early"))
    bus.answer()
    client.read()
    bus.answer()
    assert client.texts() == ["early"]


@pytest.mark.parametrize("path", ["/broadcast/a", "/broadcast/a?after=x:0"])
def test_a_client_that_goes_meanwhile_never_joins(path: str) -> None:
    """Nobody is left in the room."""
    server, bus = make_server()
    client = knock(server, path)
    client.peer.lose()
    bus.answer()
    assert server.rooms.hub.members("a") == []
    assert not len(server.state.connections)


def test_a_bus_that_is_away_refuses_the_handshake() -> None:
    """503, with a time to come back."""
    server, bus = make_server()
    bus.is_away = True
    client = Client.to(server.connect(), "/broadcast/a")
    client.shake_hands()
    assert client.response.status_code == 503
    assert client.response.headers["Retry-After"] == "1"
    assert b'"bus_unavailable"' in (client.response.body or b"")


def test_a_bus_that_answers_too_late_refuses_the_handshake() -> None:
    """504."""
    server, bus = make_server()
    client = knock(server)
    bus.fail()
    client.read()
    assert client.response.status_code == 504


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/broadcast/a", 200),
        ("HEAD", "/broadcast/a", 200),
        ("GET", "/broadcast/a/members", 200),
        ("POST", "/broadcast/a", 201),
    ],
)
def test_http_waits(method: str, path: str, status: int) -> None:
    """The answer is the same as at once, or says what is wrong, or goes to nobody."""
    server, bus = make_server()
    asked = server.ask(method, path, b"x" if method == "POST" else b"")
    assert asked.status is None
    bus.answer()
    assert asked.status == status
    assert asked.is_over
    late = server.ask(method, path, b"x" if method == "POST" else b"")
    bus.fail()
    assert late.status == 504
    assert method == "HEAD" or late.json["error"]["code"] == "bus_timeout"
    gone = server.ask(method, path, b"x" if method == "POST" else b"")
    gone.peer.lose()
    bus.answer()
    bus.is_away = True
    refused = server.ask(method, path, b"x" if method == "POST" else b"")
    assert refused.status == 503
    assert method == "HEAD" or refused.json["error"]["code"] == "bus_unavailable"


def test_many_rooms_wait() -> None:
    """First it is looked whether all take it, then it is said in all."""
    server, bus = make_server()
    body = b'{"rooms":["a","b"],"data":"x"}'
    asked = server.ask("POST", "/broadcast", body, content_type="application/json")
    assert (asked.status, len(bus.asked)) == (None, 1)
    bus.answer()
    assert sorted(asked.json["positions"]) == ["a", "b"]
    late = server.ask("POST", "/broadcast", body, content_type="application/json")
    bus.fail()
    assert late.status == 504


def test_a_stream_waits() -> None:
    """Server-sent events begin when the room is current, or not at all."""
    server, bus = make_server()
    stream = server.ask("GET", "/broadcast/a", accept="text/event-stream")
    assert stream.status is None
    bus.answer()
    assert [event.name for event in stream.events] == ["joined"]
    gone = server.ask("GET", "/broadcast/a", accept="text/event-stream")
    gone.peer.lose()
    bus.answer()
    assert len(server.rooms.hub.members("a")) == 1


def test_a_framed_publisher_is_told() -> None:
    """Each outcome as its frame, in the order in which they become known."""
    server, bus = make_server()
    client = knock(server, subprotocols=["wsecho.v1"])
    bus.answer()
    client.read()
    client.take()
    client.text('{"type":"publish","data":"x","id":"1"}')
    assert client.take() == []
    bus.fail()
    [late] = client.texts()
    assert '"code":"bus_timeout"' in late
    bus.is_away = True
    client.text('{"type":"publish","data":"x","id":"2"}')
    [refused] = client.texts()
    assert '"code":"bus_unavailable"' in refused
    assert '"id":"2"' in refused


@pytest.mark.parametrize("is_away", [False, True])
def test_a_raw_publisher_is_closed(is_away: bool) -> None:
    """It has no other way to learn that it was not heard: 1013."""
    server, bus = make_server()
    client = knock(server)
    bus.answer()
    client.read()
    bus.is_away = is_away
    client.text("x")
    bus.fail()
    assert client.close_code == 1013


def test_wamp_waits() -> None:
    """Subscribing, publishing, the past and the members; what fails is an ERROR of its own."""
    server, bus = make_server()
    wamp = Wamp.join(server)
    wamp.say([32, 1, {}, ROOM])
    assert wamp.heard() == []
    bus.answer()
    [[kind, _, subscription]] = wamp.heard()
    assert kind == 33
    wamp.say([16, 2, {"acknowledge": True, "exclude_me": False}, ROOM, ["x"]])
    assert wamp.heard() == []
    bus.answer()
    assert sorted(message[0] for message in wamp.heard()) == [17, 36]
    wamp.say([48, 3, {}, "wamp.subscription.get_events", [subscription]])
    bus.answer()
    [[kind, _, _, [event], _]] = wamp.heard()
    assert (kind, event["args"]) == (50, ["x"])
    wamp.say([48, 4, {}, "wsecho.members", ["a"]])
    bus.answer()
    [[kind, *_, [[member]]]] = wamp.heard()
    assert (kind, member["door"]) == (50, "wamp")
    wamp.say([16, 5, {"acknowledge": True}, ROOM, ["x"]])
    bus.fail()
    [[kind, _, _, _, uri, *_]] = wamp.heard()
    assert (kind, uri) == (8, "wamp.error.timeout")
    bus.is_away = True
    wamp.say([32, 6, {}, f"{ROOM}b"])
    [[kind, _, _, _, uri, *_]] = wamp.heard()
    assert (kind, uri) == (8, "wamp.error.network_failure")


def test_a_session_that_goes_meanwhile_joins_nothing() -> None:
    """Its subscription is not made any more."""
    server, bus = make_server()
    wamp = Wamp.join(server)
    wamp.say([32, 1, {}, ROOM])
    wamp.client.peer.lose()
    bus.answer()
    assert server.rooms.hub.members("a") == []


def renewed(server: Server) -> Position:
    """The room has lost its epoch."""
    position = Position("fresh", 0)
    server.rooms.fanout.renew("a", position)
    return position


def test_every_door_is_told_of_a_new_epoch() -> None:
    """`joined` once more, 4410, an answer, an event; and of messages that are gone."""
    server, bus = make_server()
    bus.is_slow = False
    framed = server.open("/broadcast/a", subprotocols=["wsecho.v1"])
    raw = server.open("/broadcast/a")
    stream = server.ask("GET", "/broadcast/a", accept="text/event-stream")
    wamp = Wamp.join(server)
    wamp.subscribe(ROOM)
    poll = server.ask("GET", f"/broadcast/a?after={server.rooms.read('a').position}&wait=20")
    framed.take()
    server.rooms.fanout.skip("a", "old", 3, 5)
    assert '"type":"skipped","from":"old:3","to":"old:5"' in framed.texts()[0]
    assert (raw.close_code, raw.close_reason) == (4410, "old:5")
    assert poll.json == {"position": "old:5", "recovered": False, "messages": []}
    assert (stream.events[-1].name, stream.events[-1].last_id) == ("skipped", "old:5")
    [event] = wamp.heard()
    assert event[5] == {"skipped": {"from": "old:3", "to": "old:5"}}
    raw = server.open("/broadcast/a")
    poll = server.ask("GET", f"/broadcast/a?after={server.rooms.read('a').position}&wait=20")
    renewed(server)
    [joined] = framed.texts()
    assert '"type":"joined"' in joined
    assert {"position": "fresh:0", "recovered": False}.items() <= json.loads(joined).items()
    assert (raw.close_code, raw.close_reason) == (4410, "fresh:0")
    assert poll.json == {"position": "fresh:0", "recovered": False, "messages": []}
    assert (stream.events[-1].name, stream.events[-1].last_id) == ("joined", "fresh:0")
    [event] = wamp.heard()
    assert event[5] == {"position": "fresh:0", "recovered": False}
