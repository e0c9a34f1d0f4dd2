# SPDX-License-Identifier: MIT
"""Writing to a transport that may be full."""

import pytest
from twisted.internet.task import Clock

from tests.unit.doors.harness import Wire
from wsecho.core.limits.progress import Progress
from wsecho.doors.websocket.outbound import Outbound


def make(bound: int = 1000) -> tuple[Outbound, Wire, Clock, list[bool]]:
    """An outbound on a wire, and what it said about being full."""
    wire, clock = Wire(), Clock()
    told: list[bool] = []
    return Outbound(wire, clock, bound, told.append), wire, clock, told


def test_bytes_go_out_at_once_while_the_transport_takes_them() -> None:
    """Nothing is queued for a peer that reads."""
    outbound, wire, _, told = make()
    outbound.write(b"a")
    assert wire.value() == b"a"
    assert (outbound.queued, told) == (0, [])


def test_bytes_wait_in_order_while_the_transport_is_full() -> None:
    """And its owner hears when it begins and when it ends."""
    outbound, wire, _, told = make()
    wire.fill()
    for piece in (b"a", b"b", b"c"):
        outbound.write(piece)
    assert wire.value() == b""
    assert outbound.queued > 3
    wire.empty()
    assert wire.value() == b"abc"
    assert told == [True, False]


def test_a_transport_that_fills_again_stops_the_flow() -> None:
    """Only as much is handed over as it takes."""

    class Narrow(Wire):
        def write(self, data: bytes) -> None:
            super().write(data)
            self.fill()

    wire = Narrow()
    told: list[bool] = []
    outbound = Outbound(wire, Clock(), 1000, told.append)
    for piece in (b"a", b"b", b"c"):
        outbound.write(piece)
    wire.empty()
    assert wire.value() == b"ab"
    assert told == [True, True]


def test_an_end_comes_after_all_that_was_written() -> None:
    """The connection is closed when the last piece is with the transport."""
    outbound, wire, clock, _ = make()
    wire.fill()
    outbound.write(b"last")
    outbound.finish(linger=False, within=5)
    assert not wire.disconnecting
    wire.empty()
    assert (wire.value(), wire.disconnecting) == (b"last", True)
    outbound.connection_lost()
    assert not clock.getDelayedCalls()


def test_an_end_that_the_peer_does_not_take_is_cut() -> None:
    """After the time given."""
    outbound, wire, clock, _ = make()
    wire.fill()
    outbound.write(b"last")
    outbound.finish(linger=True, within=5)
    clock.advance(5)
    assert (wire.aborted, outbound.queued) == (True, 0)


def test_lingering_is_a_half_close() -> None:
    """FIN without a reset; the first of two ends decides."""
    outbound, wire, _, _ = make()
    outbound.finish(linger=True, within=5)
    outbound.finish(linger=False, within=5)
    assert (wire.half_closed, wire.disconnecting) == (True, False)


def test_what_waits_can_be_dropped() -> None:
    """Whole pieces go, and later ones still come."""
    outbound, wire, _, _ = make()
    wire.fill()
    outbound.write(b"dropped")
    outbound.drop_waiting()
    outbound.write(b"kept")
    wire.empty()
    assert wire.value() == b"kept"


def test_who_still_takes_what_was_sent_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has its time once it has all; who takes nothing more has no further time."""
    outbound, wire, clock, _ = make()
    waiting = [1_000]
    told = lambda *_: Progress(taken=-waiting[0], waiting=waiting[0])  # noqa: E731
    monkeypatch.setattr("wsecho.doors.websocket.outbound.progress", told)
    outbound.finish(linger=True, within=5)
    while waiting[0]:
        clock.advance(2)
        waiting[0] -= 100
        assert not wire.aborted
    clock.advance(2)
    clock.advance(4)
    assert not wire.aborted
    clock.advance(2)
    assert wire.aborted
