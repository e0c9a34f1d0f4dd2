# SPDX-License-Identifier: MIT
"""The server's end: who is told when, what each is told, and when it is over."""

import json
from itertools import cycle
from typing import Any

import pytest

from tests.unit.doors.harness import Client, Server
from wsecho.app.drain import FEW, Drain
from wsecho.config.config import Config

GET = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(autouse=True)
def _signals_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the signals of the tests' own process alone."""
    monkeypatch.setattr("wsecho.app.drain.signal.signal", lambda *_: None)


def make_server() -> Server:
    """A server whose WebSockets may be silent."""
    return Server(Config(auto_ping=0))


def drain(server: Server, within: float, draws: tuple[float, ...] = (0.5,)) -> list[object]:
    """Begin the end; the list is no longer empty once it is reached."""
    done: list[object] = []
    numbers = cycle(draws)
    end = Drain([], server.state, server.clock, within, lambda: next(numbers))
    end.run().addBoth(done.append)
    return done


def told(clients: list[Client]) -> int:
    """How many got a Close frame with 1001."""
    return sum(client.close_code == 1001 for client in clients)


def go(client: Client) -> None:
    """Answer the Close frame and be gone."""
    client.flush()
    client.peer.lose()


def test_a_few_are_told_at_once() -> None:
    """Nobody waits for nothing; it is over with the last one's answer."""
    server = make_server()
    clients = [server.open("/echo") for _ in range(10)]
    done = drain(server, 10)
    assert told(clients) == 10
    for client in clients:
        assert not done
        go(client)
        server.clock.advance(0.05)
    assert done


def test_many_are_told_by_and_by_over_half_of_the_time() -> None:
    """The first hundred at once, then at one pace; the other half is for their answers."""
    server = make_server()
    clients = [server.open("/echo") for _ in range(FEW + 100)]
    drain(server, 10)
    counts = [told(clients)]
    for _ in range(5):
        server.clock.pump([0.05] * 20)
        counts.append(told(clients))
    assert counts == [FEW, FEW + 20, FEW + 40, FEW + 60, FEW + 80, FEW + 100]


def test_the_end_never_takes_longer_than_it_may() -> None:
    """Who has not answered then is cut."""
    server = make_server()
    clients = [server.open("/echo") for _ in range(FEW + 100)]
    done = drain(server, 4)
    server.clock.pump([0.05] * 79)
    assert not any(client.peer.wire.aborted for client in clients)
    server.clock.pump([0.05] * 2)
    assert all(client.peer.wire.aborted for client in clients)
    for client in clients:
        client.peer.lose()
    server.clock.advance(0.05)
    assert done


def test_without_time_everyone_is_told_and_cut() -> None:
    """`--drain 0`, however many there are."""
    server = make_server()
    clients = [server.open("/echo") for _ in range(FEW + 10)]
    done = drain(server, 0)
    server.clock.pump([0.05, 0.05])
    assert told(clients) == FEW + 10
    assert done


def test_one_that_cannot_be_cut_off_keeps_nobody_else_here() -> None:
    """The others are cut off, and the end is reached."""

    class Stuck:
        is_paced = is_idle = False

        def drain(self, retry: float) -> None:
            """Do not go."""

        def abort(self) -> None:
            """Fail."""
            raise RuntimeError

    server = make_server()
    server.state.connections.add(Stuck())
    client = server.open("/echo")
    done = drain(server, 1)
    server.clock.pump([0.05] * 30)
    assert client.peer.wire.aborted
    assert done


def test_each_is_told_another_time_to_come_back() -> None:
    """`wsecho.v1` by its frame, between one second and as long as the telling takes."""
    server = make_server()
    clients = [server.open("/broadcast/a", subprotocols=["wsecho.v1"]) for _ in range(FEW + 100)]
    drain(server, 10, (0.0, 0.5, 1.0))
    server.clock.pump([0.05] * 101)
    retries = []
    for client in clients:
        frames = [json.loads(text) for text in client.texts()]
        assert frames[-1]["type"] == "closing"
        assert client.close_code == 1001
        retries.append(frames[-1]["retry"])
    assert sorted(set(retries)) == [1000, 3500, 6000]


def test_a_few_come_back_within_two_seconds() -> None:
    """There is no herd to spread."""
    server = make_server()
    client = server.open("/broadcast/a", subprotocols=["wsecho.v1"])
    drain(server, 10, (1.0,))
    assert json.loads(client.texts()[-1]) == {"type": "closing", "retry": 2000}


