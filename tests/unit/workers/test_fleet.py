# SPDX-License-Identifier: MIT
"""When workers are started, replaced, drained and killed."""

from typing import Any

from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from wsecho.workers.fleet import (
    GRACE,
    LATEST,
    SOONEST,
    START_WITHIN,
    STEADY,
    TRIES,
    Cut,
    DrainOrder,
    Fleet,
    GiveUp,
    Kill,
    Opened,
    Over,
    Say,
    StartOrder,
    WorkerState,
)

DRAIN = 10.0


@define
class Parent:
    """A fleet, and the time."""

    fleet: Fleet
    now: float = 1000.0
    said: list[str] = field(factory=list)

    @classmethod
    def of(cls, size: int) -> "Parent":
        """One whose workers are about to start."""
        parent = cls(Fleet(size, DRAIN))
        parent.fleet.begin(parent.now)
        return parent

    @classmethod
    def serving(cls, size: int) -> "Parent":
        """One whose workers serve; their serials are 1 to size."""
        parent = cls.of(size)
        parent.orders()
        for serial in range(1, size + 1):
            parent.fleet.ready(serial, parent.now)
        assert parent.orders() == [Opened()]
        return parent

    def orders(self) -> list[Any]:
        """Take the orders; what is said goes to `said`."""
        taken = self.fleet.orders()
        self.said += [order.text for order in taken if isinstance(order, Say)]
        return [order for order in taken if not isinstance(order, Say)]

    def end(self, serial: int, how: str = "exit status 1") -> list[Any]:
        """Let a process be gone."""
        self.fleet.ended(serial, how, self.now)
        return self.orders()

    def ready(self, serial: int) -> list[Any]:
        """Let a worker be ready."""
        self.fleet.ready(serial, self.now)
        return self.orders()

    def replace(self) -> list[Any]:
        """Ask for new workers."""
        self.fleet.replace(self.now)
        return self.orders()

    def stop(self) -> list[Any]:
        """Ask for the end."""
        self.fleet.end(self.now)
        return self.orders()

    def wait(self) -> float:
        """Go to where something is to be done; return how long that was."""
        wake_at = self.fleet.wake_at
        assert wake_at is not None
        waited, self.now = wake_at - self.now, wake_at
        self.fleet.tick(self.now)
        return waited

    def states(self) -> list[tuple[int, WorkerState]]:
        """The slots and states of all workers."""
        found = [(one.slot, one.state) for one in self.fleet]
        return sorted(found, key=lambda pair: (pair[0], pair[1].value))


def test_all_start_at_once_and_it_is_open_when_all_are_ready() -> None:
    """Not before."""
    parent = Parent.of(2)
    assert parent.orders() == [StartOrder(1, 1), StartOrder(2, 2)]
    assert parent.ready(2) == []
    assert parent.ready(1) == [Opened()]
    assert parent.fleet.wake_at is None


def test_one_that_dies_is_started_again_later_each_time() -> None:
    """In its place, with one line that says how it died."""
    parent = Parent.serving(2)
    serial, waits = 2, []
    for _ in range(9):
        assert parent.end(serial, "killed by SIGKILL") == []
        waits.append(parent.wait())
        [start] = parent.orders()
        assert (start.slot, start.stands_in) == (2, True)
        serial = start.serial
        parent.ready(serial)
    assert waits == [SOONEST * 2**n for n in range(6)] + [LATEST] * 3
    assert parent.said[0] == "worker 2 died: killed by SIGKILL; another starts in 0.5 s"
    assert len(parent.said) == 9


def test_after_a_steady_life_it_is_the_first_death_again() -> None:
    """Counted from when it was ready."""
    parent = Parent.serving(1)
    parent.end(1)
    parent.wait()
    parent.ready(2)
    parent.now += STEADY
    parent.end(2)
    assert parent.wait() == SOONEST


def test_a_start_that_never_succeeds_is_given_up() -> None:
    """With the reason that the worker told, or how it ended."""
    for reason in ("--web x: no such folder", ""):
        parent = Parent.of(1)
        for serial in range(1, TRIES + 1):
            parent.orders()
            if reason:
                parent.fleet.failed(serial, reason)
            given = parent.end(serial)
            if serial < TRIES:
                assert given == []
                parent.wait()
        assert given == [GiveUp(reason or "worker 1 did not start: exit status 1")]


def test_one_that_is_not_ready_in_time_is_killed() -> None:
    """Which counts as any failure."""
    parent = Parent.of(1)
    parent.orders()
    assert parent.wait() == START_WITHIN
    assert parent.orders() == [Kill(1)]
    parent.end(1, "killed by SIGKILL")
    assert "it was not ready within 60 s" in parent.said[0]


def test_what_kept_it_from_being_ready_is_forgotten_once_it_is() -> None:
    """Its death has another reason."""
    parent = Parent.of(1)
    parent.orders()
    parent.fleet.failed(1, "Redis is away")
    parent.ready(1)
    parent.end(1)
    assert parent.said == ["worker 1 died: exit status 1; another starts in 0.5 s"]


def test_once_it_was_open_one_that_does_not_start_is_tried_for_ever() -> None:
    """The others serve meanwhile."""
    parent = Parent.serving(2)
    serial = 1
    for _ in range(TRIES * 3):
        parent.end(serial)
        parent.wait()
        [start] = parent.orders()
        serial = start.serial
    assert parent.states() == [(1, WorkerState.STARTING), (2, WorkerState.READY)]


