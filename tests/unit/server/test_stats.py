# SPDX-License-Identifier: MIT
"""What is counted of a connection, and its two lines of the log."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.logger import LogEvent, globalLogPublisher

from tests.unit.doors.harness import Server, masked
from tests.unit.doors.test_front import UPGRADE
from wsecho.config.config import Config
from wsecho.core.limits.rates import Rates
from wsecho.core.limits.slowness import SlowRule
from wsecho.server.logs import JsonLog
from wsecho.server.stats import Stats


@pytest.fixture
def events() -> Iterator[list[LogEvent]]:
    """What is logged meanwhile."""
    heard: list[LogEvent] = []
    observer: Any = heard.append
    globalLogPublisher.addObserver(observer)
    yield heard
    globalLogPublisher.removeObserver(observer)


def as_json(events: list[LogEvent]) -> list[dict[str, Any]]:
    """The same as `--log-format json` writes it."""
    out = io.StringIO()
    for event in events:
        JsonLog(out)(event)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_connection_is_two_lines_of_the_log(events: list[LogEvent]) -> None:
    """Who, by which door, how long, why it ended, and what went through it."""
    server = Server(Config(auto_ping=0))
    client = server.open("/echo?token=secret")
    server.clock.advance(2.5)
    client.text("payload")
    client.raw(b"\xff\xff")
    client.peer.lose()
    opened, closed = as_json(events)
    assert opened["text"] == "opened echo 192.168.1.1:54321"
    assert (opened["event"], opened["door"], opened["peer"]) == (
        "opened",
        "echo",
        "192.168.1.1:54321",
    )
    assert closed["text"].startswith("closed echo 192.168.1.1:54321 after 2.5 s with 1002: ")
    assert closed["event"] == "closed"
    assert (closed["seconds"], closed["code"]) == (2.5, 1002)
    assert (closed["messages_in"], closed["bytes_in"]) == (1, 7)
    assert (closed["messages_out"], closed["bytes_out"]) == (1, 7)
    everything = json.dumps([opened, closed])
    assert "secret" not in everything
    assert "payload" not in everything


@pytest.mark.parametrize(
    ("ending", "code", "label"),
    [
        (lambda client: client.raw(masked(8, b"\x03\xe8private")), 1000, "1000"),
        (lambda client: client.raw(masked(8, b"\x0f\xa1")), 4001, "other"),
        (lambda client: client.raw(masked(8, b"")), 1005, "1005"),
        (lambda _: None, 1006, "1006"),
        (lambda client: client.raw(masked(1, b"\xff")), 1007, "1007"),
    ],
)
def test_how_a_connection_ended(events: list[LogEvent], ending: Any, code: int, label: str) -> None:
    """By the code of who closed first; what a peer gives as its reason is not repeated."""
    server = Server(Config(auto_ping=0))
    client = server.open("/echo")
    ending(client)
    client.peer.lose()
    client.peer.lose()
    [closed] = [line for line in as_json(events) if line.get("event") == "closed"]
    assert closed["code"] == code
    assert "private" not in closed["text"]
    assert server.state.stats.closes == {("echo", label): 1}


def test_what_is_counted_outlives_the_connection() -> None:
    """The sums are over those that are open and those that are gone."""
    server = Server(Config(auto_ping=0))
    first, second = server.open("/echo"), server.open("/echo")
    first.text("abc")
    first.peer.lose()
    second.binary(b"de")
    door = server.state.stats.doors["echo"]
    assert (door.opened, len(door.visits)) == (2, 1)
    assert (door.total("messages_in"), door.total("messages_out")) == (2, 2)
    assert (door.total("bytes_in"), door.total("bytes_out")) == (5, 5)


def test_a_room_counts_what_goes_to_each_member() -> None:
    """One in, one out for each."""
    server = Server(Config(auto_ping=0))
    members = [server.open("/broadcast/a") for _ in range(3)]
    members[0].text("x")
    door = server.state.stats.doors["raw"]
    assert (door.total("messages_in"), door.total("messages_out")) == (1, 3)


@pytest.mark.parametrize(
    ("options", "sent", "limit", "code"),
    [
        ({"max_message_size": 80}, 1, "max-message-size", 1009),
        ({"message_rate": 1.0}, 2, "message-rate", 1008),
        ({"byte_rate": 100}, 2, "byte-rate", 1008),
    ],
)
def test_limits_on_messages_are_counted_by_name(
    options: dict[str, Any], sent: int, limit: str, code: int
) -> None:
    """And the sender is told by the close code."""
    server = Server(Config(auto_ping=0, **options))
    client = server.open("/echo")
    for _ in range(sent):
        client.text("x" * 90)
    client.peer.lose()
    assert client.close_code == code
    assert server.state.stats.limits[limit] == 1


def test_over_rate_drop_keeps_the_connection() -> None:
    """`wsecho.v1` is told with `error`, as often as it happens."""
    server = Server(Config(auto_ping=0, message_rate=1.0, over_rate="drop"))
    assert server.config.rates == Rates(1.0, 0, "drop")
    client = server.open("/broadcast/a", subprotocols=["wsecho.v1"])
    for number in range(3):
        client.text(json.dumps({"type": "publish", "data": "x", "id": number}))
    frames = [json.loads(text) for text in client.texts()]
    codes = [(frame["id"], frame["code"]) for frame in frames if frame["type"] == "error"]
    assert codes == [(1, "over_rate"), (2, "over_rate")]
    assert client.close_code is None
    assert server.state.stats.limits == {"message-rate": 2}


@pytest.mark.parametrize(
    ("policy", "left_out", "limits"),
    [("close", {"raw": 0}, {"send-queue": 1}), ("skip", None, {}), ("latest", None, {})],
)
def test_what_slow_readers_miss_is_counted(
    policy: Any, left_out: dict[str, int] | None, limits: dict[str, int]
) -> None:
    """Left out by `skip` and `latest`, closed by `close`; and how much waited at most."""
    server = Server(Config(auto_ping=0, send_queue=1000, slow=(SlowRule("*", policy),)))
    slow, speaker = server.open("/broadcast/a"), server.open("/broadcast/a")
    slow.peer.wire.fill()
    for _ in range(20):
        speaker.binary(b"x" * 100)
    stats = server.state.stats
    assert dict(stats.limits) == limits
    if left_out is None:
        assert stats.left_out["raw"] > 10
    assert 0 < stats.longest_queue <= 1000


def test_a_failed_handshake_is_counted_by_its_status() -> None:
    """And by what it was about."""
    server = Server()
    for request in (
        UPGRADE.replace(b"Version: 13", b"Version: 8"),
        UPGRADE.replace(b"/echo", b"/nowhere"),
        b"\0",
    ):
        server.connect().send(request)
    assert server.state.stats.refusals == {
        (426, "upgrade_required"): 1,
        (404, "not_found"): 1,
        (400, "bad_request"): 1,
    }


def test_a_head_that_comes_too_late_is_counted() -> None:
    """The first of a connection, and a later one."""
    server = Server(Config(open_timeout=10))
    server.connect()
    kept = server.connect()
    kept.send(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
    kept.send(b"GET / HTTP/1.1\r\n")
    server.clock.advance(11)
    assert server.state.stats.limits == {"open-timeout": 2}


def test_an_unanswered_ping_is_counted() -> None:
    """1006, and the option that set the time."""
    server = Server(Config(auto_ping=10, auto_ping_timeout=5))
    client = server.open("/echo")
    server.clock.advance(10)
    server.clock.advance(5)
    assert client.peer.wire.aborted
    assert server.state.stats.limits == {"auto-ping-timeout": 1}


def test_without_the_connection_log_there_is_none_and_all_is_counted(
    events: list[LogEvent],
) -> None:
    """`--no-connection-log` for those whose connections come and go in thousands."""
    server = Server(Config(auto_ping=0, connection_log=False))
    client = server.open("/echo")
    client.text("payload")
    client.peer.lose()
    assert events == []
    assert server.state.stats.closes == {("echo", "1006"): 1}
    assert server.state.stats.doors["echo"].total("messages_in") == 1


def test_a_reason_that_a_peer_cannot_choose_is_its_own_label() -> None:
    """A WAMP session's end is counted by its URI."""
    stats = Stats(Clock())
    stats.open("lp", "a", "ann").end("wamp.close.normal", "by peer")
    assert stats.closes == {("lp", "wamp.close.normal"): 1}
