# SPDX-License-Identifier: MIT
"""A room as server-sent events."""

from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest

from tests.support.events import EventReader
from tests.unit.doors.broadcast.guarded import guarded
from tests.unit.doors.harness import Exchange, Server
from wsecho.config.config import Config
from wsecho.core.limits.slowness import SlowPolicy, SlowRule
from wsecho.core.wire.errors import RETRY_AFTER
from wsecho.doors.http.event_stream import BEAT, LINGER, RETRY


def listen(server: Server, path: str = "/broadcast/a", **headers: str) -> Exchange:
    """Open a stream."""
    return server.ask("GET", path, Accept="text/event-stream", **headers)


def say(server: Server, *texts: str) -> None:
    """Say something in the room."""
    for text in texts:
        server.rooms.publish("a", text.encode(), is_binary=False)


def data(stream: Exchange) -> list[Any]:
    """What the messages say."""
    return [event.frame["data"] for event in stream.events if event.name == "message"]


def test_it_begins_with_joined() -> None:
    """And with what a browser needs to come back."""
    server = Server()
    say(server, "x")
    stream = listen(server)
    assert stream.status == 200
    assert stream.headers["content-type"] == "text/event-stream"
    assert stream.headers["cache-control"] == "no-store"
    assert stream.headers["x-accel-buffering"] == "no"
    [event] = stream.events
    here = str(server.rooms.read("a").position)
    assert (event.name, event.last_id) == ("joined", here)
    [card] = server.rooms.members("a")
    assert event.frame == {
        "type": "joined",
        "room": "a",
        "member": card.id,
        "position": here,
        "max_message_size": server.config.max_message_size,
    }
    reader = EventReader()
    reader.feed(stream.body)
    assert reader.retry == RETRY


def test_messages_come_with_their_positions() -> None:
    """Text and binary; the frames are those of `wsecho.v1`, but for ends of lines in Unicode."""
    server = Server()
    framed = server.open("/broadcast/a", subprotocols=["wsecho.v1"])
    stream = listen(server)
    member = server.open("/broadcast/a")
    member.text("line\r\nbreak\u2028 ☃ \0")
    member.binary(b"\xff")
    text, binary = stream.events[1:]
    assert (text.name, binary.name) == ("message", "message")
    assert text.frame["data"] == "line\r\nbreak\u2028 ☃ \0"
    assert binary.frame["base64"] == "/w=="
    assert [text.last_id, binary.last_id] == [text.frame["position"], binary.frame["position"]]
    assert framed.texts()[1:] == [text.data.replace("\\u2028", "\u2028"), binary.data]


@pytest.mark.parametrize(
    ("query", "headers", "expected", "recovered"),
    [
        ("", {}, [], None),
        ("?history=2", {}, ["b", "c"], None),
        ("?after=E:1", {}, ["b", "c"], True),
        ("?after=E:3", {}, [], True),
        ("?after=E:1&history=3", {}, ["b", "c"], True),
        ("?after=E:1", {"Last_Event_ID": "E:2"}, ["c"], True),
        ("", {"Last_Event_ID": "E:0"}, ["a", "b", "c"], True),
        ("?after=E:2", {"Last_Event_ID": ""}, ["c"], True),
        ("?after=x:1", {}, [], False),
        ("?after=x:1&history=2", {}, ["b", "c"], False),
        ("?history=2", {"Last_Event_ID": "x:9"}, ["b", "c"], False),
        ("?after=E:4", {}, [], False),
        ("", {"Last_Event_ID": "x:1"}, [], False),
    ],
)
def test_it_goes_on_where_it_is_told(
    query: str, headers: dict[str, str], expected: list[str], recovered: bool | None
) -> None:
    """`Last-Event-ID` wins over `after`, which wins over `history` where it can be had."""
    server = Server()
    say(server, *"abc")
    epoch = server.rooms.read("a").epoch
    headers = {name: value.replace("E", epoch) for name, value in headers.items()}
    stream = listen(server, "/broadcast/a" + query.replace("E", epoch), **headers)
    assert data(stream) == expected
    assert stream.events[0].frame.get("recovered") == recovered
    say(server, "live")
    assert data(stream) == [*expected, "live"]


def test_a_bad_last_event_id_is_named() -> None:
    """In a 400, as every malformed part."""
    answer = listen(Server(), Last_Event_ID="7")
    assert answer.status == 400
    assert "Last-Event-ID" in answer.json["error"]["reason"]


def test_who_asked_sees_who_comes_and_goes() -> None:
    """With `presence=1`; these events are no places to go on from."""
    server = Server()
    stream = listen(server, "/broadcast/a?presence=1")
    blind = listen(server)
    assert [member["door"] for member in stream.events[0].frame["members"]] == ["sse"]
    member = server.open("/broadcast/a")
    member.text("x")
    member.peer.lose()
    seen = [(e.name, e.frame.get("action"), e.last_id) for e in stream.events[1:]]
    start = stream.events[0].last_id
    said = str(server.rooms.read("a").position)
    assert seen == [
        ("presence", "join", start),
        ("presence", "join", start),
        ("message", None, said),
        ("presence", "leave", said),
    ]
    assert [event.name for event in blind.events] == ["joined", "message"]


