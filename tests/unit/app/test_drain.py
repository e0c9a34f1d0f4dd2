# SPDX-License-Identifier: MIT
"""The server's end, as WAMP's sessions see it on each transport."""

from typing import Any

import pytest

from tests.unit.doors.harness import Server, masked
from tests.unit.doors.wamp.harness import HELLO, Poller, Raw, Wamp, make_server, read
from wsecho.app.drain import Drain

GOODBYE = 6
SHUTDOWN = "wamp.close.system_shutdown"


@pytest.fixture(autouse=True)
def _signals_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the signals of the tests' own process alone."""
    monkeypatch.setattr("wsecho.app.drain.signal.signal", lambda *_: None)


def drain(server: Server, within: float = 10.0) -> list[object]:
    """Begin the end; the list is no longer empty once it is reached."""
    done: list[object] = []
    Drain([], server.state, server.clock, within).run().addBoth(done.append)
    return done


AUTOBAHNJS = {
    "roles": {
        "callee": {"features": {"progressive_call_results": True, "registration_revocation": True}}
    }
}
AUTOBAHN_PYTHON = {
    "roles": {
        "callee": {
            "features": {
                "progressive_call_results": True,
                "registration_revocation": True,
                "call_canceling": True,
            }
        }
    }
}


@pytest.mark.parametrize("details", [HELLO[2], AUTOBAHNJS, AUTOBAHN_PYTHON])
def test_a_websocket_gets_1001_and_no_goodbye(details: dict[str, Any]) -> None:
    """AutobahnJS and wampy come back after the one, and never after the other."""
    server = make_server()
    wamp = Wamp.join(server, **details)
    done = drain(server)
    assert wamp.heard() == []
    assert wamp.client.close_code == 1001
    assert not server.router.sessions
    # What it says now is too late, and does no harm.
    wamp.client.peer.send(masked(1, b'[48,1,{},"wsecho.echo",["x"]]'))
    assert wamp.heard() == []
    assert not done
    wamp.client.peer.front.connectionLost()
    server.clock.advance(0.1)
    assert done


def test_a_websocket_without_a_session_gets_1001_alone() -> None:
    """ABORT would be the end for AutobahnJS too."""
    server = make_server()
    wamp = Wamp.open(server)
    drain(server)
    assert wamp.heard() == []
    assert wamp.client.close_code == 1001


def test_what_waits_for_a_slow_reader_comes_before_1001() -> None:
    """Nothing of what was said is lost on the way out."""
    server = make_server(send_queue=1 << 20)
    reader, speaker = Wamp.join(server), Wamp.join(server)
    reader.subscribe("com.example.topic")
    reader.client.peer.wire.fill()
    speaker.say([16, 1, {}, "com.example.topic", ["x" * 1000]])
    drain(server)
    reader.client.peer.wire.empty()
    assert [message[4] for message in reader.heard()] == [["x" * 1000]]
    assert reader.client.close_code == 1001


def test_a_testament_is_published_at_the_end() -> None:
    """To whoever is still here: here the one who is told last."""
    server = make_server()
    heir, testator = Wamp.join(server), Wamp.join(server)
    heir.subscribe("com.example.testament")
    testator.call("wamp.session.add_testament", "com.example.testament", ["gone"], {})
    testator.client.peer.front.drain(1.0)
    assert [event[4] for event in heir.heard()] == [["gone"]]


def test_autobahnjs_sees_a_rawsocket_reset() -> None:
    """It would not come back after a GOODBYE, and does not notice a mere FIN."""
    server = make_server()
    raw, _ = Raw.shake_hands(server)
    raw.say([*HELLO[:2], AUTOBAHNJS])
    raw.frames()
    drain(server)
    assert raw.heard() == []
    assert raw.peer.wire.aborted


def test_autobahnjs_finds_its_longpoll_gone() -> None:
    """So it tries again; by batches speaks the page, which looks after that itself."""
    server = make_server()
    pollers = [Poller(server, form) for form in ("wamp.2.json", "wamp.2.json.batched")]
    for poller in pollers:
        poller.say([*HELLO[:2], AUTOBAHNJS])
        assert poller.fetch()[0][0] == 2
    alone, batched = (poller.receive() for poller in pollers)
    drain(server)
    server.clock.advance(0)
    assert (alone.status, alone.body) == (204, b"")
    assert pollers[0].receive().status == 404
    assert read("wamp.2.json.batched", batched.body)[0][2] == SHUTDOWN


def test_who_has_not_said_who_it_is_is_told_nothing() -> None:
    """It may be anyone: ABORT is the end for some."""
    server = make_server()
    raw, _ = Raw.shake_hands(server)
    poller = Poller(server, "wamp.2.json")
    waiting = poller.receive()
    drain(server)
    assert raw.heard() == []
    assert raw.peer.wire.aborted
    assert waiting.status == 204
    assert not server.router.sessions


def test_a_rawsocket_gets_goodbye_and_may_answer_it() -> None:
    """Then FIN, and the end goes on at once."""
    server = make_server()
    raw, _ = Raw.shake_hands(server)
    raw.say(HELLO)
    raw.frames()
    done = drain(server)
    [[kind, _, reason]] = raw.heard()
    assert (kind, reason) == (GOODBYE, SHUTDOWN)
    assert not done
    raw.say([GOODBYE, {}, "wamp.close.goodbye_and_out"])
    assert raw.peer.wire.half_closed
    raw.peer.lose()
    server.clock.advance(0.1)
    assert done


def test_who_polls_or_reads_a_stream_gets_goodbye_at_once() -> None:
    """A session that does not answer it holds the end up for two seconds, not for all of it."""
    server = make_server()
    poller, reader = Poller.join(server), Poller.join(server, "wamp.2.json.batched")
    waiting, stream = poller.receive(), reader.stream()
    done = drain(server)
    server.clock.advance(0)
    assert waiting.json()[2] == SHUTDOWN
    assert [message[2] for _, message in stream.events()] == [SHUTDOWN]
    server.clock.advance(1)
    assert not done
    server.clock.pump([1, 0.1])
    assert done
    assert stream.is_over


def test_who_comes_late_for_the_last_words_gets_them() -> None:
    """On a connection that it had already."""
    server = make_server()
    poller = Poller.join(server)
    drain(server)
    assert poller.fetch()[0][2] == SHUTDOWN


def test_after_the_drain_every_session_is_cut() -> None:
    """Whatever it rides on."""
    server = make_server()
    wamp = Wamp.join(server)
    Poller.join(server)
    raw, _ = Raw.shake_hands(server)
    raw.say(HELLO)
    done = drain(server, 0.5)
    server.clock.advance(0.5)
    server.clock.advance(0.1)
    for peer in (wamp.client.peer, raw.peer):
        assert peer.wire.aborted
        peer.lose()
    assert not server.router.sessions
    assert done
