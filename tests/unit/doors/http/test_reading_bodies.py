# SPDX-License-Identifier: MIT
"""Request bodies: how large, and how slow."""

import pytest

from tests.unit.doors.harness import Peer, Server
from tests.unit.doors.test_front import status
from wsecho.config.config import Config

LENGTH = b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 99000\r\n\r\n"
CHUNKED = b"POST /nothing HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


def begin(head: bytes) -> tuple[Server, Peer]:
    """A request whose body has yet to come."""
    server = Server(Config(open_timeout=10))
    peer = server.connect()
    peer.send(head)
    return server, peer


@pytest.mark.parametrize(("head", "piece"), [(LENGTH, b"x"), (CHUNKED, b"1\r\nx\r\n")])
def test_a_body_that_trickles_is_408(head: bytes, piece: bytes) -> None:
    """However steadily it does; the connection ends, and is cut if the peer stays."""
    server, peer = begin(head)
    for _ in range(9):
        peer.send(piece)
        server.clock.advance(1)
    assert peer.received() == b""
    server.clock.pump([0.5] * 4)
    answer = peer.received()
    assert status(answer) == 408
    assert b"Connection: close" in answer
    assert peer.wire.half_closed
    assert server.state.stats.limits == {"open-timeout": 1}
    peer.send(piece)
    assert peer.received() == b""
    server.clock.advance(60)
    assert peer.wire.aborted
    peer.lose()
    assert not server.clock.getDelayedCalls()


def test_a_body_that_comes_fast_enough_has_as_long_as_it_needs() -> None:
    """At 2 KiB a second 99 kB take a while."""
    server, peer = begin(LENGTH)
    for _ in range(48):
        peer.send(b"x" * 2048)
        server.clock.advance(1)
    assert peer.received() == b""
    peer.send(b"x" * (99_000 - 48 * 2048))
    assert status(peer.received()) == 404
    server.clock.advance(30)
    assert not server.state.stats.limits


def test_a_body_that_stalls_after_a_quick_start_is_408() -> None:
    """What came buys time, but not for ever."""
    server, peer = begin(LENGTH)
    peer.send(b"x" * 20 * 1024)
    server.clock.advance(29)
    assert peer.received() == b""
    server.clock.advance(2)
    assert status(peer.received()) == 408


def test_a_connection_lost_in_the_middle_of_a_body_leaves_nothing() -> None:
    """Neither on the clock nor in the counts."""
    server, peer = begin(LENGTH)
    peer.lose()
    assert not server.clock.getDelayedCalls()
    assert not len(server.state.admissions)


def test_a_body_over_the_limit_is_413_and_counted() -> None:
    """By the option's name."""
    server = Server(Config(max_message_size=10))
    peer = server.connect()
    peer.send(LENGTH)
    assert status(peer.received()) == 413
    assert server.state.stats.limits == {"max-message-size": 1}
