# SPDX-License-Identifier: MIT
"""One transaction after the other; what a fault in one listener keeps nobody else from."""

from pathlib import Path
from typing import Any

from twisted.internet.task import Clock

from tests.unit.bus.journal.world import Hand
from wsecho.bus.journal.journaling import MAX_WAITING, Journaling
from wsecho.bus.journal.store import Store, StoreFullError


def make(folder: Path) -> tuple[Journaling, Hand, Clock]:
    """One on a folder, with a writer that writes when a test says so."""
    store, hand, clock = Store(folder, lambda: "w"), Hand(), Clock()
    store.open()
    writer: Any = hand
    return Journaling(store, writer, clock, lambda: 7.0), hand, clock


def add(journaling: Journaling, notes: list[Any], name: str) -> None:
    """Have something kept."""
    journaling.transaction.kept.append(("s", name, b""))
    journaling.add(lambda: notes.append(name), notes.append)
    journaling.go_on()


def test_what_comes_meanwhile_is_one_transaction(tmp_path: Path) -> None:
    """However much it is."""
    journaling, hand, _ = make(tmp_path)
    notes: list[Any] = []
    for name in "abcd":
        add(journaling, notes, name)
    job, told = hand.jobs.popleft()
    assert not hand.jobs
    job()
    told(None)
    assert notes == ["a"]
    assert len(hand.jobs) == 1
    hand.write()
    assert notes == ["a", "b", "c", "d"]
    journaling.stop()


def test_what_needs_no_writing_waits_for_what_was_before(tmp_path: Path) -> None:
    """And for nothing else."""
    journaling, hand, _ = make(tmp_path)
    notes: list[Any] = []
    journaling.add(lambda: notes.append("at once"), notes.append)
    journaling.go_on()
    assert notes == ["at once"]
    add(journaling, notes, "a")
    journaling.add(lambda: notes.append("behind"), notes.append)
    journaling.go_on()
    hand.write()
    assert notes == ["at once", "a", "behind"]
    journaling.stop()


def test_a_fault_in_one_keeps_no_other_from_being_told(tmp_path: Path) -> None:
    """It is logged."""
    journaling, hand, _ = make(tmp_path)
    notes: list[Any] = []

    def fail() -> None:
        raise ValueError

    journaling.transaction.kept.append(("s", "a", b""))
    journaling.add(fail, notes.append)
    add(journaling, notes, "b")
    hand.write()
    assert notes == ["b"]
    journaling.stop()


def test_a_stop_writes_what_waits(tmp_path: Path) -> None:
    """Also what came while something was being written; afterwards nothing is taken."""
    journaling, _, _ = make(tmp_path)
    notes: list[Any] = []
    for name in "abc":
        add(journaling, notes, name)
    journaling.stop()
    assert notes == ["a", "b", "c"]
    after = Store(tmp_path, lambda: "w")
    assert set(after.open().kept["s"]) == {"a", "b", "c"}
    after.close()


def test_a_stop_on_a_full_disk_ends(tmp_path: Path) -> None:
    """What waits was not said, and the file is tried no more."""
    journaling, hand, clock = make(tmp_path)
    notes: list[Any] = []
    add(journaling, notes, "a")
    hand.write(StoreFullError("full"))
    journaling.stop()
    clock.advance(10.0)
    assert [type(each).__name__ for each in notes] == ["BusUnavailable"]
    assert not hand.jobs


def test_whoever_says_more_than_is_written_is_held_back(tmp_path: Path) -> None:
    """Beyond so many."""
    journaling, hand, _ = make(tmp_path)
    notes: list[Any] = []
    for number in range(MAX_WAITING + 1):
        add(journaling, notes, f"{number}")
    assert len(journaling.pending) == MAX_WAITING + 1
    hand.write()
    assert len(journaling.pending) == 0
    journaling.stop()
