# SPDX-License-Identifier: MIT
"""Who is told: what takes a batch of events, whatever it is reached by."""

from typing import Final, Protocol

from wsecho.core.events.batches import EventBatch

PATIENCE: Final = 10.0
"""Seconds in which a batch has to be taken."""


class NotTakenError(Exception):
    """A batch was not taken, or it is not known whether it was.

    Args:
        reason: why, in one line, for a log.
        retry_after: seconds for which the listener wants to be left alone, None where it says none.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class EventListener(Protocol):
    """An application, as it is told."""

    @property
    def name(self) -> str:
        """Its name, by which its place in the queue is kept; the same on each node."""

    @property
    def shown(self) -> str:
        """What people call it, without anything secret."""

    async def tell(self, batch: EventBatch) -> None:
        """Tell it a batch.

        Raises:
            NotTakenError: it did not take it.
        """
