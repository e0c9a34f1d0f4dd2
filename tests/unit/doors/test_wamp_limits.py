# SPDX-License-Identifier: MIT
"""Limits on WAMP sessions: rooms, rates, slow readers, on each transport."""

import json
from typing import Any

import pytest
from attrs import define, field
from twisted.web.resource import Resource

from tests.unit.doors.harness import Client, Peer, Server, known
from wsecho.config.config import Config
from wsecho.core.limits.slowness import SlowRule
from wsecho.doors.wamp.serve import longpoll_resource

ROLES: dict[str, Any] = {"publisher": {}, "subscriber": {}, "caller": {}, "callee": {}}
HELLO = [1, "realm1", {"roles": ROLES}]
ERROR, SUBSCRIBED, EVENT, RESULT, INVOCATION = 8, 33, 36, 50, 68
OVER_LIMIT, OVER_RATE = "wsecho.error.over_limit", "wsecho.error.over_rate"
ECHO = "wsecho.echo"
TRANSPORTS = ("websocket", "rawsocket", "lp")


def make_server(**options: Any) -> Server:
    """A server with `/lp`."""
    root = Resource()
    server = Server(Config(auto_ping=0, **options), root)
    lp = longpoll_resource(
        server.config, server.admission.gate, server.router, server.clock, server.state
    )
    root.putChild(b"lp", lp)
    return server


@define
class Wamp:
    """A client on any transport: lists in, lists out."""

    server: Server
    kind: str
    peer: Peer = field(init=False)
    _client: Client | None = None
    _path: str = ""
    _next: int = 0

    @classmethod
    def join(cls, server: Server, kind: str = "websocket") -> "Wamp":
        """Open a session."""
        wamp = cls(server, kind)
        if kind == "websocket":
            wamp._client = server.open("/ws", subprotocols=["wamp.2.json"])
            wamp.peer = wamp._client.peer
        elif kind == "rawsocket":
            wamp.peer = server.connect()
            wamp.peer.send(b"\x7f\xf1\0\0")
            wamp.peer.received()
        else:
            wamp.peer = server.connect()
            opened = wamp._post("/lp/open", b'{"protocols":["wamp.2.json.batched"]}')
            wamp._path = f"/lp/{json.loads(opened)['transport']}"
        wamp.say(HELLO)
        assert wamp.heard()[0][0] == 2
        return wamp

    def say(self, *messages: Any) -> None:
        """Send messages."""
        for message in messages:
            octets = json.dumps(message).encode()
            if self._client is not None:
                self._client.text(octets.decode())
            elif self.kind == "rawsocket":
                self.peer.send(b"\0" + len(octets).to_bytes(3) + octets)
            else:
                self._post(f"{self._path}/send", octets + b"\x1e")

    def heard(self) -> list[Any]:
        """What was received since the last call."""
        if self._client is not None:
            return [json.loads(text) for text in self._client.texts()]
        if self.kind == "lp":
            found: list[Any] = []
            while chunks := self._fetch().split(b"\x1e")[:-1]:
                found += [json.loads(chunk) for chunk in chunks]
            return found
        found, data = [], self.peer.received()
        while data:
            end = 4 + int.from_bytes(data[1:4])
            found.append(json.loads(data[4:end]))
            data = data[end:]
        return found

    def ask(self, kind: int, *rest: Any) -> Any:
        """Send a request; its answer."""
        self._next += 1
        self.say([kind, self._next, *rest])
        return self.heard()[-1]

    def subscribe(self, topic: str) -> Any:
        """Subscribe; the answer."""
        return self.ask(32, {}, topic)

    def _fetch(self) -> bytes:
        fetched = self._post(f"{self._path}/receive", b"")
        if not fetched:
            self.server.clock.advance(10)
            self.peer.received()
        return fetched

    def _post(self, path: str, body: bytes) -> bytes:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        self.peer.send(head.encode() + body)
        return self.peer.received().partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("kind", TRANSPORTS)
def test_a_session_may_be_subscribed_to_so_many_rooms(kind: str) -> None:
    """One more is `over_limit`; the same again, a topic of its own, or another's place is not."""
    server = make_server(max_rooms_per_connection=2)
    wamp = Wamp.join(server, kind)
    first = wamp.subscribe("wsecho.room.a")
    assert first[0] == wamp.subscribe("wsecho.room.b")[0] == SUBSCRIBED
    refused = wamp.subscribe("wsecho.room.c")
    assert (refused[0], refused[4]) == (ERROR, OVER_LIMIT)
    assert wamp.subscribe("wsecho.room.a")[2] == first[2]
    assert wamp.subscribe("com.example.topic")[0] == SUBSCRIBED
    assert Wamp.join(server).subscribe("wsecho.room.c")[0] == SUBSCRIBED
    assert server.state.stats.limits["max-rooms-per-connection"] == 1
    wamp.ask(34, first[2])
    assert wamp.subscribe("wsecho.room.c")[0] == SUBSCRIBED