def test_a_silent_stream_has_heartbeats() -> None:
    """They are comments: no page hears them."""
    server = Server()
    stream = listen(server)
    server.clock.advance(BEAT)
    server.clock.advance(BEAT)
    reader = EventReader()
    assert len(reader.feed(stream.body)) == 1
    assert reader.comments == 2


def test_a_stream_that_is_lost_leaves_the_room() -> None:
    """And no timer behind."""
    server = Server()
    stream = listen(server)
    stream.peer.lose()
    assert server.rooms.members("a") == []
    assert server.answering() == []
    say(server, "x")
    assert not [call for call in server.clock.getDelayedCalls() if call.active()]


def test_head_has_the_headers_and_does_not_join() -> None:
    """There is no length, as a stream has none."""
    server = Server()
    answer = server.ask("HEAD", "/broadcast/a", Accept="text/event-stream")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/event-stream"
    assert "content-length" not in answer.headers
    assert "a" not in server.rooms.hub


PAGE = {"Origin": "https://page.example"}


def check_refused(answer: Exchange, code: str, seconds: float) -> None:
    """See that a stream says what goes against it, when to come back, and ends."""
    assert (answer.status, answer.is_over) == (200, True)
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-store"
    assert "retry-after" not in answer.headers or code == "stopping"
    assert answer.headers["access-control-allow-origin"] == PAGE["Origin"]
    assert "Origin" in answer.headers["vary"]
    reader = EventReader()
    [event] = reader.feed(answer.body)
    assert (event.name, event.last_id, event.frame["type"]) == ("refused", "", "error")
    assert event.frame["code"] == code
    assert reader.retry is not None
    assert 1000 * seconds <= reader.retry <= 2000 * seconds


def crowded_room() -> Server:
    """A server with a full room."""
    server = Server(Config(max_members=1, origin=("*",)))
    server.open("/broadcast/a")
    return server


def crowded_server() -> Server:
    """A server that has as many connections as it takes."""
    server = Server(Config(max_connections=1, origin=("*",)))
    server.open("/broadcast/b")
    return server


def crowded_address() -> Server:
    """A server that has as many connections of one address as it takes."""
    server = Server(Config(max_connections_per_address=1, origin=("*",)))
    server.open("/broadcast/b")
    return server


def behind_proxy() -> Server:
    """The same, where the address is known from the request only."""
    proxy = (ip_network("192.168.0.0/16"),)
    server = Server(Config(max_connections_per_address=1, origin=("*",), proxy=proxy))
    server.open("/broadcast/b", headers={"X-Forwarded-For": "192.0.2.7"})
    return server


def stopping() -> Server:
    """A server that is about to end."""
    server = Server(Config(origin=("*",)))
    server.state.connections.retry = 2.0
    return server


REFUSING = [
    (crowded_room, "over_limit", RETRY_AFTER),
    (crowded_server, "over_limit", RETRY_AFTER),
    (crowded_address, "over_limit", RETRY_AFTER),
    (behind_proxy, "over_limit", RETRY_AFTER),
    (stopping, "stopping", 2),
]


@pytest.mark.parametrize(("make", "code", "seconds"), REFUSING)
def test_what_passes_is_told_in_a_stream(
    make: Callable[[], Server], code: str, seconds: float
) -> None:
    """An `EventSource` gives up for good on any status but 200."""
    server = make()
    answer = listen(server, X_Forwarded_For="192.0.2.7", **PAGE)
    check_refused(answer, code, seconds)


@pytest.mark.parametrize(("make", "code", "seconds"), REFUSING[1:])
def test_who_asks_for_no_stream_gets_the_status(
    make: Callable[[], Server], code: str, seconds: float
) -> None:
    """With the time to come back, and readable for its page."""
    answer = make().ask("GET", "/broadcast/a?wait=9", X_Forwarded_For="192.0.2.7", **PAGE)
    assert answer.status == (503 if make in {crowded_server, stopping} else 429)
    assert answer.json["error"]["code"] == code
    assert int(answer.headers["retry-after"]) == seconds
    assert answer.headers["access-control-allow-origin"] == PAGE["Origin"]


def test_refused_streams_come_back_at_different_times() -> None:
    """Who was refused together would else be refused together again."""
    answers = [listen(crowded_room()).body for _ in range(8)]
    assert len(set(answers)) > 1


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/broadcast/a?after=x", {}, 400),
        ("/broadcast/team-a", {}, 401),
        ("/broadcast/secret", {"Authorization": "Bearer ann"}, 403),
        ("/broadcast/a/b", {}, 404),
    ],
)
def test_what_stays_is_told_by_its_status(path: str, headers: dict[str, str], status: int) -> None:
    """To come back would change nothing."""
    server = guarded() if status in {401, 403} else Server()
    answer = listen(server, path, **headers)
    assert answer.status == status
    assert answer.headers["content-type"].startswith("application/json")


