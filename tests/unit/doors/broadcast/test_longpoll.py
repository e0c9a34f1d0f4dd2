# SPDX-License-Identifier: MIT
"""Reading a room by one request after another."""

from typing import Any

import pytest

from tests.unit.doors.broadcast.guarded import guarded
from tests.unit.doors.harness import Exchange, Server
from wsecho.config.config import Config
from wsecho.core.http.pages import MAX_SIZE
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.presence import LINGER

SECRET = "0123456789abcdef"


def say(server: Server, *texts: str, room: str = "a") -> None:
    """Say something in a room."""
    for text in texts:
        server.rooms.publish(room, text.encode(), is_binary=False)


def position(server: Server, offset: int | None = None, room: str = "a") -> str:
    """A place in a room, its end unless said."""
    history = server.rooms.read(room)
    return f"{history.epoch}:{history.head if offset is None else offset}"


def data(answer: Exchange) -> list[str]:
    """What the messages of an answer say."""
    return [message["data"] for message in answer.json["messages"]]


def test_without_a_position_it_answers_at_once_with_where_the_room_stands() -> None:
    """Whatever it would wait; `recovered` is not there."""
    server = Server()
    say(server, "x")
    answer = server.ask("GET", "/broadcast/a?wait=60")
    assert answer.json == {"position": position(server), "messages": []}
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


def test_history_gives_the_last_ones() -> None:
    """As many as there are, and as `limit` allows."""
    server = Server()
    say(server, *"abcde")
    assert data(server.ask("GET", "/broadcast/a?history=2")) == ["d", "e"]
    assert data(server.ask("GET", "/broadcast/a?history=99")) == list("abcde")
    answer = server.ask("GET", "/broadcast/a?history=4&limit=2")
    assert data(answer) == ["d", "e"]
    assert answer.json["position"] == position(server)


def test_after_gives_each_later_message() -> None:
    """The first ones, where `limit` cuts; the position says where to go on."""
    server = Server()
    say(server, *"abcde")
    answer = server.ask("GET", f"/broadcast/a?after={position(server, 1)}&limit=2&history=5")
    assert answer.json["recovered"] is True
    assert data(answer) == ["b", "c"]
    answer = server.ask("GET", f"/broadcast/a?after={answer.json['position']}")
    assert data(answer) == ["d", "e"]
    assert answer.json["position"] == position(server)


def test_a_limit_is_100_unless_given() -> None:
    """And at most 1,000."""
    server = Server(Config(history=2000))
    say(server, *map(str, range(1200)))
    start = position(server, 0)
    assert len(data(server.ask("GET", f"/broadcast/a?after={start}"))) == 100
    assert len(data(server.ask("GET", f"/broadcast/a?after={start}&limit=1000"))) == 1000


def test_a_binary_message_is_base64() -> None:
    """As in every carrier."""
    server = Server()
    server.rooms.publish("a", b"\xff\0", is_binary=True)
    [message] = server.ask("GET", "/broadcast/a?history=1").json["messages"]
    here = position(server)
    assert message == {"type": "message", "position": here, "time": 0, "base64": "/wA="}


def test_it_waits_for_a_message() -> None:
    """And is answered as soon as one comes, by whatever door."""
    server = Server()
    member = server.open("/broadcast/a")
    answer = server.ask("GET", f"/broadcast/a?after={position(server)}&wait=25")
    server.clock.advance(24)
    assert answer.status is None
    member.text("x")
    assert data(answer) == ["x"]
    assert answer.json["recovered"] is True
    assert answer.json["position"] == position(server)
    assert server.answering() == []


def test_it_is_answered_when_its_time_is_over() -> None:
    """With the position that it gave."""
    server = Server()
    start = position(server)
    answer = server.ask("GET", f"/broadcast/a?after={start}&wait=25")
    server.clock.advance(25)
    assert answer.json == {"position": start, "recovered": True, "messages": []}
    assert server.answering() == []
    say(server, "later")
    assert answer.is_over


