# SPDX-License-Identifier: MIT
"""HTTP as octets: what is taken, what is refused, and how the connection goes on.

Each request is sent as the first of its connection and behind another, at once and octet by octet:
by whatever way it comes in, the same parser reads it.
"""

from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.doors.broadcast.guarded import guarded
from tests.unit.doors.harness import Peer, Server
from tests.unit.doors.http.exchanges import (
    _STATUS,
    CHUNKED,
    CHUNKS,
    HI,
    HOST,
    MAX_SIZE,
    POST,
    everyhow,
    get,
    outcome,
    serve,
)
from tests.unit.doors.test_front import UPGRADE, status
from wsecho.config.config import Config
from wsecho.core.http.requests import MAX_HEAD
from wsecho.doors.http.page import Missing


@pytest.mark.parametrize(
    ("octets", "statuses"),
    [
        (get(), [200]),
        (b"\r\n\r\n" + get(), [200]),
        (get(version=b"1.2"), [200]),
        (get(fields=b"hOsT:localhost \r\nX:\r\n"), [200]),
        (get(b"http://localhost/broadcast/a"), [200]),
        (get(b"http://localhost/nothing"), [404]),
        (get(b"http://localhost/echo"), [426]),
        (get(b"HTTP://other:81/broadcast/a?history=1"), [200]),
        (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", [200]),
        (b"OPTIONS http://x/broadcast/a HTTP/1.1\r\n" + HOST + b"\r\n", [204]),
        (b"get /broadcast/a HTTP/1.1\r\n" + HOST + b"\r\n", [405]),
        (POST + HI, [201]),
        (POST + b"content-length:0002\r\n\r\nhi", [201]),
        (POST + b"Content-Length: 0\r\n\r\n", [201]),
        (POST + b"\r\n", [201]),
        (POST + CHUNKED + CHUNKS, [201]),
        (POST + CHUNKED.replace(b"chunked", b"CHUNKED") + CHUNKS, [201]),
        (POST + CHUNKED + b"2;a=b\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n", [201]),
        (POST + b"Content-Encoding: identity\r\n" + HI, [201]),
        (get() + get() + POST + HI + get(), [200, 200, 201, 200]),
        (POST + CHUNKED + CHUNKS + b"\r\n" + POST + HI, [201, 201]),
        (get(fields=HOST + b"Content-Length: 2\r\n").strip() + b"\r\n\r\nhi" + get(), [200, 200]),
        (POST + b"Expect: 100-continue\r\n" + HI, [100, 201]),
        (POST + b"expect: 100-Continue\r\n" + CHUNKED + CHUNKS, [100, 201]),
        (POST + b"Expect: 100-continue\r\nContent-Length: 0\r\n\r\n", [201]),
        (get(b"/broadcast/a?" + b"&".join(b"p%d=1" % n for n in range(300))), [200]),
        (get(b"/broadcast/a?" + b"x&" * 300 + b"history=bad"), [400]),
    ],
)
def test_what_is_http_is_answered(octets: bytes, statuses: list[int]) -> None:
    """And the connection goes on."""
    found = everyhow(octets)
    assert (found.statuses, found.ends) == (statuses, False)
    assert b"Twisted" not in found.answers


@pytest.mark.parametrize(
    ("octets", "statuses"),
    [
        (get(version=b"1.0"), [200]),
        (get(fields=b"", version=b"1.0"), [200]),
        (get(fields=HOST + b"Connection: x, Close\r\n"), [200]),
        (get(fields=HOST + b"Connection: x\r\nConnection: close\r\n") + get(), [200]),
        (POST.replace(b"1.1", b"1.0") + b"Expect: 100-continue\r\n" + HI, [201]),
        (POST.replace(b"1.1", b"1.0") + b"Expect: else\r\n" + HI, [201]),
        (POST + b"Content-Encoding: gzip\r\n" + HI, [415]),
    ],
)
def test_the_last_request_is_answered(octets: bytes, statuses: list[int]) -> None:
    """Then the connection ends; what stands behind it is not read."""
    found = everyhow(octets)
    assert (found.statuses, found.ends) == (statuses, True)


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (get(fields=b""), 400),
        (get(fields=b"", target=b"http://localhost/broadcast/a"), 400),
        (get(fields=HOST * 2), 400),
        (get(fields=HOST + b"Host: other\r\n"), 400),
        (get(fields=b"Host: a b\r\n"), 400),
        (get(fields=b"Host: a/b\r\n"), 400),
        (get(fields=b"Host: a@b\r\n"), 400),
        (get(fields=HOST * 2, version=b"1.0"), 400),
        (get(b"http://me@localhost/"), 400),
        (get(b"ftp://localhost/"), 400),
        (get(b"*"), 400),
        (get(b"nothing"), 400),
        (get(b"/broadcast/a#b"), 400),
        (get(b"/a\xffb"), 400),
        (get(b"/a\0b"), 400),
        (get(b"/a b"), 400),
        (get(b""), 400),
        (b"CONNECT localhost:80 HTTP/1.1\r\n" + HOST + b"\r\n", 501),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"GET / HTTP/0.9\r\n", 505),
        (b"GET /\r\n", 400),
        (b"GET / http/1.1\r\n", 400),
        (b"GET / HTTP/1.1 \r\n", 400),
        (b"GET  / HTTP/1.1\r\n", 400),
        (b"GET\t/ HTTP/1.1\r\n", 400),
        (b"G@T / HTTP/1.1\r\n", 400),
        (b"GET / HTTP/1.1\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\n", 400),
        (b"GET / HTTP/1.1\nHost: x\n\n", 400),
        (b"\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"\rG", 400),
        (b"GET / HTTP/1.1\rHost: x\r\r", 400),
        (get(fields=HOST + b"A: b\r\n folded\r\n"), 400),
        (get(fields=b" " + HOST), 400),
        (get(fields=b"Host : localhost\r\n"), 400),
        (get(fields=HOST + b"A\r\n"), 400),
        (get(fields=HOST + b": b\r\n"), 400),
        (get(fields=HOST + b"A: b\0c\r\n"), 400),
        (get(fields=HOST + b"A: b\rc\r\n"), 400),
        (get(fields=HOST + b"A b: c\r\n"), 400),
        (get(fields=HOST + b"A: " + b"x" * MAX_HEAD), 431),
        (POST + b"Content-Length: +2\r\n\r\nhi", 400),
        (POST + b"Content-Length: 2,2\r\n\r\nhi", 400),
        (POST + b"Content-Length: 2\r\n" + HI, 400),
        (POST + b"Content-Length: 3\r\n" + HI, 400),
        (POST + b"Content-Length:\r\n\r\nhi", 400),
        (POST + b"Content-Length : 2\r\n\r\nhi", 400),
        (POST + b"Content-Length: %d\r\n\r\n" % (MAX_SIZE + 1), 413),
        (POST + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n", 413),
        (POST + b"Transfer-Encoding: identity\r\n\r\n" + CHUNKS, 400),
        (POST + b"Transfer-Encoding: identity\r\n" + HI, 400),
        (POST + b"Transfer-Encoding: gzip\r\n\r\n" + CHUNKS, 400),
        (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKS, 501),
        (POST + b"Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKS, 400),
        (POST + b"Transfer-Encoding: chunked\r\n" + CHUNKED + CHUNKS, 400),
        (POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n" + CHUNKS, 400),
        (POST + b"Transfer-Encoding : chunked\r\n\r\n" + CHUNKS, 400),
        (POST + b"Transfer-Encoding: x\r\n chunked\r\n\r\n" + CHUNKS, 400),
        (POST + b"Content-Length: 2\r\n" + CHUNKED + CHUNKS, 400),
        (POST.replace(b"1.1", b"1.0") + CHUNKED + CHUNKS, 400),
        (POST + CHUNKED + b"x", 400),
        (POST + CHUNKED + b"2\nhi", 400),
        (POST + CHUNKED + b"2\r\nhi!", 400),
        (POST + CHUNKED + b"0\r\nno field\r\n\r\n", 400),
        (POST + CHUNKED + b"0\r\nA: b\n\r\n", 400),
        (POST + CHUNKED + b"%x" % (MAX_SIZE + 1), 413),
        (POST + CHUNKED + b"f" * 17, 413),
        (POST + CHUNKED + b"2\r\nhi\r\n%x" % (MAX_SIZE - 1), 413),
        (POST + CHUNKED + b"2;" + b"a" * 2_000, 400),
        (POST + b"Expect: 200-ok\r\n" + HI, 417),
        (get(fields=HOST + b"Expect: 200-ok\r\n"), 417),
        (UPGRADE.replace(HOST, b""), 400),
        (UPGRADE.replace(HOST, HOST * 2), 400),
        (UPGRADE.replace(HOST, b"Host: a b\r\n"), 400),
        (UPGRADE.replace(HOST, HOST + b"Expect: else\r\n"), 417),
        (UPGRADE.replace(HOST, HOST + b"Transfer-Encoding: identity\r\n"), 400),
        (UPGRADE.replace(b"\r\n", b"\n"), 400),
    ],
)
def test_what_is_not_is_refused_at_once(octets: bytes, expected: int) -> None:
    """As JSON, and the connection ends: what follows could be anything, and does nothing."""
    found = everyhow(octets + POST + HI if octets.endswith(b"\r\n\r\n") else octets)
    assert (found.statuses, found.ends) == ([expected], True)
    head, _, body = found.answers.partition(b"\r\n\r\n")
    assert b"Connection: close" in head
    assert f"Content-Length: {len(body)}".encode() in head
    assert body.startswith(b'{"error": ')


PIECES: Final = st.sampled_from(
    [
        get(),
        POST + HI,
        POST + CHUNKED + CHUNKS,
        POST + CHUNKED,
        POST,
        CHUNKS,
        HI,
        HOST,
        b"GET / HTTP/1.1\r\n",
        b"HEAD /nothing HTTP/1.1\r\n" + HOST + b"\r\n",
        b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
        b"Expect: 100-continue\r\n",
        b"Connection: close\r\n",
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"5\r\nab",
        b"\r\n",
        b"\r",
        b"\n",
        b"0",
        b" ",
        UPGRADE.replace(b": 13", b": 8"),
    ]
)


@given(octets=st.lists(PIECES, max_size=6).map(b"".join), half_closes=st.booleans())
@example(octets=b"\r\n" * 3 + POST + CHUNKED + CHUNKS + UPGRADE, half_closes=True)
@example(octets=get() + b"\rHEAD / HTTP/1.1\r\n\r\n", half_closes=False)
def test_it_does_not_matter_how_octets_are_cut(octets: bytes, *, half_closes: bool) -> None:
    """All at once or one by one, the same is answered, to the octet."""
    at_once = outcome(octets, half_closes=half_closes)
    assert outcome(octets, send=Peer.trickle, half_closes=half_closes) == at_once


@pytest.mark.parametrize(
    "octets",
    [
        b"HEAD / HTTP/1.1\r\n\r\n",
        b"HEAD / HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"HEAD / HTTP/1.1\r\n" + HOST + CHUNKED + b"x",
        b"HEAD / HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % (MAX_SIZE + 1),
        b"HEAD / HTTP/1.1\n",
    ],
)
def test_a_refused_head_has_no_body(octets: bytes) -> None:
    """Whatever was wrong with it."""
    assert everyhow(octets).answers.endswith(b"\r\n\r\n")


def test_many_requests_at_once_do_not_nest() -> None:
    """Each is answered when the one before it is over, and not within it."""
    assert outcome(get(b"/nothing") * 1_500).statuses == [404] * 1_500


def test_requests_behind_a_waiting_one_are_kept_and_bounded() -> None:
    """They are answered in turn, and no more is read than fits."""
    server = Server()
    start = server.ask("GET", "/broadcast/a").json["position"]
    peer = server.connect()
    peer.send(get(f"/broadcast/a?after={start}&wait=30".encode()))
    for _ in range(3):
        peer.trickle(POST + HI)
    assert peer.wire.producerState == "producing"
    peer.send(get(b"/nothing") * 500)
    assert peer.wire.producerState == "paused"
    assert peer.received() == b""
    server.ask("POST", "/broadcast/a", b"now")
    answers = peer.received()
    assert [int(s) for s in _STATUS.findall(answers)] == [200, 201, 201, 201, *[404] * 500]
    assert peer.wire.producerState == "producing"


def test_empty_lines_buy_no_time() -> None:
    """A client that sends nothing else is idle."""
    server = Server()
    peer = server.connect()
    peer.send(get())
    for _ in range(8):
        server.clock.advance(10)
        peer.send(b"\r\n")
    assert peer.wire.disconnecting


def continues(path: str, *fields: str, length: int = 2) -> bytes:
    """A POST that waits to be asked for its body."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Expect: 100-continue", *fields]
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (continues("/broadcast/a", "Origin: https://elsewhere.example"), 403),
        (continues("/broadcast/a", length=MAX_SIZE + 1), 413),
        (continues("/broadcast/a", "Content-Encoding: gzip"), 415),
        (continues("/broadcast", "Content-Type: text/plain"), 415),
        (continues("/broadcast/a", "Idempotency-Key: a b"), 400),
        (continues("/broadcast/a?after=x"), 100),
        (continues("/broadcast/a/members"), 405),
        (continues("/broadcast/a/b"), 404),
        (continues("/broadcast/%00"), 400),
        (continues("/nothing"), 404),
        (continues("/broadcast/a"), 100),
        (continues("/broadcast", "Content-Type: application/json"), 100),
        (UPGRADE.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n" + HI), 400),
    ],
)
def test_a_body_is_asked_for_only_where_the_head_is_let_in(octets: bytes, expected: int) -> None:
    """The refusal comes in place of `100 Continue`, and ends the connection."""
    found = everyhow(octets)
    assert found.statuses == [expected]
    assert found.ends is (expected != 100)
    if found.ends:
        assert b"connection: close" in found.answers.lower()


def test_what_comes_behind_a_body_that_was_not_asked_for_is_thrown_away() -> None:
    """It may be the body, and it may look like a request."""
    server = serve()
    peer = server.connect()
    peer.send(continues("/nothing"))
    assert status(peer.received()) == 404
    assert peer.wire.half_closed
    peer.send(POST + HI)
    assert peer.received() == b""
    assert "a" not in server.rooms.hub
    server.clock.advance(5)
    assert peer.wire.aborted


def test_a_rate_is_told_before_a_body_is_asked_for() -> None:
    """And one that was told so counts no message."""
    server = Server(Config(message_rate=1))
    assert server.ask("POST", "/broadcast/a", b"x").status == 201
    for _ in range(2):
        peer = server.connect()
        peer.send(continues("/broadcast/a"))
        answer = peer.received()
        assert status(answer) == 429
        assert b"Retry-After: 1\r\n" in answer
    server.clock.advance(1)
    peer = server.connect()
    peer.send(continues("/broadcast/a") + b"hi")
    assert [int(s) for s in _STATUS.findall(peer.received())] == [100, 201]


def test_a_token_is_asked_for_before_a_body_is() -> None:
    """Nobody sends a large body for nothing."""
    peer = guarded().connect()
    peer.send(continues("/broadcast/a"))
    answer = peer.received()
    assert status(answer) == 401
    assert b"WWW-Authenticate: " in answer or b"www-authenticate: " in answer.lower()


@pytest.mark.parametrize("length", [99_999, 100_000, MAX_SIZE])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_bodies_are_kept_in_memory(
    length: int, monkeypatch: pytest.MonkeyPatch, *, is_chunked: bool
) -> None:
    """They are bounded; there need not be a place for files."""
    monkeypatch.setattr("tempfile.TemporaryFile", None)
    body = b"x" * length
    if is_chunked:
        request = POST + CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (length, body)
    else:
        request = POST + b"Content-Length: %d\r\n\r\n%b" % (length, body)
    assert outcome(request).statuses == [201]


def test_the_root_has_no_page_here() -> None:
    """A tree in which nothing takes a body answers without one."""
    server = Server(root=Missing())
    peer = server.connect()
    peer.send(continues("/"))
    assert status(peer.received()) == 404


def test_a_body_over_the_limit_is_413_and_counted() -> None:
    """By the option's name."""
    server = Server(Config(max_message_size=10))
    peer = server.connect()
    peer.send(b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 99000\r\n\r\n")
    assert status(peer.received()) == 413
    assert server.state.stats.limits == {"max-message-size": 1}
