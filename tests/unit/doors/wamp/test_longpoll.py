# SPDX-License-Identifier: MIT
"""WAMP sessions between the requests of `/lp`: what waits, what is numbered, how they end."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.events import EventReader
from tests.unit.doors.harness import Server
from tests.unit.doors.wamp.harness import FORMS, HELLO, Poller, Wamp, make_server, read, write
from wsecho.doors.http.event_stream import RETRY

BATCHED = "wamp.2.json.batched"
TOPIC = "com.example.topic"


def subscribed(form: str = "wamp.2.json", **options: Any) -> tuple[Server, Wamp, Poller]:
    """A server, a speaker, and a poller that is subscribed to the topic."""
    server = make_server(**options)
    speaker, poller = Wamp.join(server), Poller.join(server, form)
    poller.say([32, 1, {}, TOPIC])
    assert poller.fetch()[0][0] == 33
    return server, speaker, poller


def said(messages: list[Any]) -> list[Any]:
    """What events carry."""
    return [argument for message in messages for argument in message[4]]


@pytest.mark.parametrize("form", FORMS)
def test_a_session_in_each_form(form: str) -> None:
    """HELLO, a call, GOODBYE, close, each POST answered 204 without a body."""
    poller = Poller.join(make_server(), form)
    poller.say([48, 1, {}, "wsecho.echo", ["x"]])
    answer = poller.receive()
    kind = "application/json" if "json" in form else "application/octet-stream"
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-length"] == str(len(answer.body))
    poller.say([6, {}, "wamp.close.normal"])
    assert poller.fetch() == [[6, {}, "wamp.close.goodbye_and_out"]]
    closed = poller.close()
    assert (closed.status, closed.body) == (204, b"")
    assert poller.receive().status == 404


def test_receive_waits_for_a_message() -> None:
    """It is answered as soon as one comes."""
    server, speaker, poller = subscribed()
    waiting = poller.receive()
    assert not waiting.is_answered
    speaker.publish(TOPIC, "x")
    server.clock.advance(0)
    assert said([waiting.json()]) == ["x"]


def test_receive_is_empty_within_ten_seconds() -> None:
    """204; AutobahnJS would give up after twelve. The next one goes on."""
    server, speaker, poller = subscribed()
    waiting = poller.receive()
    server.clock.pump([1] * 10)
    assert (waiting.status, waiting.body) == (204, b"")
    speaker.publish(TOPIC, "x")
    assert said(poller.fetch()) == ["x"]


def test_one_message_each_unless_batched() -> None:
    """Batched: all that wait, those of one turn of the reactor too."""
    for form, shares in [("wamp.2.json", [["a"], ["b"]]), (BATCHED, [["a", "b"]])]:
        server, speaker, poller = subscribed(form)
        for text in "ab":
            speaker.publish(TOPIC, text)
        assert [said(poller.fetch()) for _ in shares] == shares
        waiting = poller.receive()
        for text in "ab":
            speaker.publish(TOPIC, text)
        server.clock.advance(0)
        assert said(read(form, waiting.body)) == shares[0]


def test_of_two_receives_the_older_ends_with_204() -> None:
    """The newer one gets what comes, and nothing is lost."""
    server, speaker, poller = subscribed()
    older, newer = poller.receive(), poller.receive()
    assert older.status == 204
    assert not newer.is_answered
    speaker.publish(TOPIC, "x")
    server.clock.advance(0)
    assert said([newer.json()]) == ["x"]


@pytest.mark.parametrize("timeout", [30.0, 5.0])
def test_who_stops_polling_is_lost_after_the_timeout(timeout: float) -> None:
    """Like a lost connection: its testament is published; while it polls it lives."""
    server, speaker, poller = subscribed(lp_timeout=timeout)
    speaker.subscribe("com.example.will")
    poller.say([48, 2, {}, "wamp.session.add_testament", ["com.example.will", ["gone"], {}]])
    assert poller.fetch()[0][0] == 50
    for _ in range(5):
        poller.receive()
        server.clock.pump([1] * 12)
    assert len(server.router.sessions) == 2
    poller.receive().lose()
    server.clock.advance(timeout - 1)
    assert len(server.router.sessions) == 2
    server.clock.advance(1)
    assert said(speaker.heard()) == ["gone"]
    assert poller.receive().status == 404
    assert len(server.router.sessions) == 1


def test_a_receive_whose_connection_is_lost_is_no_poll() -> None:
    """The session dies after the time-out, and what came meanwhile waits for the next receive."""
    server, speaker, poller = subscribed()
    poller.receive().lose()
    speaker.publish(TOPIC, "x")
    server.clock.advance(29)
    assert said(poller.fetch()) == ["x"]
    poller.receive().lose()
    server.clock.advance(30)
    assert poller.receive().status == 404


def test_close_ends_the_session_like_a_lost_connection() -> None:
    """A waiting receive is answered with 204."""
    server, _, poller = subscribed()
    waiting = poller.receive()
    assert poller.close().status == 204
    assert waiting.status == 204
    assert len(server.router.sessions) == 1
    assert poller.close().status == 404


def test_who_does_not_fetch_is_lost_at_the_bound() -> None:
    """What waits for one peer is bounded; the others get all."""
    server, speaker, poller = subscribed(send_queue=1000)
    for _ in range(20):
        speaker.publish(TOPIC, "x" * 100)
    assert poller.receive().status == 404
    assert len(server.router.sessions) == 1


def test_unbatched_posts_may_overtake_each_other() -> None:
    """Request ids come in any order, but never twice (AutobahnJS posts each by itself)."""
    poller = Poller.join(make_server())
    for request in (3, 1, 2):
        poller.say([48, request, {}, "wsecho.echo", [request]])
        assert poller.fetch() == [[50, request, {}, [request]]]
    poller.say([48, 2, {}, "wsecho.echo"])
    assert poller.fetch()[0][2] == "wamp.error.protocol_violation"


def test_batched_posts_keep_their_order() -> None:
    """There an id that goes backwards breaks the protocol."""
    poller = Poller.join(make_server(), BATCHED)
    poller.say([48, 2, {}, "wsecho.echo"], [48, 1, {}, "wsecho.echo"])
    result, abort = poller.fetch()
    assert result[:2] == [50, 2]
    assert abort[2] == "wamp.error.protocol_violation"


def test_a_numbered_post_counts_once() -> None:
    """A repetition answers 204 and does nothing, a gap is 409 and does nothing."""
    _, speaker, poller = subscribed(BATCHED)
    speaker.subscribe("com.example.other")
    message = write(BATCHED, [16, 2, {}, "com.example.other", ["once"]])
    assert [poller.send(message, "?seq=1").status for _ in range(3)] == [204] * 3
    assert poller.send(write(BATCHED, [16, 4, {}, "com.example.other"]), "?seq=3").status == 409
    assert said(speaker.heard()) == ["once"]
    poller.say([16, 3, {}, "com.example.other", ["next"]], query="?seq=2")
    assert said(speaker.heard()) == ["next"]


def test_a_numbered_batch_is_kept_until_the_next_is_asked_for() -> None:
    """An answer that was lost is asked for again."""
    server, speaker, poller = subscribed(BATCHED)
    speaker.publish(TOPIC, "a")
    first = poller.receive("?seq=1")
    speaker.publish(TOPIC, "b")
    assert poller.receive("?seq=1").body == first.body
    assert said(poller.fetch("?seq=2")) == ["b"]
    assert poller.receive("?seq=1").status == 409
    assert poller.receive("?seq=4").status == 409
    waiting = poller.receive("?seq=3")
    speaker.publish(TOPIC, "c")
    server.clock.advance(0)
    waiting.lose()
    assert said(poller.fetch("?seq=3")) == ["c"]


@pytest.mark.parametrize(("wait", "seconds"), [(0, 0), (3, 3), (60, 8), (None, 8)])
def test_a_poll_may_be_short(wait: int | None, seconds: int) -> None:
    """A browser of many tabs has a connection for each no longer; what waits comes at once."""
    server, speaker, poller = subscribed(BATCHED)
    query = "?seq=1" if wait is None else f"?seq=1&wait={wait}"
    waiting = poller.receive(query)
    server.clock.advance(seconds - 0.1 if seconds else 0)
    assert waiting.status == (204 if seconds == 0 else 0)
    server.clock.advance(0.2)
    assert waiting.status == 204
    speaker.publish(TOPIC, "a")
    assert said(poller.fetch(query)) == ["a"]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=12))
def test_lost_answers_lose_and_double_nothing(losses: list[tuple[bool, bool]]) -> None:
    """Whichever answers are lost, each message arrives once and in order, both ways."""
    server = make_server()
    listener, speaker = Wamp.join(server), Wamp.join(server)
    poller = Poller.join(server, BATCHED)
    listener.subscribe("com.example.up")
    poller.say([32, 1, {}, TOPIC])
    poller.fetch()
    up, down, batch, got = 1, 0, 1, []
    for lost_up, lost_down in [*losses, (False, False)]:
        octets = write(BATCHED, [16, up + 1, {}, "com.example.up", [up]])
        for _ in range(2 if lost_up else 1):
            assert poller.send(octets, f"?seq={up}").status == 204
        up += 1
        speaker.publish(TOPIC, down := down + 1)
        answer = read(BATCHED, poller.receive(f"?seq={batch}").body)
        if not lost_down:
            got += said(answer)
            batch += 1
    rest = poller.receive(f"?seq={batch}")
    got += said(read(BATCHED, rest.body)) if rest.is_answered else []
    assert got == list(range(1, down + 1))
    assert said(listener.heard()) == list(range(1, up))


# The stream of server-sent events.


def test_a_stream_sends_what_waits_and_what_comes() -> None:
    """One message an event, numbered; its first bytes at once, nothing is held back on the way."""
    server, speaker, poller = subscribed(BATCHED)
    speaker.publish(TOPIC, "a")
    stream = poller.stream()
    assert stream.status == 200
    assert stream.headers["content-type"] == "text/event-stream"
    assert stream.headers["x-accel-buffering"] == "no"
    assert stream.headers["cache-control"] == "no-store"
    assert stream.body.startswith(b"retry: 1000\n")
    for text in ("b\nb", "c\u2028\r"):
        speaker.publish(TOPIC, text)
    server.clock.advance(0)
    events = stream.events()
    assert said([message for _, message in events]) == ["a", "b\nb", "c\u2028\r"]
    first = events[0][0]
    assert [number for number, _ in events] == [first, first + 1, first + 2]
    assert not stream.is_over


def test_a_stream_goes_on_behind_the_last_event_id() -> None:
    """What was sent but did not arrive is sent again, under its number."""
    server, speaker, poller = subscribed()
    stream = poller.stream()
    for text in "abc":
        speaker.publish(TOPIC, text)
    server.clock.advance(0)
    events = stream.events()
    stream.lose()
    speaker.publish(TOPIC, "d")
    again = poller.stream(last_event_id=str(events[0][0])).events()
    assert again[:2] == events[1:]
    assert said([message for _, message in again]) == ["b", "c", "d"]


def test_a_stream_that_was_lost_before_its_first_event_begins_again() -> None:
    """The browser has no Last-Event-ID then."""
    _, speaker, poller = subscribed()
    speaker.publish(TOPIC, "a")
    poller.stream().lose()
    assert said([message for _, message in poller.stream().events()]) == ["a"]


@pytest.mark.parametrize(("number", "status"), [("99", 409), ("0", 409), ("x", 400), ("-1", 400)])
def test_a_stream_that_cannot_go_on_is_told(number: str, status: int) -> None:
    """Behind an event that never was, or that is not kept, or that is no number."""
    _, _, poller = subscribed()
    assert poller.stream(last_event_id=number).status == status


def test_a_stream_beats() -> None:
    """A comment each 15 s, beside the one that opens it; the session does not time out."""
    server, speaker, poller = subscribed()
    stream = poller.stream()
    reader = EventReader()
    assert reader.feed(stream.body) == []
    assert (reader.comments, reader.retry) == (1, RETRY)
    speaker.publish(TOPIC, "x")
    server.clock.pump([1] * 89)
    reader = EventReader()
    assert len(reader.feed(stream.body)) == 1
    assert reader.comments == 1 + 5
    assert len(server.router.sessions) == 2


def test_a_lost_stream_ends_its_session_after_the_timeout() -> None:
    """And its heart stops with it."""
    server, _, poller = subscribed()
    poller.stream().lose()
    server.clock.advance(30)
    assert poller.stream().status == 404


def test_a_newer_stream_or_receive_ends_the_older() -> None:
    """One peer, one way down."""
    _, _, poller = subscribed()
    first = poller.stream()
    second = poller.stream()
    assert first.is_over
    waiting = poller.receive()
    assert second.is_over
    assert not waiting.is_answered


def test_a_stream_that_is_full_leaves_the_rest_in_the_bounded_outbox() -> None:
    """It goes on when it is read again; over the bound the session is lost."""
    server, speaker, poller = subscribed(send_queue=1000)
    stream = poller.stream()
    stream.peer.wire.fill()
    speaker.publish(TOPIC, "x")
    server.clock.advance(0)
    assert stream.events() == []
    stream.peer.wire.empty()
    assert said([message for _, message in stream.events()]) == ["x"]
    stream.peer.wire.fill()
    for _ in range(20):
        speaker.publish(TOPIC, "x" * 100)
        server.clock.advance(0)
    assert len(server.router.sessions) == 1


def test_a_stream_carries_json_only() -> None:
    """Binary forms have `receive`."""
    assert Poller.join(make_server(), "wamp.2.cbor").stream().status == 400


def test_a_stream_ends_behind_the_last_words() -> None:
    """GOODBYE is the last event."""
    poller = Poller.join(make_server())
    stream = poller.stream()
    poller.say([6, {}, "wamp.close.normal"])
    assert [message[0] for _, message in stream.events()] == [6]
    assert stream.is_over


def test_no_timer_outlives_its_session() -> None:
    """Nothing is left behind, whichever way it ended."""
    server = make_server()
    for end in ("close", "lost", "goodbye"):
        poller = Poller.join(server)
        waiting = poller.stream() if end == "goodbye" else poller.receive()
        if end == "close":
            poller.close()
        elif end == "goodbye":
            poller.say([6, {}, "wamp.close.normal"])
        waiting.lose()
    server.clock.pump([10] * 8)
    assert not server.router.sessions
    assert not server.clock.getDelayedCalls()


def test_who_opens_and_says_nothing_is_forgotten() -> None:
    """In `--open-timeout`, and some seconds for its ABORT."""
    server = make_server(open_timeout=3)
    poller = Poller(server, BATCHED)
    server.clock.advance(3)
    assert poller.fetch()[0][0] == 3
    server.clock.advance(5)
    assert poller.send(write(BATCHED, HELLO)).status == 404
