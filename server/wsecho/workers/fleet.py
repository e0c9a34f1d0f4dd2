# SPDX-License-Identifier: MIT
"""Which worker is started, replaced or ended when: plain data, no processes and no clock.

Each *slot* has one worker, and while it is replaced two::

    STARTING ──ready──▶ READY ──replaced, or all end──▶ DRAINING ──▶ (gone)
        │                 │
        └──── ended ──────┴──▶ (gone; the slot waits, longer each time, and starts another)

What happens goes in by methods; what is to be done comes out of `orders`. Times are seconds of any
clock that only goes forward.
"""

from collections.abc import Iterator
from enum import Enum, auto
from typing import Final

from attrs import define, field, frozen

TRIES: Final = 3
"""Workers in a row that may end before they are ready; then a start, or a replacement, fails."""

START_WITHIN: Final = 60.0
"""Seconds in which a worker becomes ready."""

GRACE: Final = 5.0
"""Seconds that a worker may take beyond `--drain`, before it is killed."""

SOONEST: Final = 0.5
LATEST: Final = 30.0
"""Seconds between a worker's death and the start of the next: doubled each time, up to this."""

STEADY: Final = 60.0
"""Seconds of life after which a worker's death is the first again."""


class WorkerState(Enum):
    """What a worker is doing."""

    STARTING = auto()
    READY = auto()
    DRAINING = auto()


@define(eq=False)
class WorkerRecord:
    """One process.

    Attributes:
        serial: its own number; no two ever have the same.
        slot: its place, from 1; its successor has the same.
        state: what it does.
        since: when it began to.
    """

    serial: int
    slot: int
    generation: int
    since: float
    state: WorkerState = WorkerState.STARTING
    reason: str = ""


@frozen
class StartOrder:
    """Start a process; `stands_in` for one that served and died."""

    serial: int
    slot: int
    stands_in: bool = False


@frozen
class DrainOrder:
    """Have a worker end within `--drain`."""

    serial: int
    is_replaced: bool


@frozen
class Cut:
    """Have a worker end at once."""

    serial: int


@frozen
class Kill:
    """Kill a process: it had its time."""

    serial: int


@frozen
class Say:
    """Write a line into the log."""

    text: str
    is_error: bool = False


@frozen
class Opened:
    """All workers are ready for the first time."""


@frozen
class GiveUp:
    """The start has failed; the reason is for whoever started it."""

    reason: str


@frozen
class Over:
    """No worker is left, and none is going to be started."""


Order = StartOrder | DrainOrder | Cut | Kill | Say | Opened | GiveUp | Over


@define(eq=False)
class _Slot:
    number: int
    failures: int = 0
    start_at: float | None = None


