# SPDX-License-Identifier: MIT
"""The server's end, as WAMP's sessions see it on each transport."""

import pytest

from tests.unit.doors.harness import Server
from tests.unit.doors.wamp.harness import HELLO, Poller, Raw, Wamp, make_server
from wsecho.drain import Drain

GOODBYE = 6
SHUTDOWN = "wamp.close.system_shutdown"


@pytest.fixture(autouse=True)
def _signals_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the signals of the tests' own process alone."""
    monkeypatch.setattr("wsecho.drain.signal.signal", lambda *_: None)


def drain(server: Server, within: float = 10.0) -> list[object]:
    """Begin the end; the list is no longer empty once it is reached."""
    done: list[object] = []
    Drain([], server.house, server.clock, within).run().addBoth(done.append)
    return done


def test_a_websocket_gets_goodbye_then_1001() -> None:
    """The end waits for its answer."""
    server = make_server()
    wamp = Wamp.join(server)
    done = drain(server)
    assert [(message[0], message[2]) for message in wamp.heard()] == [(GOODBYE, SHUTDOWN)]
    assert wamp.client.close_code == 1001
    assert not done
    wamp.client.peer.front.connectionLost()
    server.clock.advance(0.1)
    assert done


def test_a_websocket_without_a_session_gets_abort_then_1001() -> None:
    """It has nobody to say GOODBYE to."""
    server = make_server()
    wamp = Wamp.open(server)
    drain(server)
    assert [(message[0], message[2]) for message in wamp.heard()] == [(3, SHUTDOWN)]
    assert wamp.client.close_code == 1001


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