def test_a_pattern_over_rooms_is_one_of_them() -> None:
    """Whatever it matches."""
    wamp = Wamp.join(make_server(max_rooms_per_connection=1))
    assert wamp.ask(32, {"match": "prefix"}, "wsecho.room.")[0] == SUBSCRIBED
    assert wamp.subscribe("wsecho.room.a")[4] == OVER_LIMIT


def test_a_full_room_or_server_is_over_limit() -> None:
    """For subscribers and publishers alike; it is nobody's fault."""
    server = make_server(max_rooms=1, max_members=1)
    server.open("/broadcast/a")
    wamp = Wamp.join(server)
    assert wamp.subscribe("wsecho.room.a")[4] == OVER_LIMIT
    assert wamp.subscribe("wsecho.room.b")[4] == OVER_LIMIT
    published = wamp.ask(16, {"acknowledge": True}, "wsecho.room.b", ["x"])
    assert published[4] == OVER_LIMIT
    assert server.rooms.hub.refused == {"max-members": 1, "max-rooms": 2}


@pytest.mark.parametrize("kind", TRANSPORTS)
def test_over_rate_drop_answers_requests(kind: str) -> None:
    """With `over_rate`, where one waits for an answer; the next second is another."""
    server = make_server(message_rate=3.0, over_rate="drop")
    wamp = Wamp.join(server, kind)
    assert wamp.ask(48, {}, ECHO, [1])[0] == RESULT
    wamp.heard()
    server.clock.advance(1)
    answers = []
    for number in range(2, 7):
        wamp.say([48, number, {}, ECHO, [number]])
    wamp.say([16, 7, {}, "com.example.topic", ["nobody waits"]])
    answers = wamp.heard()
    assert [answer[0] for answer in answers] == [RESULT] * 3 + [ERROR] * 2
    assert [answer[4] for answer in answers[3:]] == [OVER_RATE] * 2
    assert server.state.stats.limits["message-rate"] == 3
    server.clock.advance(1)
    wamp.say([48, 8, {}, ECHO, [8]])
    assert wamp.heard() == [[RESULT, 8, {}, [8]]]


@pytest.mark.parametrize("kind", TRANSPORTS)
def test_over_rate_close_ends_the_session(kind: str) -> None:
    """ABORT says why, and a WebSocket is closed with 1008."""
    server = make_server(message_rate=2.0)
    wamp = Wamp.join(server, kind)
    server.clock.advance(1)
    for number in (1, 2, 3):
        wamp.say([48, number, {}, ECHO, [number]])
    heard = wamp.heard()
    assert heard[-1][0::2] == [3, OVER_RATE]
    assert not server.router.sessions
    if wamp._client is not None:
        assert wamp._client.close_code == 1008


def test_answers_and_goodbyes_are_never_dropped() -> None:
    """Somebody else waits for the former."""
    server = make_server(message_rate=2.0, over_rate="drop")
    callee, caller = Wamp.join(server), Wamp.join(server)
    assert callee.ask(64, {}, "com.example.procedure")[0] == 65
    caller.say([48, 1, {}, "com.example.procedure"])
    [[kind, invocation, *_]] = callee.heard()
    assert kind == INVOCATION
    assert callee.ask(32, {}, "com.example.topic")[4] == OVER_RATE
    callee.say([70, invocation, {}, ["done"]])
    assert caller.heard() == [[RESULT, 1, {}, ["done"]]]
    callee.say([6, {}, "wamp.close.normal"])
    assert callee.heard()[0][0] == 6


def test_a_batch_is_as_many_messages_as_it_holds() -> None:
    """Not the one that carries them."""
    server = make_server(message_rate=3.0, over_rate="drop")
    client = server.open("/ws", subprotocols=["wamp.2.json.batched"])
    calls = [[48, number, {}, ECHO, [number]] for number in range(1, 5)]
    client.text("".join(json.dumps(message) + "\x1e" for message in [HELLO, *calls]))
    answers = [json.loads(text.rstrip("\x1e")) for text in client.texts()]
    assert [answer[0] for answer in answers] == [2, RESULT, RESULT, ERROR, ERROR]


