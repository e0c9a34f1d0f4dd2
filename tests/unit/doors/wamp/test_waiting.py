# SPDX-License-Identifier: MIT
"""What waits for a WAMP peer that reads slowly, on each transport, and what is left out of it."""

from typing import Any

import pytest

from tests.unit.doors.wamp.harness import make_server
from tests.unit.doors.wamp.transports import (
    ECHO,
    EVENT,
    RESULT,
    TRANSPORTS,
    TransportClient,
    speak,
)
from wsecho.core.limits.slowness import SlowRule


def positions(events: list[Any]) -> list[Any]:
    """Where events stand, or what was skipped before they came."""
    return [event[5].get("position") or event[5]["skipped"] for event in events]


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize("policy", ["skip", "latest"])
def test_a_slow_reader_is_told_what_was_left_out(kind: str, policy: Any) -> None:
    """In one event without argument, in its place, so that it can be fetched by its ends."""
    server = make_server(send_queue=2000, slow=(SlowRule("a", policy),))
    wamp = TransportClient.join(server, kind)
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
    wamp = TransportClient.join(server, kind)
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
    wamp = TransportClient.join(server)
    wamp.subscribe("wsecho.room.a")
    wamp.peer.wire.fill()
    speak(server, "a", 3)
    wamp.say([48, 2, {}, ECHO, ["kept"]])
    speak(server, "a", 30)
    wamp.peer.wire.empty()
    heard = wamp.heard()
    assert [RESULT, 2, {}, ["kept"]] in heard
    assert [event[5] for event in heard if event[0] == EVENT and "skipped" in event[5]]


def test_last_words_reach_a_slow_peer_before_the_close_frame() -> None:
    """What waits goes first, then GOODBYE, then Close."""
    server = make_server()
    wamp = TransportClient.join(server)
    wamp.subscribe("wsecho.room.a")
    wamp.peer.wire.fill()
    speak(server, "a", 1)
    wamp.say([6, {}, "wamp.close.normal"])
    wamp.peer.wire.empty()
    assert [message[0] for message in wamp.heard()] == [EVENT, 6]
    assert wamp.close_code == 1000