def test_a_kept_alive_connection_holds_up_nothing_but_a_moment() -> None:
    """Nor does one that has said nothing yet: what they ask may be on its way."""
    server = make_server()
    kept, _silent = server.connect(), server.connect()
    kept.send(GET)
    kept.received()
    done = drain(server, 10)
    server.clock.pump([0.05] * 19)
    assert not done
    server.clock.pump([0.05] * 2)
    assert done


def test_without_a_drain_nobody_is_waited_for() -> None:
    """`--drain 0` means so."""
    server = make_server()
    server.connect().send(GET)
    done = drain(server, 0)
    server.clock.pump([0.05] * 2)
    assert done


UPGRADE = (
    b"GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
POST = b"POST /broadcast/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"
REQUESTS = {
    "POST to a room": (POST, 201),
    "a page": (GET, 404),
    "HEAD": (GET.replace(b"GET", b"HEAD"), 404),
    "HTTP/1.0": (GET.replace(b"1.1", b"1.0"), 404),
    "long-poll": (GET.replace(b"/nothing", b"/broadcast/a?wait=60"), 503),
    "who is there": (GET.replace(b"/nothing", b"/broadcast/a/members"), 200),
    "another method": (POST.replace(b"POST", b"PUT"), 405),
    "WebSocket": (UPGRADE, 503),
}


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize(("request_", "status"), REQUESTS.values(), ids=REQUESTS.keys())
def test_a_request_that_comes_during_the_end_is_answered(
    request_: bytes, status: int, is_kept: bool
) -> None:
    """Served or 503, as the last on its connection, which was open before; and so are pieces."""
    server = make_server()
    server.open("/echo")
    peer = server.connect()
    if is_kept:
        peer.send(GET)
        peer.received()
    done = drain(server, 10)
    server.clock.advance(2)
    peer.trickle(request_)
    server.clock.advance(0.1)
    answer = peer.received()
    assert answer.split(b" ", 2)[1] == str(status).encode()
    assert b"retry-after: " in answer.lower()
    assert peer.wire.disconnecting or peer.wire.half_closed
    assert not done


def test_a_request_under_way_is_answered_first() -> None:
    """With the time to come back, and as the connection's last."""
    server = make_server()
    peer = server.connect()
    peer.send(GET[:-2] + b"Content-Length: 3\r\n\r\n")
    done = drain(server, 10)
    server.clock.advance(0.05)
    assert not done
    peer.send(b"abc")
    answer = peer.received().lower()
    assert b"retry-after: 1\r\n" in answer
    assert b"connection: close\r\n" in answer
    assert peer.wire.disconnecting
    peer.lose()
    server.clock.advance(0.05)
    assert done


def test_who_comes_between_is_told_too() -> None:
    """Its socket was there when the port closed, its request was not."""
    server = make_server()
    peer = server.connect()
    peer.send(b"GET /echo HTTP/1.1\r\n")
    done = drain(server, 10)
    server.clock.advance(0.05)
    assert not done
    client = Client.to(peer, "/echo")
    peer.send(client.protocol.connect().serialize()[len(b"GET /echo HTTP/1.1\r\n") :])
    assert b" 503 " in peer.received()
    peer.lose()
    server.clock.advance(0.05)
    assert done


def rawsocket(server: Server) -> Any:
    """A RawSocket whose session is open."""
    peer = server.connect()
    peer.send(b"\x7f\xf1\0\0")
    hello = json.dumps([1, "realm1", {"roles": {"subscriber": {}}}]).encode()
    peer.send(b"\0" + len(hello).to_bytes(3) + hello)
    peer.received()
    return peer


def test_wamp_sessions_get_goodbye_or_1001() -> None:
    """The latter on a WebSocket, where it says all that is to be said."""
    server = make_server()
    raw = rawsocket(server)
    wamp = server.open("/ws", subprotocols=["wamp.2.json"])
    wamp.text(json.dumps([1, "realm1", {"roles": {"subscriber": {}}}]))
    wamp.take()
    done = drain(server, 10)
    assert json.loads(raw.received()[4:])[::2] == [6, "wamp.close.system_shutdown"]
    assert wamp.texts() == []
    assert wamp.close_code == 1001
    go(wamp)
    server.clock.advance(0.1)
    assert not done
    server.clock.pump([1, 1, 0.05])
    assert raw.wire.half_closed
    assert done
