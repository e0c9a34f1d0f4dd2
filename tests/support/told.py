# SPDX-License-Identifier: MIT
"""Listeners that note what they are told, and answer as a test likes."""

import json
from collections.abc import Callable
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred, succeed

from wsecho.core.events.batches import EventBatch
from wsecho.events.listener import NotTakenError

Answer = Callable[[EventBatch], Deferred[None] | NotTakenError | None]


def take(_: EventBatch) -> None:
    """Take it at once."""


@define(eq=False)
class NotingListener:
    """A listener in this process.

    Attributes:
        answer: what becomes of a batch: it is taken, or not, or nothing is known for a while.
        batches: all that it was told, taken or not.
        taken: the events of those that it took, in order.
    """

    name: str = "noting"
    answer: Answer = take
    batches: list[EventBatch] = field(factory=list)
    taken: list[dict[str, Any]] = field(factory=list)

    @property
    def shown(self) -> str:
        """What people call it."""
        return self.name

    async def tell(self, batch: EventBatch) -> None:
        """Note a batch."""
        self.batches.append(batch)
        answer = self.answer(batch)
        if isinstance(answer, NotTakenError):
            raise answer
        await (answer or succeed(None))
        self.taken += [json.loads(text) for text in batch.events]

    def told(self, room: str | None = None) -> list[str]:
        """What it took, in a few words: of one room, or of all."""
        return [brief(event) for event in self.taken if room in {None, event.get("room")}]


def brief(event: dict[str, Any]) -> str:
    """Say an event in a word or two."""
    if event["event"] == "message":
        return f"message {event.get('data', event.get('base64'))}"
    if event["event"] == "missed":
        return f"missed {event['count']}"
    return str(event["event"])
