# SPDX-License-Identifier: MIT
"""Telling one listener: batch by batch, each until it is taken or its hour is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger

from wsecho.bus.deferreds import deferred_of
from wsecho.core.events.attempts import Attempts
from wsecho.core.events.batches import EventBatch, EventsRead
from wsecho.core.wire.errors import BusTimeout, BusUnavailable
from wsecho.events.listener import NotTakenError

if TYPE_CHECKING:
    from wsecho.bus.interface import EventQueue
    from wsecho.events.listener import EventListener

PAUSE: Final = 1.0
"""Seconds until the queue is asked again that could not be reached."""

_COMPLAIN_AGAIN: Final = 60.0


@define(eq=False)
class EventDelivery:
    """The delivery of events to one listener.

    Args:
        listener: who is told.
        queue: where events wait.
        clock: Twisted's.

    Attributes:
        waiting: events that it has yet to take, as far as is known here.
        oldest: when the oldest that is told now happened, Unix milliseconds; None without one.
        told: events that it took.
        again: events that were told once more, for they had not been taken.
        missed: events that it took as missed only.
    """

    listener: EventListener
    _queue: EventQueue
    _clock: Any
    waiting: int = field(default=0, init=False)
    oldest: int | None = field(default=None, init=False)
    told: int = field(default=0, init=False)
    again: int = field(default=0, init=False)
    missed: int = field(default=0, init=False)
    _is_ending: bool = field(default=False, init=False)
    _resting: Deferred[None] | None = field(default=None, init=False)
    _complained: float | None = field(default=None, init=False)

    _log = Logger()

    async def run(self) -> None:
        """Tell what there is, until the end.

        Raises:
            HeldError: another node does.
        """
        while not self._is_left_to_others:
            batch = EventBatch.of(await self.read())
            if batch is not None:
                await self._tell(batch)
            elif self._is_ending:
                return
            else:
                await self._rest()

    def wake(self) -> None:
        """Look whether there is something to tell, if there was nothing."""
        resting, self._resting = self._resting, None
        if resting is not None:
            resting.callback(None)

    def end(self) -> None:
        """End once all is told, or at once where others would tell it."""
        self._is_ending = True
        self.wake()

    @property
    def _is_left_to_others(self) -> bool:
        return self._is_ending and self._queue.outlives

    async def _rest(self) -> None:
        self._resting = Deferred()
        try:
            await self._resting
        finally:
            self._resting = None

    async def read(self) -> EventsRead:
        """Read what waits, as soon as that can be.

        Raises:
            HeldError: another node tells.
        """
        while True:
            try:
                read = await deferred_of(self._queue.read(self.listener.name))
            except (BusUnavailable, BusTimeout):
                await self._pause(PAUSE)
            else:
                self.waiting = read.waiting
                return read

    async def _tell(self, batch: EventBatch) -> None:
        attempts, self.oldest = Attempts(self._clock.seconds()), batch.time
        try:
            while (error := await self._attempt(batch)) is not None:
                if self._is_left_to_others:
                    return
                pause = attempts.failed(self._clock.seconds(), error.retry_after)
                if pause is None:
                    break
                await self._pause(pause)
                # Another node may tell by now, and this one not have noticed.
                await self.read()
                self.again += len(batch.events)
            await self._note(batch, is_told=error is None)
        finally:
            self.oldest = None

    async def _attempt(self, batch: EventBatch) -> NotTakenError | None:
        try:
            await self.listener.tell(batch)
        except NotTakenError as error:
            self._complain(error)
            return error
        if self._complained is not None:
            self._complained = None
            self._log.info("{listener} takes events again", listener=self.listener.shown)
        return None

    def _complain(self, error: NotTakenError) -> None:
        now = self._clock.seconds()
        if self._complained is None or now - self._complained >= _COMPLAIN_AGAIN:
            self._complained = now
            self._log.warn(
                "{listener} does not take events, of which {waiting} wait: {reason}",
                listener=self.listener.shown,
                waiting=self.waiting,
                reason=error.reason,
            )

    async def _note(self, batch: EventBatch, *, is_told: bool) -> None:
        if is_told:
            self.told += len(batch.events) - bool(batch.missed)
            self.missed += batch.missed
        else:
            self._log.error(
                "{listener} did not take {count} events within an hour: they go as missed",
                listener=self.listener.shown,
                count=len(batch.events),
            )
        while True:
            try:
                await deferred_of(self._queue.take(self.listener.name, batch.last, is_told=is_told))
            except (BusUnavailable, BusTimeout):
                await self._pause(PAUSE)
            else:
                return

    def _pause(self, seconds: float) -> Deferred[None]:
        return deferLater(self._clock, seconds)
