# SPDX-License-Identifier: MIT
"""What goes into the file, one transaction after the other, and what becomes of it when one fails.

What is said while one is being written makes the next one, so that there are as few as the disk
needs and nobody waits for company. One that cannot be written takes all that waits behind it
along: its positions were never told, and are given to what is said next.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field
from twisted.logger import Logger

from wsecho.bus.journal.pending import Awaiting, Pending
from wsecho.bus.journal.store import StoreError
from wsecho.core.limits.backpressure import FEW, Backpressure
from wsecho.core.wire.errors import BusUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.bus.journal.records import Transaction
    from wsecho.bus.journal.store import Store
    from wsecho.bus.journal.writer import Writer

MAX_WAITING: Final = 512
"""Things that wait to be written, behind which no more should be said."""

_AGAIN: Final = 1.0
"""Seconds after which a file that could not be written is tried again."""


@define(eq=False)
class Journaling:
    """The way into the file.

    Args:
        store: the file.
        writer: has the thread.
        clock: Twisted's.
        time_of_day: Unix time in seconds.

    Attributes:
        pending: what is on its way.
        pressure: holds back whoever says more than is written.
        trouble: why nothing can be written; None where it can.
    """

    _store: Store
    _writer: Writer
    _clock: Any
    _time_of_day: Callable[[], float]
    pending: Pending = field(factory=Pending, init=False)
    pressure: Backpressure = field(init=False)
    trouble: StoreError | None = field(default=None, init=False)
    _is_over: bool = field(default=False, init=False)

    _log = Logger()

    def __attrs_post_init__(self) -> None:
        self.pressure = Backpressure(
            lambda: len(self.pending),
            MAX_WAITING,
            grace=FEW,
            later=partial(self._clock.callLater, 0),
        )

    def check(self) -> None:
        """See to it that something would be written.

        Raises:
            BusUnavailable: the file cannot be written.
        """
        if self.trouble is not None or self._is_over:
            raise BusUnavailable

    @property
    def transaction(self) -> Transaction:
        """What is written next; whoever adds to it calls `add`, and then `go_on`."""
        return self.pending.next.transaction

    def add(self, done: Callable[[], object], failed: Callable[[Exception], object]) -> None:
        """Have something done once all is written that stands in the transaction now.

        Args:
            done: it is.
            failed: takes the error that it is known by: it is not, and never will be.
        """
        self.pending.next.waiters.append(Awaiting(done, failed))

    def tidy(self, forgotten: dict[int, int], dropped: list[int]) -> None:
        """Have the file forget, behind all that is on its way."""
        if self.trouble is None:
            job = partial(self._store.tidy, forgotten, dropped, self._time_of_day())
            self._writer.do(job, self._tidied)

    def stop(self) -> None:
        """Write what there is to be written, and close the file."""
        self._is_over = True
        self._writer.stop()
        while (commit := self.pending.begin()) is not None:
            self._written(self._write_at_once(commit.transaction))
        self._store.close()
        self.pressure.relieve_all()

    def _write_at_once(self, transaction: Transaction) -> StoreError | None:
        try:
            self._store.write(transaction)
        except StoreError as error:
            return error
        return None

    def go_on(self) -> None:
        """Begin to write, unless that is under way: then what was added is next."""
        while not self._is_over and (commit := self.pending.begin()) is not None:
            if commit.transaction:
                commit.transaction.now = self._time_of_day()
                self._writer.do(partial(self._store.write, commit.transaction), self._written)
                return
            self._done(self.pending.end())

    def _written(self, error: StoreError | None) -> None:
        if self.pending.written is None:  # it was given up meanwhile
            return
        if error is None:
            self._done(self.pending.end())
            self.go_on()
        else:
            self._fail(error)
        self.pressure.relieve()

    def _done(self, waiters: list[Awaiting]) -> None:
        for waiter in waiters:
            try:
                waiter.done()
            except Exception:  # noqa: BLE001  # the boundary: what is behind must be told all the same
                self._log.failure("cannot tell what was written")

    def _fail(self, error: StoreError) -> None:
        self.trouble = error
        self._log.error("nothing can be said: {why}", why=str(error))
        self._give_up()
        if not self._is_over:
            self._clock.callLater(_AGAIN, self._try_again)

    def _give_up(self) -> None:
        for waiter in self.pending.give_up():
            waiter.failed(BusUnavailable())

    def _try_again(self) -> None:
        if not self._is_over:
            self._writer.do(self._store.probe, self._tried)

    def _tried(self, error: StoreError | None) -> None:
        if error is None:
            self._log.info("what is said is written again")
            self.trouble = None
        elif not self._is_over:
            self._clock.callLater(_AGAIN, self._try_again)

    def _tidied(self, error: StoreError | None) -> None:
        # A full disk may be too full to forget something: that is tried again with the next.
        if error is not None and not self._is_over:
            self._log.warn("cannot make room in the file: {why}", why=str(error))
