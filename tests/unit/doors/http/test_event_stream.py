# SPDX-License-Identifier: MIT
"""The one writer of event streams: the same at whichever door, from its head to its end."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.support.events import EventReader
from tests.unit.doors.harness import Exchange, Server
from tests.unit.doors.wamp.harness import Poller, make_server
from wsecho.doors.http.event_stream import BEAT, LINGER, RETRY, EventStream

Begin = Callable[[], tuple[Server, Exchange]]


def of_a_room() -> tuple[Server, Exchange]:
    """A room's stream."""
    server = Server()
    return server, server.ask("GET", "/broadcast/a", Accept="text/event-stream")


def of_a_session() -> tuple[Server, Exchange]:
    """A WAMP session's."""
    server = make_server(lp_timeout=3600)
    return server, server.ask("GET", f"{Poller.join(server).address}/events")


STREAMS: Final = [of_a_room, of_a_session]


@pytest.mark.parametrize("begin", STREAMS)
def test_a_stream_opens_at_once_and_says_when_to_come_back(begin: Begin) -> None:
    """No proxy is to hold its events back, and no cache to keep them."""
    _, stream = begin()
    assert stream.status == 200
    assert stream.headers["content-type"] == "text/event-stream"
    assert stream.headers["x-accel-buffering"] == "no"
    assert stream.headers["cache-control"] == "no-store"
    reader = EventReader()
    reader.feed(stream.body)
    assert reader.retry == RETRY
    assert not stream.is_over


@pytest.mark.parametrize("begin", STREAMS)
def test_it_beats_as_long_as_its_connection_takes_something(begin: Begin) -> None:
    """A heartbeat is a comment, and none waits behind what is not read."""
    server, stream = begin()
    opened = EventReader()
    opened.feed(stream.body)

    def beats() -> int:
        reader = EventReader()
        reader.feed(stream.body)
        return reader.comments - opened.comments

    for number in range(1, 4):
        server.clock.advance(BEAT)
        assert beats() == number
    stream.peer.wire.fill()
    server.clock.advance(BEAT)
    assert beats() == 3
    stream.peer.wire.empty()
    server.clock.advance(BEAT)
    assert beats() == 4


@pytest.mark.parametrize("begin", STREAMS)
def test_it_ends_whole_for_a_client_that_closes_its_half(begin: Begin) -> None:
    """Mostly that client has gone away: it is not waited for."""
    server, stream = begin()
    stream.peer.half_close()
    assert stream.is_over
    assert not stream.peer.wire.aborted
    server.clock.advance(LINGER)
    assert stream.peer.wire.aborted


@pytest.mark.parametrize("begin", STREAMS)
@pytest.mark.parametrize("is_lost", [False, True])
def test_it_leaves_no_heart_behind(begin: Begin, *, is_lost: bool) -> None:
    """Whoever has ended it."""
    server, stream = begin()
    if is_lost:
        stream.peer.lose()
    else:
        stream.peer.half_close()
    hearts = [call for call in server.clock.getDelayedCalls() if _is_heart(call)]
    assert hearts == []


def _is_heart(call: Any) -> bool:
    return isinstance(getattr(call.func, "__self__", None), EventStream)


def test_an_end_comes_once() -> None:
    """What is said behind it is dropped, and nobody is cut off who has heard it."""
    server, stream = of_a_room()
    [reader] = server.answering()
    reader.drain(1.0)
    body = stream.body
    assert stream.is_over
    reader.drain(2.0)
    reader.abort()
    assert stream.body == body
    assert not stream.peer.wire.aborted