def slow(policy: SlowPolicy) -> tuple[Server, Exchange]:
    """A stream that takes nothing while much is said."""
    server = Server(Config(send_queue=1000, slow=(SlowRule("*", policy),)))
    stream = listen(server)
    say(server, "first")
    stream.peer.wire.fill()
    say(server, *(f"{number:-^100}" for number in range(20)))
    return server, stream


def test_one_that_does_not_read_is_ended() -> None:
    """What was sent is whole; where it does not take even the end, it is cut off."""
    server, stream = slow("close")
    assert data(stream) == ["first"]
    assert stream.is_over
    assert server.answering() == []
    assert server.rooms.members("a") == []
    assert not stream.peer.wire.aborted
    server.clock.advance(LINGER)
    assert stream.peer.wire.aborted


@pytest.mark.parametrize(("policy", "left"), [("skip", 6), ("latest", 1)])
def test_one_that_does_not_read_is_told_what_it_missed(policy: SlowPolicy, left: int) -> None:
    """Where its room says so; it goes on, and resuming before the gap gets all."""
    server, stream = slow(policy)
    assert not stream.is_over
    stream.peer.wire.empty()
    before, skipped, *rest = stream.events[1:]
    assert skipped.name == "skipped"
    assert skipped.frame["from"] == before.frame["position"]
    assert skipped.last_id == skipped.frame["to"]
    assert [event.frame["data"] for event in rest] == [
        f"{number:-^100}" for number in range(20 - left, 20)
    ]
    again = listen(server, Last_Event_ID=skipped.frame["from"])
    assert len(data(again)) == 20
    say(server, "live")
    assert data(stream)[-1] == "live"


def test_a_replay_waits_for_the_reader_and_is_not_bounded() -> None:
    """It is read from the history as the stream drains."""
    server = Server(Config(send_queue=100))
    say(server, *(f"{number:-^100}" for number in range(60)))
    epoch = server.rooms.read("a").epoch
    peer = server.connect()
    peer.wire.takes = 3
    stream = peer.ask("GET", f"/broadcast/a?after={epoch}:0", Accept="text/event-stream")
    sent = len(data(stream))
    say(server, "live")
    while len(data(stream)) < 61:
        peer.wire.takes = 3
        peer.wire.empty()
        assert sent < len(data(stream)) <= sent + 3
        sent = len(data(stream))
    assert data(stream)[-1] == "live"
    assert len(data(stream)) == 61


def test_a_token_that_ends_ends_the_stream() -> None:
    """With the frame `error` that says why, under a name that fires no `onerror`."""
    server = guarded()
    stream = listen(server, "/broadcast/team-a", Authorization="Bearer ann")
    server.clock.advance(99)
    assert not stream.is_over
    server.clock.advance(1)
    assert stream.is_over
    assert stream.events[-1].name == "refused"
    assert stream.events[-1].frame["type"] == "error"
    assert stream.events[-1].frame["code"] == "unauthorized"
    assert server.rooms.members("team-a") == []


def test_the_end_of_the_server_is_told_with_a_time_to_come_back() -> None:
    """`closing` and `retry:`, and the connection ends; the place to go on from is kept."""
    server = Server()
    stream = listen(server)
    say(server, "x")
    for answering in server.answering():
        answering.drain(2.5)
    assert stream.is_over
    assert stream.peer.wire.disconnecting
    *_, message, closing = stream.events
    assert closing.name == "closing"
    assert closing.frame == {"type": "closing", "retry": 2500}
    assert closing.last_id == message.frame["position"]
    reader = EventReader()
    reader.feed(stream.body)
    assert reader.retry == 2500


def test_an_old_client_gets_its_stream_unchunked() -> None:
    """HTTP/1.0 knows no chunks: the connection's end is the stream's."""
    server = Server()
    peer = server.connect()
    peer.send(b"GET /broadcast/a HTTP/1.0\r\nAccept: text/event-stream\r\n\r\n")
    say(server, "x")
    answer = peer.received()
    assert b"transfer-encoding" not in answer.lower()
    reader = EventReader()
    assert [e.name for e in reader.feed(answer.partition(b"\r\n\r\n")[2])] == ["joined", "message"]


@pytest.mark.parametrize(
    ("accept", "is_stream"),
    [
        ("text/event-stream", True),
        ("Text/Event-Stream; charset=utf-8", True),
        ("application/json, text/event-stream;q=0.9", True),
        ("text/event-stream;q=0", False),
        ("text/event-stream; q=0.000", False),
        ("*/*", False),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("text/*", False),
    ],
)
def test_who_names_the_type_gets_a_stream(accept: str, is_stream: bool) -> None:
    """Everybody else gets JSON, a browser's address bar too."""
    answer = Server().ask("GET", "/broadcast/a", Accept=accept)
    assert answer.headers["content-type"].startswith("text/event-stream") is is_stream
