# SPDX-License-Identifier: MIT
"""What one connection is sent, in bounds."""

from random import Random

from wsecho.core.lab.modes import Modes
from wsecho.core.lab.outflow import MAX_ENTRIES, PIECE, HalfEnd
from wsecho.core.lab.sender import LabSender
from wsecho.core.lab.values import Bounds
from wsecho.core.websocket.deflate import Agreement


def sender(most: int = 1000, agreement: Agreement | None = None) -> LabSender:
    """One that sends messages of so many octets at most."""
    modes = Modes(Random(1).random, lambda seed: Random(seed).random)
    return LabSender(Bounds(most, 60.0), modes, agreement, 5.0)


def test_there_is_room_for_a_message() -> None:
    """And for some frames; less for who takes nothing."""
    one = sender(PIECE * 2)
    one.push(b"x" * (PIECE + 1))
    assert one.has_room
    one.is_full = True
    assert not one.has_room
    many = sender()
    for _ in range(MAX_ENTRIES):
        assert many.has_room
        many.push(b"")
    assert not many.has_room


def test_what_is_over_the_share_is_not_sent() -> None:
    """And is told."""
    one = sender(1)
    for _ in range(64):
        one.push(b"x")
    assert not one.is_spent
    one.push(b"x")
    assert one.is_spent
    assert one.out.take(5.0) == b"x" * 64
    assert one.counts.bytes_out == 64


def test_the_glued_one_is_due_at_once() -> None:
    """The next one is as the modes have it."""
    one = sender()
    one.modes.latency = 1.0
    one.is_glued = True
    one.push(b"a")
    one.push(b"b", late=0.5)
    assert (one.out.take(5.0), one.out.next_time) == (b"a", 6.5)


def test_an_end_is_late_too() -> None:
    """As any frame."""
    one = sender()
    one.modes.latency = 1.0
    one.push_end(HalfEnd.RESET)
    one.out.take(5.9)
    assert one.out.end is None
    one.out.take(6.0)
    assert one.out.end is HalfEnd.RESET


def test_what_waits_to_change_places_is_released() -> None:
    """In frames."""
    one = sender(agreement=Agreement(False, False, 12, 12))
    one.modes.reorder = True
    assert one.compresses
    one.modes.compress = False
    assert not one.compresses
    assert list(one.modes.order((b"a", False), 5.0)) == []
    one.release()
    assert one.out.take(5.0) == b"\x81\x01a"


def test_a_new_window_refers_to_nothing_before() -> None:
    """The same message is written in the same octets again."""
    one = sender(agreement=Agreement(False, False, 12, 12))
    first, second = (list(one.frames((b"hello" * 9, False))) for _ in range(2))
    one.begin_window()
    assert list(one.frames((b"hello" * 9, False))) == first != second
