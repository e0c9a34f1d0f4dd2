# SPDX-License-Identifier: MIT
"""A connection of the lab in a server in memory: octets, times, ends."""

from typing import Any

import pytest
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.python.failure import Failure

from tests.unit.doors.harness import Client, Peer, Server, masked
from tests.unit.doors.lab.test_lab import HANDSHAKE, REPORT, report, server
from wsecho.doors.lab.connection import LabConnection


def opened(at: Server, path: str) -> Peer:
    """Open a connection, and wait for its answer."""
    peer = at.connect()
    peer.send(HANDSHAKE.format(path).encode())
    at.clock.advance(0)
    return peer


def client_of(at: Server, path: str) -> Client:
    """Open one with a client that others wrote."""
    client = Client.to(at.connect(), path)
    client.shake_hands()
    at.clock.advance(0)
    client.read()
    return client


def frames(at: Server, peer: Peer, seconds: float = 1.0) -> bytes:
    """What a connection is sent within some time, behind its answer."""
    at.clock.pump([0.01] * int(seconds * 100))
    return peer.received().partition(b"\r\n\r\n")[2]


def test_it_does_what_its_path_says() -> None:
    """Over a transport."""
    at = server()
    peer = opened(at, "/lab/send=a/close=4000:bye")
    assert frames(at, peer) == b"\x81\x01a\x88\x05\x0f\xa0bye"
    peer.send(masked(8, b"\x0f\xa0bye"))
    assert peer.wire.half_closed


def test_a_client_of_others_talks_to_it() -> None:
    """And is echoed to, compressed where it offers that."""
    client = client_of(server(), "/lab")
    client.text("hello")
    assert client.texts() == ["hello"]


def test_on_a_kept_connection_too() -> None:
    """An upgrade may come behind other requests of HTTP."""
    at = server()
    peer = at.connect()
    exchange = peer.ask("GET", "/lab")
    assert exchange.status == 200
    client = Client.to(peer, "/lab")
    client.shake_hands()
    at.clock.advance(0)
    client.read()
    client.text("hi")
    assert client.texts() == ["hi"]


def test_what_comes_with_the_request_is_before_the_answer() -> None:
    """It is noted, and answered."""
    at = server()
    peer = at.connect()
    peer.send(HANDSHAKE.format(f"/lab?report={REPORT}").encode() + masked(1, b"early"))
    assert frames(at, peer) == b"\x81\x05early"
    (connection,) = report(at)["connections"]
    assert "before the handshake" in connection["wrong"][0]["what"]


def test_the_first_frame_is_in_the_write_of_the_answer() -> None:
    """So that it is one segment."""
    at = server()
    peer = opened(at, "/lab/glue/send=a")
    assert peer.received().endswith(b"\r\n\r\n\x81\x01a")


def test_a_reset_is_one() -> None:
    """The transport is aborted."""
    at = server()
    peer = opened(at, "/lab/send=a/reset")
    assert frames(at, peer) == b"\x81\x01a"
    assert peer.wire.aborted


def test_who_takes_nothing_is_sent_nothing_and_not_read_from() -> None:
    """Until it does."""
    at = server()
    peer = opened(at, "/lab")
    peer.received()
    peer.wire.fill()
    peer.send(masked(1, b"a"))
    assert frames(at, peer) == b""
    assert peer.wire.producerState == "paused"
    peer.wire.empty()
    assert peer.wire.producerState == "producing"
    assert peer.received() == b"\x81\x01a"


def test_who_takes_nothing_is_cut_in_time() -> None:
    """Nothing waits for it beyond that."""
    at = server(**{"lab-time": "5"})
    peer = opened(at, "/lab/send-size=1MiB/again=60")
    peer.wire.takes = 3
    frames(at, peer, 4.0)
    assert not peer.wire.aborted
    frames(at, peer, 3.0)
    assert peer.wire.aborted


def test_many_frames_are_sent_in_several_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that others have theirs between them; none is lost."""
    at = server()
    peer = opened(at, "/lab/fragment=1/send-size=9000/close")
    sent, send = [], LabConnection._send

    def count(connection: LabConnection) -> None:
        before = len(peer.wire.value())
        send(connection)
        sent.append(len(peer.wire.value()) - before)

    monkeypatch.setattr(LabConnection, "_send", count)
    assert frames(at, peer).endswith(b"\x80\x017\x88\x00")
    assert sum(sent) == 9000 * 3 + 2
    assert max(sent) < 7000


def test_stall_reads_nothing() -> None:
    """The transport is told so."""
    at = server()
    peer = opened(at, "/lab/stall")
    assert peer.wire.producerState == "paused"


@pytest.mark.parametrize(("error", "tcp"), [(ConnectionDone(), "fin"), (ConnectionLost(), "reset")])
def test_how_it_ended_is_told(error: Exception, tcp: str) -> None:
    """By whom, and how."""
    at = server()
    peer = opened(at, f"/lab?report={REPORT}")
    at.clock.advance(1.5)
    peer.front.connectionLost(Failure(error))
    (connection,) = report(at)["connections"]
    assert connection["ended"] == {
        "by": "client",
        "ms": 1500.0,
        "code": None,
        "reason": None,
        "tcp": tcp,
    }
    assert at.clock.getDelayedCalls() == [
        call for call in at.clock.getDelayedCalls() if _is_http(call)
    ]


def _is_http(call: Any) -> bool:
    """Tell whether a call is the report's own connection's, which is kept."""
    return "Lab" not in repr(call.func)


def test_it_is_counted_and_logged_as_a_door() -> None:
    """With its messages, and its end."""
    at = server()
    client = client_of(at, "/lab")
    client.text("abc")
    client.peer.lose()
    stats = at.state.stats.doors["lab"]
    assert (stats.opened, len(stats.visits)) == (1, 0)
    assert (stats.total("messages_in"), stats.total("bytes_in")) == (1, 3)
    assert stats.total("messages_out") == 1


def test_it_closes_where_the_server_stops() -> None:
    """With 1001, at once."""
    at = server()
    peer = opened(at, "/lab/wait=9s")
    peer.received()
    peer.front.drain(1.0)
    assert peer.received()[:4] == b"\x88\x18\x03\xe9"
    assert peer.wire.half_closed


def test_a_fault_of_ours_ends_one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is logged, and nobody else notices."""
    at = server()
    peer = opened(at, "/lab")
    connection: Any = peer.front._next

    def fail(_: float) -> bytes:
        raise ZeroDivisionError

    monkeypatch.setattr(connection._session, "data_to_send", fail)
    peer.send(masked(1, b"a"))
    assert peer.wire.aborted