def speak(server: Server, room: str, count: int) -> list[str]:
    """Say something in a room; the positions."""
    return [
        str(known(server.rooms.publish(room, b"x" * 100, is_binary=False)).position)
        for _ in range(count)
    ]


def positions(events: list[Any]) -> list[Any]:
    """Where events stand, or what was skipped before they came."""
    return [event[5].get("position") or event[5]["skipped"] for event in events]


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize("policy", ["skip", "latest"])
def test_a_slow_reader_is_told_what_was_left_out(kind: str, policy: Any) -> None:
    """In one event without argument, in its place, so that it can be fetched by its ends."""
    server = make_server(send_queue=2000, slow=(SlowRule("a", policy),))
    wamp = Wamp.join(server, kind)
    wamp.subscribe("wsecho.room.a")
    if kind != "lp":
        wamp.peer.wire.fill()
    said = speak(server, "a", 30)
    if kind != "lp":
        wamp.peer.wire.empty()
    events = wamp.heard()
    assert all(event[0] == EVENT for event in events)
    got = positions(events)
    [gap] = [entry for entry in got if isinstance(entry, dict)]
    place = got.index(gap)
    before, after = got[:place], got[place + 1 :]
    first, last = said.index(gap["to"]), said[-1]
    assert before == said[: len(before)]
    assert gap["from"] == (before[-1] if before else said[0].rpartition(":")[0] + ":0")
    assert after == said[first + 1 :]
    assert after[-1] == last
    assert len(after) == 1 or policy == "skip"
    assert events[place][4:] == [[], {"skipped": gap}]
    assert server.state.stats.left_out["wamp"] == 30 - len(before) - len(after)
    assert server.state.stats.longest_queue <= 2000


@pytest.mark.parametrize("kind", TRANSPORTS)
def test_a_slow_reader_of_other_rooms_is_closed(kind: str) -> None:
    """Where `close` is the room's policy; and counted."""
    server = make_server(send_queue=2000, slow=(SlowRule("a", "skip"),))
    wamp = Wamp.join(server, kind)
    wamp.subscribe("wsecho.room.b")
    if kind != "lp":
        wamp.peer.wire.fill()
    speak(server, "b", 30)
    assert server.state.stats.limits["send-queue"] == 1
    if kind == "rawsocket":
        assert wamp.peer.wire.aborted
    else:
        assert not server.router.sessions


def test_what_is_no_rooms_event_is_never_left_out() -> None:
    """An answer keeps its place among the events."""
    server = make_server(send_queue=2000, slow=(SlowRule("*", "skip"),))
    wamp = Wamp.join(server)
    wamp.subscribe("wsecho.room.a")
    wamp.peer.wire.fill()
    speak(server, "a", 3)
    wamp.say([48, 2, {}, ECHO, ["kept"]])
    speak(server, "a", 30)
    wamp.peer.wire.empty()
    heard = wamp.heard()
    assert [RESULT, 2, {}, ["kept"]] in heard
    assert [event[5] for event in heard if event[0] == EVENT and "skipped" in event[5]]


def test_long_poll_sessions_are_connections() -> None:
    """Within the limits, from `open` to the end; and they are lines of the log and counts."""
    server = make_server(max_connections_per_address=3, lp_timeout=30)
    wamp = Wamp.join(server, "lp")
    assert len(server.state.admissions) == 2
    assert len(server.state.stats.doors["lp"].visits) == 1
    refused = Wamp(server, "lp")
    refused.peer = server.connect()
    head = b"POST /lp/open HTTP/1.1\r\nHost: x\r\nContent-Length: 37\r\n\r\n"
    refused.peer.send(head + b'{"protocols":["wamp.2.json.batched"]}')
    assert b" 429 " in refused.peer.received()
    assert server.state.admissions.refused == {"max-connections-per-address": 1}
    server.clock.pump([1] * 31)
    assert wamp.server.state.stats.limits["lp-timeout"] == 1
    assert not server.state.stats.doors["lp"].visits
    wamp.peer.lose()
    refused.peer.lose()
    assert len(server.state.admissions) == 0
    assert not server.state.connections


def test_last_words_reach_a_slow_peer_before_the_close_frame() -> None:
    """What waits goes first, then GOODBYE, then Close."""
    server = make_server()
    wamp = Wamp.join(server)
    wamp.subscribe("wsecho.room.a")
    wamp.peer.wire.fill()
    speak(server, "a", 1)
    wamp.say([6, {}, "wamp.close.normal"])
    wamp.peer.wire.empty()
    assert [message[0] for message in wamp.heard()] == [EVENT, 6]
    assert wamp._client is not None
    assert wamp._client.close_code == 1000
