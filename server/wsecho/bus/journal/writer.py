# SPDX-License-Identifier: MIT
"""The one thread that writes: one thing after the other, and whoever waits for it is told."""

import logging
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Final, TypeAlias

from attrs import define, field

from wsecho.bus.journal.store import StoreError

Job: TypeAlias = Callable[[], object]
Told: TypeAlias = Callable[[StoreError | None], object]
"""Takes what went wrong, or None; in the thread of whoever asked."""

_log: Final = logging.getLogger(__name__)


@define(eq=False)
class Writer:
    """Does jobs in their order.

    Args:
        call_from_thread: calls something in the thread that the rest runs in.
    """

    _call_from_thread: Callable[..., object]
    _jobs: "SimpleQueue[tuple[Job, Told] | None]" = field(factory=SimpleQueue, init=False)
    _done: deque[tuple[Told, StoreError | None]] = field(factory=deque, init=False)
    _thread: Thread = field(init=False)

    def start(self) -> None:
        """Begin."""
        self._thread = Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def do(self, job: Job, told: Told) -> None:
        """Do something, behind all that came before."""
        self._jobs.put((job, told))

    def stop(self) -> None:
        """Return when all is done, and whoever asked is told."""
        self._jobs.put(None)
        self._thread.join()
        while self._done:
            self._tell()

    def _work(self) -> None:
        while (each := self._jobs.get()) is not None:
            job, told = each
            self._done.append((told, _trouble_of(job)))
            self._call_from_thread(self._tell)

    def _tell(self) -> None:
        # Whoever stopped this may have been faster.
        if self._done:
            told, error = self._done.popleft()
            told(error)


def _trouble_of(job: Job) -> StoreError | None:
    try:
        job()
    except StoreError as error:
        return error
    except Exception as error:  # noqa: BLE001  # the boundary: the thread must go on
        _log.exception("our own fault, where something was written")
        return StoreError(str(error))
    return None