@define(eq=False)
class Fleet:
    """All workers of one parent.

    Args:
        size: how many there are.
        within: seconds that one may take to drain.
    """

    _size: int
    _within: float
    _slots: list[_Slot] = field(factory=list, init=False)
    _workers: dict[int, WorkerRecord] = field(factory=dict, init=False)
    _orders: list[Order] = field(factory=list, init=False)
    _serial: int = field(default=0, init=False)
    _generation: int = field(default=0, init=False)
    _is_open: bool = field(default=False, init=False)
    _is_ending: bool = field(default=False, init=False)
    _is_replacing: bool = field(default=False, init=False)

    def __iter__(self) -> Iterator[WorkerRecord]:
        return iter(list(self._workers.values()))

    def __getitem__(self, serial: int) -> WorkerRecord:
        return self._workers[serial]

    @property
    def wake_at(self) -> float | None:
        """When `tick` has something to do, None for never."""
        times = [slot.start_at for slot in self._slots if slot.start_at is not None]
        times += [
            self._deadline(worker) for worker in self if worker.state is not WorkerState.READY
        ]
        return min(times, default=None)

    def orders(self) -> list[Order]:
        """Take what is to be done, in this order."""
        taken, self._orders = self._orders, []
        return taken

    # -- what happens

    def begin(self, now: float) -> None:
        """Start all workers."""
        self._slots = [_Slot(number) for number in range(1, self._size + 1)]
        for slot in self._slots:
            self._start(slot, now)

    def ready(self, serial: int, now: float) -> None:
        """Note that a worker serves."""
        worker = self._workers[serial]
        if worker.state is not WorkerState.STARTING:
            return
        worker.state, worker.since, worker.reason = WorkerState.READY, now, ""
        for other in self:
            if other.slot == worker.slot and other.generation < worker.generation:
                self._drain(other, now, is_replaced=True)
        if not self._is_open and all(self._serving(slot) for slot in self._slots):
            self._is_open = True
            self._orders.append(Opened())
        self._go_on(now)

    def failed(self, serial: int, reason: str) -> None:
        """Keep what a worker says of why it cannot start."""
        self._workers[serial].reason = reason

    def ended(self, serial: int, how: str, now: float) -> None:
        """Note that a process is gone.

        Args:
            serial: which.
            how: for people, such as `exit status 1`.
            now: the time.
        """
        worker = self._workers.pop(serial)
        if worker.state is not WorkerState.DRAINING and not self._is_ending:
            self._went_wrong(worker, how, now)
        self._go_on(now)

    def replace(self, now: float) -> None:
        """Replace all workers one after the other; those that this finds half done too."""
        if self._is_ending:
            return
        self._orders.append(Say("replacing the workers one after the other"))
        self._generation += 1
        self._is_replacing = True
        self._go_on(now)

    def end(self, now: float) -> None:
        """Drain all workers, and start none any more; to say so again does no harm."""
        if self._is_ending:
            return
        self._is_ending = True
        for slot in self._slots:
            slot.start_at = None
        for worker in self:
            if worker.state is not WorkerState.DRAINING:
                self._drain(worker, now, is_replaced=False)
        self._go_on(now)

    def cut(self) -> None:
        """End all workers at once."""
        self._orders += [Cut(worker.serial) for worker in self]

    def tick(self, now: float) -> None:
        """Do what its time has come for."""
        for worker in self:
            if worker.state is not WorkerState.READY and now >= self._deadline(worker):
                self._overdue(worker, now)
        for slot in self._slots:
            if slot.start_at is not None and now >= slot.start_at:
                self._start(slot, now)

    # -- our own

    def _start(self, slot: _Slot, now: float) -> None:
        slot.start_at = None
        # One that replaces another proves itself first.
        stands_in = self._is_open and not any(one.slot == slot.number for one in self)
        self._serial += 1
        self._workers[self._serial] = WorkerRecord(self._serial, slot.number, self._generation, now)
        self._orders.append(StartOrder(self._serial, slot.number, stands_in))

    def _drain(self, worker: WorkerRecord, now: float, *, is_replaced: bool) -> None:
        worker.state, worker.since = WorkerState.DRAINING, now
        self._orders.append(DrainOrder(worker.serial, is_replaced))

    def _overdue(self, worker: WorkerRecord, now: float) -> None:
        if worker.state is WorkerState.STARTING:
            late = f"it was not ready within {START_WITHIN:g} s"
            worker.reason = f"{late}: {worker.reason}" if worker.reason else late
        else:
            text = f"worker {worker.slot} did not end within {self._within + GRACE:g} s: killed"
            self._orders.append(Say(text, is_error=True))
        # Should even that not end it, it is tried again.
        worker.since = now
        self._orders.append(Kill(worker.serial))

    def _deadline(self, worker: WorkerRecord) -> float:
        within = START_WITHIN if worker.state is WorkerState.STARTING else self._within + GRACE
        return worker.since + within

    def _went_wrong(self, worker: WorkerRecord, how: str, now: float) -> None:
        slot = self._slots[worker.slot - 1]
        was_ready = worker.state is WorkerState.READY
        slot.failures = 1 if was_ready and now - worker.since >= STEADY else slot.failures + 1
        what = "died" if was_ready else "did not start"
        text = f"worker {worker.slot} {what}: {how}"
        if worker.reason:
            text += f": {worker.reason}"
        if self._has_neighbour(worker) and not was_ready and slot.failures >= TRIES:
            self._abandon(text)
        elif not self._is_open and slot.failures >= TRIES:
            self._orders.append(GiveUp(worker.reason or text))
        elif self._has_neighbour(worker) and was_ready:
            # Its successor is on the way.
            self._orders.append(Say(text, is_error=True))
        else:
            wait = min(LATEST, SOONEST * 2 ** (slot.failures - 1))
            slot.start_at = now + wait
            self._orders.append(Say(f"{text}; another starts in {wait:g} s", is_error=True))

    def _abandon(self, why: str) -> None:
        self._is_replacing = False
        text = f"{why}; the workers are not replaced, and those that are here stay"
        self._orders.append(Say(text, is_error=True))
        for slot in self._slots:
            slot.failures = 0

    def _go_on(self, now: float) -> None:
        if self._is_ending:
            if not self._workers:
                self._orders.append(Over())
        elif self._is_replacing:
            self._replace_next(now)

    def _replace_next(self, now: float) -> None:
        # A slot that has no worker gets one of the new generation anyway, whenever that succeeds.
        trying = [slot for slot in self._slots if slot.start_at is not None]
        if any(worker.state is not WorkerState.READY for worker in self) or any(
            map(self._serving, trying)
        ):
            return
        for slot in self._slots:
            if any(one.slot == slot.number and one.generation < self._generation for one in self):
                slot.failures = 0
                self._start(slot, now)
                return
        self._is_replacing = False
        self._orders.append(Say("all workers were replaced"))

    def _serving(self, slot: _Slot) -> bool:
        return any(one.slot == slot.number and one.state is WorkerState.READY for one in self)

    def _has_neighbour(self, worker: WorkerRecord) -> bool:
        return any(
            one.slot == worker.slot and one.state is not WorkerState.DRAINING for one in self
        )