def test_it_does_not_wait_unless_asked() -> None:
    """The default is 0 seconds."""
    server = Server()
    assert server.ask("GET", f"/broadcast/a?after={position(server)}").json["messages"] == []


@pytest.mark.parametrize("where", ["elsewhere:1", "{epoch}:0", "{epoch}:99"])
def test_a_position_that_cannot_be_had_is_told_at_once(where: str) -> None:
    """Of another epoch, too old, or from the future: with the current one."""
    server = Server(Config(history=2))
    say(server, *"abc")
    where = where.replace("{epoch}", server.rooms.read("a").epoch)
    answer = server.ask("GET", f"/broadcast/a?after={where}&wait=60")
    assert answer.json == {"position": position(server), "recovered": False, "messages": []}
    answer = server.ask("GET", f"/broadcast/a?after={where}&wait=60&history=2")
    assert (answer.json["position"], answer.json["recovered"]) == (position(server), False)
    assert data(answer) == ["b", "c"]


def test_without_history_what_is_said_while_it_waits_arrives() -> None:
    """`--history 0` keeps nothing, and one who waits needs nothing kept."""
    server = Server(Config(history=0))
    answer = server.ask("GET", f"/broadcast/a?after={position(server)}&wait=9")
    say(server, "x")
    assert data(answer) == ["x"]
    assert server.ask("GET", f"/broadcast/a?after={position(server, 0)}").json["recovered"] is False


def test_a_message_of_another_epoch_is_not_passed_off_as_the_next() -> None:
    """A room whose history was lost meanwhile is told; what comes next is that message."""
    server, other = Server(), Server()
    answer = server.ask("GET", f"/broadcast/a?after={position(server)}&wait=9")
    say(other, "x")
    [waiting] = server.rooms.hub.use("a", 0).members()
    waiting.deliver(next(iter(other.rooms.read("a"))))
    assert answer.json == {"position": position(other, 0), "recovered": False, "messages": []}


@pytest.mark.parametrize(("query", "expected"), [("", []), ("&history=1", ["y"])])
def test_a_place_that_is_lost_meanwhile_has_the_last_ones_too(
    query: str, expected: list[str]
) -> None:
    """As one that was lost before: what was said since is not lost to who asked for it."""
    server = Server()
    answer = server.ask("GET", f"/broadcast/a?after={position(server)}&wait=9{query}")
    history = server.rooms.read("a")
    history.reset("other", 0)
    for payload in (b"x", b"y"):
        history.append(Message(history.next_position(), payload, False, 0.0, 1))
    server.rooms.fanout.renew("a", history.position)
    assert answer.json["recovered"] is False
    assert answer.json["position"] == "other:2"
    assert data(answer) == expected


def test_an_answer_is_cut_by_bytes_too() -> None:
    """What it leaves out comes with the next; a message of any size fits."""
    server = Server()
    large = "x" * MAX_SIZE
    say(server, "a", large, "b", "c")
    seen: list[str] = []
    where, count = position(server, 0), 0
    while len(seen) < 4:
        answer = server.ask("GET", f"/broadcast/a?after={where}&wait=1")
        seen += data(answer)
        where, count = answer.json["position"], count + 1
    assert seen == ["a", large, "b", "c"]
    assert count == 3
    assert data(server.ask("GET", "/broadcast/a?history=3")) == [large]


def test_one_who_waits_keeps_the_room_and_is_no_member() -> None:
    """Unless it is named, nobody sees it."""
    server = Server(Config(history_ttl=1.0, max_rooms=1))
    start = position(server)
    answer = server.ask("GET", f"/broadcast/a?after={start}&wait=60")
    watcher = server.ask("GET", "/broadcast/a?presence=1", Accept="text/event-stream")
    assert len(watcher.events[0].frame["members"]) == 1
    watcher.peer.lose()
    server.clock.advance(30)
    server.rooms.sweep()
    assert server.ask("GET", "/broadcast/a/members").json == {"members": []}
    assert server.ask("GET", "/broadcast/b").status == 503
    say(server, "x")
    assert data(answer) == ["x"]


