# SPDX-License-Identifier: MIT
"""The parent's half of `/metrics`: it asks every worker, and answers the one that was asked."""

from collections.abc import Callable
from typing import Final

from attrs import define, field
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from wsecho.workers.channel import WorkerChannel
from wsecho.workers.fleet import Fleet, WorkerState
from wsecho.workers.merging import Merged, Plain

PATIENCE: Final = 2.0
"""Seconds that a busy worker has for an answer; then its last one counts."""

INTERVAL: Final = 5.0
"""Seconds between unasked looks: what a worker counts within them is lost if it is killed."""

_CONNECTIONS: Final = "wsecho_connections"


@define(eq=False)
class _Round:
    awaited: set[int]
    answer: Callable[[], None]
    deadline: IDelayedCall


@define(eq=False)
class WorkerMetrics:
    """What all workers counted.

    Args:
        fleet: who they are.
        channels: how each is reached.
        clock: the time.
    """

    _fleet: Fleet
    _channels: dict[int, WorkerChannel]
    _clock: IReactorTime
    _last: dict[int, Plain] = field(factory=dict, init=False)
    _gone: Merged = field(factory=Merged, init=False)
    _deaths: int = field(default=0, init=False)
    _rounds: dict[int, _Round] = field(factory=dict, init=False)
    _number: int = field(default=0, init=False)

    def look(self) -> None:
        """Ask everybody, so that little is lost with one that dies."""
        self._ask(0)

    def collect(self, channel: WorkerChannel, number: int) -> None:
        """Ask everybody, and tell the sum.

        Args:
            channel: whom to tell.
            number: what it calls its question.
        """
        self._number += 1
        mine = self._number

        def answer() -> None:
            found = self._rounds.pop(mine)
            if found.deadline.active():
                found.deadline.cancel()
            channel.tell("merged", number=number, metrics=self._merged())

        deadline = self._clock.callLater(PATIENCE, answer)
        self._rounds[mine] = _Round(set(self._channels), answer, deadline)
        self._ask(mine)

    def sampled(self, serial: int, number: int, metrics: Plain) -> None:
        """Take a worker's answer."""
        self._last[serial] = metrics
        if number in self._rounds:
            self._answered(number, serial)

    def ended(self, serial: int, *, is_death: bool) -> None:
        """Keep the counts of a worker that is gone."""
        self._deaths += is_death
        self._gone.add(self._last.pop(serial, []), counters_only=True)
        for number in list(self._rounds):
            self._answered(number, serial)

    def end(self) -> None:
        """Answer nobody any more."""
        for found in self._rounds.values():
            found.deadline.cancel()
        self._rounds.clear()

    def _ask(self, number: int) -> None:
        for channel in self._channels.values():
            channel.tell("sample", number=number)

    def _answered(self, number: int, serial: int) -> None:
        found = self._rounds[number]
        found.awaited.discard(serial)
        if not found.awaited:
            found.answer()

    def _merged(self) -> Plain:
        merged = Merged()
        for plain in self._last.values():
            merged.add(plain)
        merged.add(self._gone.plain())
        return [*merged.plain(), *self._own()]

    def _own(self) -> Plain:
        states = {state.name.lower(): 0 for state in WorkerState}
        for worker in self._fleet:
            states[worker.state.name.lower()] += 1
        name = "wsecho_workers"
        yield_states = [[name, {"state": state}, count] for state, count in states.items()]
        deaths = "wsecho_worker_deaths"
        spread = "wsecho_worker_connections"
        return [
            [name, "gauge", "Worker processes, by what they do.", yield_states],
            [
                deaths,
                "counter",
                "Workers that ended without being told to.",
                [[f"{deaths}_total", {}, self._deaths]],
            ],
            [spread, "gauge", "Connections of each worker.", self._spread(spread)],
        ]

    def _spread(self, name: str) -> Plain:
        found: dict[str, float] = {}
        for worker in self._fleet:
            slot = str(worker.slot)
            found[slot] = found.get(slot, 0) + _value(self._last.get(worker.serial, []))
        return [[name, {"worker": slot}, value] for slot, value in sorted(found.items())]


def _value(plain: Plain) -> float:
    for name, _, _, samples in plain:
        if name == _CONNECTIONS:
            return float(samples[0][2])
    return 0.0
