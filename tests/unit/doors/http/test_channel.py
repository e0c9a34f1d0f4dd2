# SPDX-License-Identifier: MIT
"""A connection of HTTP: who has it, and what a client that closes its half gets yet."""

from typing import Final

import pytest

from tests.unit.doors.harness import Server
from tests.unit.doors.http.exchanges import CHUNKED, CHUNKS, HI, HOST, POST, everyhow, get, serve
from tests.unit.doors.test_front import UPGRADE, status
from wsecho.core.limits.progress import Progress
from wsecho.doors.http.site import KEEP_ALIVE

READ: Final = b"GET /broadcast/a HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.mark.parametrize(
    ("octets", "statuses"),
    [
        (get(), [200]),
        (get(version=b"1.0"), [200]),
        (get() * 3, [200] * 3),
        (POST + HI, [201]),
        (POST + CHUNKED + CHUNKS, [201]),
        (POST + HI + get() + POST + CHUNKED + CHUNKS, [201, 200, 201]),
        (b"HEAD /broadcast/a HTTP/1.1\r\n" + HOST + b"\r\n", [200]),
        (UPGRADE.replace(b": 13", b": 8"), [426]),
        (UPGRADE.replace(b"GET", b"POST"), [405]),
        (get() + UPGRADE.replace(b"/echo", b"/none"), [200, 404]),
        (POST + b"Expect: 100-continue\r\n" + HI, [100, 201]),
        (get(fields=b""), [400]),
        (b"\0", [400]),
        (b"", []),
        (b"\r\n", []),
        (get() + b"\r\n", [200]),
        (b"GET / HT", [400]),
        (b"GET / HTTP/1.1\r\n" + HOST, [400]),
        (get() + b"GET", [200, 400]),
        (POST + b"Content-Length: 3\r\n\r\nhi", [400]),
        (POST + CHUNKED + b"2\r\nhi\r\n0\r\n", [400]),
    ],
)
def test_who_half_closes_behind_a_request_is_answered(octets: bytes, statuses: list[int]) -> None:
    """All that was asked, then the connection ends; half a request is 400."""
    found = everyhow(octets, half_closes=True)
    assert (found.statuses, found.ends) == (statuses, True)


def test_a_refused_peer_that_half_closes_is_let_go() -> None:
    """Nothing is left to wait for."""
    peer = serve().connect()
    peer.send(b"\0")
    assert not peer.wire.disconnecting
    peer.half_close()
    assert peer.wire.disconnecting
    kept = serve().connect()
    kept.send(get() + b"\0")
    assert not kept.wire.disconnecting
    kept.half_close()
    assert kept.wire.disconnecting


def test_a_poll_whose_client_half_closes_is_answered_with_what_there_is() -> None:
    """It may as well have gone away, so it does not wait; nothing is lost to it."""
    server = Server()
    start = server.ask("GET", "/broadcast/a").json["position"]
    for before in (b"", b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"):
        peer = server.connect()
        peer.send(before + get(f"/broadcast/a?after={start}&wait=30".encode()))
        peer.half_close()
        server.clock.advance(0)
        answer = peer.received()
        assert start.encode() in answer
        assert answer.endswith(b'"recovered":true,"messages":[]}\n')
        assert peer.wire.disconnecting
        assert not server.answering()


@pytest.mark.parametrize("early", [False, True])
def test_a_stream_whose_client_half_closes_ends(*, early: bool) -> None:
    """With its end marked, behind what there was; the reader has left the room."""
    server = Server()
    server.ask("POST", "/broadcast/a", b"said")
    peer = server.connect()
    fields = HOST + b"Accept: text/event-stream\r\n"
    request = get(b"/broadcast/a?history=1", fields)
    if early:
        # The end is read while another request is answered.
        where = server.ask("GET", "/broadcast/a").json["position"]
        peer.send(get(f"/broadcast/a?after={where}&wait=30".encode()) + request)
    else:
        peer.send(request)
    peer.half_close()
    server.clock.advance(0)
    answer = peer.received()
    assert b"event: joined" in answer
    assert b"said" in answer
    assert answer.endswith(b"0\r\n\r\n")
    assert peer.wire.disconnecting
    assert not server.answering()


def test_a_websocket_whose_client_half_closes_is_over() -> None:
    """As one whose client has gone away, on a connection of its own or a kept one."""
    for before in (b"", get()):
        server = serve()
        peer = server.connect()
        peer.send(before)
        peer.send(UPGRADE)
        assert server.websockets.connections
        peer.half_close()
        assert not server.websockets.connections


@pytest.mark.parametrize("before", [b"", get()])
def test_a_refused_upgrade_by_head_has_no_body(before: bytes) -> None:
    """RFC 9110 section 9.3.2."""
    peer = serve().connect()
    if before:
        peer.send(before)
        peer.received()
    peer.send(UPGRADE.replace(b"GET", b"HEAD"))
    answer = peer.received()
    assert status(answer) == 405
    assert answer.endswith(b"\r\n\r\n")
    assert answer.count(b"\r\n\r\n") == 1


def test_an_answer_that_is_read_slowly_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kept connection is idle once its answer was taken; who takes nothing more has gone."""
    waiting = [10_000]
    told = lambda *_: Progress(taken=-waiting[0], waiting=waiting[0])  # noqa: E731
    monkeypatch.setattr("wsecho.doors.http.channel.progress", told)
    server = Server()
    wire = server.ask("GET", "/broadcast").peer.wire
    for _ in range(9):
        server.clock.advance(KEEP_ALIVE)
        waiting[0] -= 1_000
        assert not wire.disconnecting
    server.clock.advance(KEEP_ALIVE)
    assert not wire.disconnecting
    server.clock.advance(KEEP_ALIVE)
    assert wire.disconnecting