def test_one_who_goes_while_it_waits_leaves_nothing() -> None:
    """Neither a place in the room nor a timer."""
    server = Server()
    answer = server.ask("GET", f"/broadcast/a?after={position(server)}&wait=60")
    answer.peer.lose()
    assert not server.rooms.hub.use("a", 0).members()
    assert server.answering() == []
    say(server, "x")
    server.clock.advance(60)


def test_a_named_reader_is_one_member_from_poll_to_poll() -> None:
    """It lingers between two, so others see it come once and go once."""
    server = Server()
    watcher = server.ask("GET", "/broadcast/a?presence=1", Accept="text/event-stream")

    def changes() -> list[Any]:
        return [
            (event.frame["action"], event.frame["member"]["door"])
            for event in watcher.events
            if event.name == "presence"
        ]

    path = f"/broadcast/a?member={SECRET}&wait=20&after="
    for _ in range(3):
        answer = server.ask("GET", path + position(server))
        server.clock.advance(20)
        assert answer.is_over
        server.clock.advance(LINGER - 1)
    server.ask("GET", f"/broadcast/a?member={SECRET}")
    server.clock.advance(LINGER - 1)
    assert changes() == [("join", "longpoll")]
    server.clock.advance(1)
    assert changes() == [("join", "longpoll"), ("leave", "longpoll")]


def test_head_has_the_headers_of_an_answer_now() -> None:
    """It does not wait, has no body, and is no visit."""
    server = Server()
    say(server, "x")
    path = f"/broadcast/a?after={position(server, 0)}&member={SECRET}"
    head, full = server.ask("HEAD", path), server.ask("GET", path)
    assert head.status == 200
    # The second may have changed between the two.
    dated = head.headers | {"date": full.headers["date"]}
    assert dated == full.headers
    assert head.headers["content-length"] == str(len(full.body))
    waiting = server.ask(
        "HEAD", f"/broadcast/b?after={position(server, room='b')}&wait=60&member={SECRET}"
    )
    assert waiting.status == 200
    assert server.ask("GET", "/broadcast/b/members").json == {"members": []}


def test_a_token_that_ends_while_it_waits_is_401() -> None:
    """As if it were asked now."""
    server = guarded()
    path = f"/broadcast/team-a?after={position(server, room='team-a')}&wait=60"
    server.clock.advance(90)
    answer = server.ask("GET", path, Authorization="Bearer ann")
    server.clock.advance(10)
    assert answer.status == 401
    assert answer.json["error"]["code"] == "unauthorized"
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


def test_a_full_room_is_503_for_one_who_would_wait() -> None:
    """What is there may be read all the same."""
    server = Server(Config(max_members=1))
    server.open("/broadcast/a")
    answer = server.ask("GET", f"/broadcast/a?after={position(server)}&wait=9")
    assert answer.status == 503
    assert "retry-after" in answer.headers
    assert server.ask("GET", "/broadcast/a").status == 200


def test_the_end_of_the_server_answers_at_once() -> None:
    """The position stays good for whoever comes next; the connection is closed."""
    server = Server()
    start = position(server)
    answer = server.ask("GET", f"/broadcast/a?after={start}&wait=60")
    for answering in server.answering():
        answering.drain(3.0)
    assert answer.json == {"position": start, "recovered": True, "messages": []}
    assert answer.headers["retry-after"] == "3"
    assert answer.headers["connection"] == "close"


def test_requests_in_a_row_are_answered_in_their_order() -> None:
    """One that waits holds up those behind it on its connection (RFC 9112 section 9.3.2)."""
    server = Server()
    start = position(server)
    peer = server.connect()
    peer.ask("GET", f"/broadcast/a?after={start}&wait=60")
    peer.ask("POST", "/broadcast/a", b"second")
    peer.ask("GET", f"/broadcast/a?after={start}")
    assert peer.received() == b""
    say(server, "first")
    answers = peer.received()
    assert answers.count(b"HTTP/1.1 ") == 3
    assert answers.index(b'"first"') < answers.index(b"HTTP/1.1 201") < answers.index(b'"second"')
