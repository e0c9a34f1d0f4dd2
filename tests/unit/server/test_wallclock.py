# SPDX-License-Identifier: MIT
"""What asks the wall clock, and what must not: somebody sets it forward, or back, by an hour."""

import json
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from tests.support.tokens import HS, NOW, key_file, token
from tests.unit.doors.harness import Server
from wsecho.config.config import Config
from wsecho.core.rooms.retries import Keyed
from wsecho.server.wallclock import LOOK, WallClock

HOUR = 3600.0
BOTH_WAYS = pytest.mark.parametrize("moved", [HOUR, -HOUR])


@given(
    st.lists(st.tuples(st.floats(0.1, 100), st.floats(-5_000, 5_000)), max_size=30),
    st.floats(-10, 5_000),
)
def test_an_alarm_rings_once_it_is_so_late(steps: list[tuple[float, float]], moment: float) -> None:
    """Never before, once, and at the latest with the next look behind the time."""
    clock, ahead = Clock(), [0.0]
    rung: list[float] = []
    wall = WallClock(clock, lambda: clock.seconds() + ahead[0])
    alarm = wall.call_at(moment, lambda: rung.append(wall.now()))
    for pause, moved in chain(steps, [(0.0, 1_000_000.0), (LOOK, 0.0)]):
        ahead[0] += moved
        clock.advance(pause)
        assert all(at >= moment for at in rung)
        assert alarm.active() is not bool(rung)
    assert len(rung) == 1
    alarm.cancel()


@BOTH_WAYS
def test_history_and_rooms_keep_their_time(moved: float) -> None:
    """What was said stays for as long as it is to, and no longer."""
    server = Server(Config(history_ttl=600.0))
    server.rooms.publish("a", b"said", is_binary=False)
    server.ahead = moved
    server.clock.advance(590)
    server.rooms.sweep()
    assert [message.payload for message in server.rooms.read("a")] == [b"said"]
    server.clock.advance(11)
    assert not len(server.rooms.read("a"))
    server.clock.advance(601)
    server.rooms.sweep()
    assert "a" not in server.rooms.hub


@BOTH_WAYS
def test_a_retry_is_known_for_its_time(moved: float) -> None:
    """And a message is said once."""
    server = Server()
    first = server.rooms.publish("a", b"x", is_binary=False, keyed=Keyed("k"))
    server.ahead = moved
    server.clock.advance(290)
    assert server.rooms.publish("a", b"x", is_binary=False, keyed=Keyed("k")) == first
    server.clock.advance(11)
    assert server.rooms.publish("a", b"x", is_binary=False, keyed=Keyed("k")) != first


@BOTH_WAYS
def test_who_speaks_is_neither_closed_nor_let_loose(moved: float) -> None:
    """A rate is of the time that passed."""
    server = Server(Config(message_rate=2.0))
    client = server.open("/echo")
    client.text("one")
    server.ahead = moved
    client.text("two")
    assert client.texts() == ["one", "two"]
    assert client.close_code is None
    client.text("three")
    assert client.close_code == 1008


@BOTH_WAYS
def test_a_member_that_comes_back_in_time_is_not_gone(moved: float) -> None:
    """And one that does not is, whatever the hour."""
    server = Server()
    watching = server.open("/broadcast/a?presence=1", subprotocols=["wsecho.v1"])
    named = server.open("/broadcast/a?member=0123456789abcdef", subprotocols=["wsecho.v1"])
    named.peer.lose()
    server.ahead = moved
    server.clock.advance(4.9)
    assert not [text for text in watching.texts() if '"leave"' in text]
    server.clock.advance(0.2)
    assert [text for text in watching.texts() if '"leave"' in text]


@BOTH_WAYS
def test_what_is_shown_is_the_time_of_day(moved: float) -> None:
    """As it was when it was said; but none is shown before the one ahead of it."""
    server = Server()
    server.clock.advance(100_000)
    server.rooms.publish("a", b"before", is_binary=False)
    server.ahead = moved
    server.rooms.publish("a", b"after", is_binary=False)
    times = [message.time for message in server.rooms.read("a")]
    assert times == [100_000.0, max(100_000.0, 100_000.0 + moved)]


@pytest.fixture
def asking(tmp_path: Path) -> Server:
    """A server that asks for tokens; its clock shows `NOW`."""
    server = Server(Config(token_key=(key_file(tmp_path, HS),), auto_ping=0.0))
    server.clock.advance(NOW)
    return server


def test_a_token_is_over_once_it_is_so_late(asking: Server) -> None:
    """At every door: whoever set the clock forward, it is that late."""
    text = token(HS, exp=NOW + 600)
    raw = asking.open(f"/broadcast/a?token={text}")
    framed = asking.open(f"/broadcast/a?token={text}", subprotocols=["wsecho.v1"])
    wamp = asking.open(f"/ws?token={text}", subprotocols=["wamp.2.json"])
    wamp.text('[1,"realm1",{"roles":{"subscriber":{}}}]')
    stream = asking.ask("GET", f"/broadcast/a?token={text}", Accept="text/event-stream")
    place = asking.rooms.read("a").position
    poll = asking.ask("GET", f"/broadcast/a?after={place}&wait=55&token={text}")
    asking.ahead = HOUR
    asking.clock.advance(LOOK)
    assert (raw.close_code, framed.close_code) == (4401, 4401)
    assert json.loads(wamp.texts()[-1])[::2] == [6, "wsecho.close.token_expired"]
    assert stream.is_over
    assert poll.status == 401


def test_a_token_lasts_longer_where_it_is_earlier_again(asking: Server) -> None:
    """As a new request with it is let in again."""
    text = token(HS, exp=NOW + 600)
    raw = asking.open(f"/broadcast/a?token={text}")
    asking.ahead = -HOUR
    asking.clock.advance(700)
    assert raw.close_code is None
    asking.open(f"/broadcast/a?token={text}")
    asking.clock.advance(HOUR - 100)
    assert raw.close_code == 4401