def test_replacing_goes_one_after_the_other() -> None:
    """The new one is ready before the old drains, and the next waits until that is gone."""
    parent = Parent.serving(2)
    assert parent.replace() == [StartOrder(3, 1)]
    assert parent.ready(3) == [DrainOrder(1, is_replaced=True)]
    assert parent.end(1, "exit status 0") == [StartOrder(4, 2)]
    assert parent.ready(4) == [DrainOrder(2, is_replaced=True)]
    assert parent.end(2, "exit status 0") == []
    assert parent.states() == [(1, WorkerState.READY), (2, WorkerState.READY)]
    assert parent.said == ["replacing the workers one after the other", "all workers were replaced"]


def test_replacing_again_in_the_middle_replaces_all() -> None:
    """Those of the first round are old already."""
    parent = Parent.serving(2)
    parent.replace()
    assert parent.replace() == []
    assert parent.ready(3) == [DrainOrder(1, is_replaced=True)]
    assert parent.end(1) == [StartOrder(4, 1)]
    parent.ready(4)
    assert parent.end(3) == [StartOrder(5, 2)]


def test_replacing_while_it_starts_waits_for_that() -> None:
    """What started before the signal is old."""
    parent = Parent.of(1)
    parent.orders()
    assert parent.replace() == []
    assert parent.ready(1) == [Opened(), StartOrder(2, 1)]


def test_a_replacement_that_does_not_start_leaves_the_old_ones() -> None:
    """After some tries; the log says why."""
    parent = Parent.serving(2)
    [start] = parent.replace()
    for _ in range(TRIES):
        parent.fleet.failed(start.serial, "--web x: no such folder")
        if parent.end(start.serial) or parent.fleet.wake_at is None:
            break
        parent.wait()
        [start] = parent.orders()
    assert parent.states() == [(1, WorkerState.READY), (2, WorkerState.READY)]
    assert parent.fleet.wake_at is None
    assert parent.said[-1] == (
        "worker 1 did not start: exit status 1: --web x: no such folder; "
        "the workers are not replaced, and those that are here stay"
    )
    assert isinstance(parent.replace()[0], StartOrder)


def test_the_old_one_may_die_while_its_successor_starts() -> None:
    """Nothing more is started for it."""
    parent = Parent.serving(1)
    parent.replace()
    assert parent.end(1) == []
    assert parent.fleet.wake_at is not None
    assert parent.ready(2) == []
    assert parent.states() == [(1, WorkerState.READY)]


def test_the_new_one_may_die_while_the_old_one_drains() -> None:
    """Then another is started, for the old one is on its way out."""
    parent = Parent.serving(1)
    parent.replace()
    parent.ready(2)
    assert parent.end(2) == []
    parent.wait()
    assert parent.orders() == [StartOrder(3, 1)]


def test_a_slot_that_crashes_all_the_time_does_not_hold_up_the_others() -> None:
    """It gets the new code with its next try."""
    parent = Parent.serving(2)
    parent.end(1)
    assert parent.replace() == [StartOrder(3, 2)]


def test_the_end_drains_all_and_is_over_with_the_last() -> None:
    """Nothing is started any more."""
    parent = Parent.serving(3)
    parent.end(3)
    assert parent.stop() == [DrainOrder(1, is_replaced=False), DrainOrder(2, is_replaced=False)]
    assert parent.end(1) == []
    assert parent.end(2, "killed by SIGSEGV") == [Over()]
    parent.replace()
    assert parent.orders() == []


def test_the_end_of_nobody_is_over_at_once() -> None:
    """Where all have died."""
    parent = Parent.serving(1)
    parent.end(1)
    assert parent.stop() == [Over()]


def test_who_does_not_end_in_time_is_killed() -> None:
    """Some time after `--drain`, and again if need be."""
    parent = Parent.serving(1)
    parent.stop()
    assert parent.wait() == DRAIN + GRACE
    assert parent.orders() == [Kill(1)]
    parent.wait()
    assert parent.orders() == [Kill(1)]
    assert parent.end(1) == [Over()]


def test_a_second_signal_cuts_all() -> None:
    """Those that start too."""
    parent = Parent.serving(2)
    parent.stop()
    parent.fleet.cut()
    assert parent.orders() == [Cut(1), Cut(2)]


@given(
    st.sampled_from([1, 3]),
    st.lists(
        st.tuples(st.sampled_from(["ready", "end", "replace", "wait"]), st.integers(0, 9)),
        max_size=60,
    ),
)
def test_whatever_happens_all_slots_are_served_in_the_end(
    size: int, events: list[tuple[str, int]]
) -> None:
    """At most two in one slot, never more than one slot in change, and all recover."""
    parent = Parent.serving(size)
    for event, number in events:
        workers = list(parent.fleet)
        if event == "replace":
            parent.replace()
        elif event == "wait" and parent.fleet.wake_at is not None:
            parent.wait()
        elif event in {"ready", "end"} and workers:
            chosen = workers[number % len(workers)].serial
            (parent.ready if event == "ready" else parent.end)(chosen)
        slots = [slot for slot, _ in parent.states()]
        assert max(map(slots.count, slots), default=0) <= 2
        assert sum(slots.count(slot) == 2 for slot in set(slots)) <= 1
    for _ in range(100):
        for one in parent.fleet:
            if one.state is WorkerState.STARTING:
                parent.ready(one.serial)
            elif one.state is WorkerState.DRAINING:
                parent.end(one.serial)
        if parent.fleet.wake_at is not None:
            parent.wait()
    assert parent.states() == [(slot, WorkerState.READY) for slot in range(1, size + 1)]
