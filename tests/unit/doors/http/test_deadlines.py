# SPDX-License-Identifier: MIT
"""How long heads and bodies may take: a clock of their own, and what clients are told."""

import pytest
from attrs import define, field
from twisted.internet.task import Clock

from tests.unit.doors.harness import Peer, Server
from tests.unit.doors.test_front import status
from wsecho.config.config import Config
from wsecho.doors.http.deadlines import Deadlines

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


@define
class Timed:
    """Deadlines of ten seconds, and which were missed when."""

    clock: Clock = field(factory=Clock)
    missed: list[tuple[str, float]] = field(factory=list)
    deadlines: Deadlines = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.deadlines = Deadlines(
            self.clock, 10.0, lambda: self._miss("head"), lambda: self._miss("body")
        )

    def _miss(self, what: str) -> None:
        self.missed.append((what, self.clock.seconds()))


def test_a_trickle_does_not_extend_a_heads_time() -> None:
    """It begins once, with the first octet."""
    timed = Timed()
    for _ in range(12):
        timed.deadlines.head_begins()
        timed.clock.advance(1)
    assert timed.missed == [("head", 10.0)]


def test_what_came_extends_a_bodys_time() -> None:
    """It is looked at when the time that it had is over."""
    timed = Timed()
    timed.deadlines.body_begins()
    timed.deadlines.body_came(1 << 20)
    timed.clock.advance(10)
    assert (timed.missed, len(timed.clock.getDelayedCalls())) == ([], 1)
    timed.clock.advance(10_000)
    assert [what for what, _ in timed.missed] == ["body"]


@pytest.mark.parametrize("first", ["head", "body", "end"])
@pytest.mark.parametrize("second", ["head", "body", "end", ""])
def test_only_one_thing_is_waited_for(first: str, second: str) -> None:
    """Each beginning ends what was waited for before, and nothing is left at the end."""
    timed = Timed()
    deadlines = timed.deadlines
    acts = {
        "head": deadlines.head_begins,
        "body": deadlines.body_begins,
        "end": lambda: deadlines.end_within(3.0),
        "": deadlines.stop,
    }
    for act in (first, second):
        acts[act]()
        assert len(timed.clock.getDelayedCalls()) == bool(act)
    deadlines.stop()
    deadlines.body_came(1)
    assert not timed.clock.getDelayedCalls()
    timed.clock.advance(100)
    assert not timed.missed


def test_a_deadline_that_was_missed_is_over() -> None:
    """Whoever stops it then, as the end of a connection does, harms nobody; a next one counts."""
    timed = Timed()
    for begin in (timed.deadlines.head_begins, timed.deadlines.body_begins):
        begin()
        timed.clock.advance(10)
        timed.deadlines.stop()
    assert timed.missed == [("head", 10.0), ("body", 20.0)]
