# SPDX-License-Identifier: MIT
"""One thing after the other, in another thread; whoever asked is told in this one."""

from collections.abc import Callable
from functools import partial
from threading import current_thread
from typing import Any

from wsecho.bus.journal.store import StoreError, StoreFullError
from wsecho.bus.journal.writer import Writer


def test_jobs_are_done_in_order_in_one_other_thread() -> None:
    """And told in the order in which they were done, by the one that stops it at the latest."""
    calls: list[Callable[[], Any]] = []
    writer = Writer(calls.append)
    threads: list[Any] = []
    told: list[tuple[int, StoreError | None]] = []
    writer.start()
    full = StoreFullError("full")

    def fail(error: Exception) -> None:
        raise error

    jobs: list[Callable[[], object]] = [
        lambda: threads.append(current_thread()),
        lambda: fail(full),
        lambda: fail(ValueError("ours")),
        lambda: threads.append(current_thread()),
    ]

    def note(number: int, error: StoreError | None) -> None:
        told.append((number, error))

    for number, job in enumerate(jobs):
        writer.do(job, partial(note, number))
    writer.stop()
    assert [number for number, _ in told] == [0, 1, 2, 3]
    assert [str(error) for _, error in told] == ["None", "full", "ours", "None"]
    assert len(set(threads)) == 1
    assert threads[0] is not current_thread()
    for call in calls:
        call()
    assert len(told) == 4
