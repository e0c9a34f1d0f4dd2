# SPDX-License-Identifier: MIT
"""Telling all listeners, while this node is the one that tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, DeferredList, FirstError, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from wsecho.bus.deferreds import deferred_of
from wsecho.bus.interface import EventQueue
from wsecho.core.events.batches import EventsRead
from wsecho.core.promise import settle
from wsecho.core.rooms.leases import HeldError
from wsecho.core.wire.errors import WireError
from wsecho.events.delivery import PAUSE, EventDelivery
from wsecho.events.listener import EventListener
from wsecho.loops import Loop

_SWEEP: Final = 0.25
"""Seconds from one look at which rooms are vacated to the next."""

OpenQueue = Callable[[Sequence[str], Callable[[], None]], EventQueue]
"""Opens the queue for listeners, by their names, and with what is called where there is more."""


class EventTeller(Service):
    """Tells.

    Args:
        listeners: who is told.
        open_queue: opens the queue that they are told from.
        clock: Twisted's.

    Attributes:
        queue: the queue.
        deliveries: one for each listener.
    """

    _log = Logger()

    def __init__(
        self, listeners: Sequence[EventListener], open_queue: OpenQueue, clock: Any
    ) -> None:
        self._clock = clock
        self.queue = open_queue([each.name for each in listeners], self._woken)
        self.deliveries = [EventDelivery(each, self.queue, clock) for each in listeners]
        self._loop = Loop("finding which rooms are vacated", self.queue.sweep, clock)
        self._leading: Deferred[None] = succeed(None)
        self._telling: Deferred[Any] | None = None
        self._is_ending = False
        self._waking: IDelayedCall | None = None

    def startService(self) -> None:
        """Begin."""
        super().startService()
        self._loop.start(_SWEEP)
        self._leading = Deferred.fromCoroutine(self._lead()).addErrback(self._ended)

    async def _lead(self) -> None:
        while not self._is_ending:
            try:
                await deferred_of(self.queue.lead(self._on_lost))
                await self._tell_all()
            except CancelledError:
                raise
            except WireError:
                # Another node tells, or none can be asked: both pass.
                self._stand_back()
            except Exception:  # noqa: BLE001  # the boundary: our own fault is no end of telling
                self._log.failure("events cannot be told")
                self._stand_back()
            if not self._is_ending:
                await deferLater(self._clock, PAUSE)

    def _stand_back(self) -> None:
        self.queue.cede()
        for delivery in self.deliveries:
            # What waits is another's to count.
            delivery.waiting = 0

    async def _tell_all(self) -> None:
        """Tell all listeners, until the end, or until another node does."""
        running = [Deferred.fromCoroutine(each.run()) for each in self.deliveries]
        self._telling = DeferredList(running, fireOnOneErrback=True, consumeErrors=True)
        try:
            await self._telling
        except FirstError as error:
            was_lost = self._telling is None
            self._telling = None
            for each in running:
                each.cancel()
            if was_lost:
                raise HeldError("") from None
            error.subFailure.raiseException()

    def _on_lost(self) -> None:
        """Leave what is under way, and what comes again in an hour perhaps, to who tells now."""
        telling, self._telling = self._telling, None
        if telling is not None:
            telling.cancel()

    def end(self, within: float) -> Deferred[None]:
        """Tell what is left; what others would tell is left to them.

        Args:
            within: seconds that it may take.
        """
        self._is_ending = True
        self._loop.stop()
        self.queue.sweep(closes=True)
        for delivery in self.deliveries:
            delivery.end()
        if self._telling is None:
            self.cut()
        else:
            self._leading.addTimeout(within, self._clock)
        return self._leading.addCallback(self._let_others)

    def cut(self) -> None:
        """Wait for nobody any more."""
        self._leading.cancel()

    def _let_others(self, _: None) -> None:
        self.queue.cede()
        if not self.queue.outlives:
            for delivery in self.deliveries:
                settle(
                    self.queue.read(delivery.listener.name),
                    partial(self._say_left, delivery),
                    _ignore,
                )

    def _say_left(self, delivery: EventDelivery, read: EventsRead) -> None:
        if read.waiting:
            self._log.error(
                "{listener} was not told {count} events before the end: they are lost",
                listener=delivery.listener.shown,
                count=read.waiting,
            )

    def _ended(self, failure: Failure) -> None:
        if not failure.check(CancelledError, TimeoutError):
            self._log.failure("telling events has ended", failure)

    def _woken(self) -> None:
        # What happens in one turn is told together.
        if self._waking is None:
            self._waking = self._clock.callLater(0, self._wake)

    def _wake(self) -> None:
        self._waking = None
        for delivery in self.deliveries:
            delivery.wake()


def _ignore(_: object) -> None:
    """Say nothing of what cannot be known."""
