# SPDX-License-Identifier: MIT
"""Telling an application in this process: `App.happened`."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Sequence
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from wsecho.core.events.batches import EventBatch
from wsecho.core.wire.positions import Position
from wsecho.events.listener import PATIENCE, NotTakenError
from wsecho.hooks import Event, Member, Sender
from wsecho.hooks.awaiting import value_of

_decode: Final = json.JSONDecoder().decode


class AppListener:
    """An application that is told by a call.

    Args:
        shown: its name, MODULE:OBJECT.
        happened: the method.
        clock: Twisted's.
    """

    _log = Logger()

    def __init__(self, shown: str, happened: Callable[[Sequence[Event]], Any], clock: Any) -> None:
        self.name = f"app:{shown}"
        self.shown = shown
        self._happened = happened
        self._clock = clock

    async def tell(self, batch: EventBatch) -> None:
        """Call it with a batch; returning takes it.

        Raises:
            NotTakenError: it raised, or did not return in time.
        """
        events = [read_event(text) for text in batch.events]
        try:
            answer = value_of(self._happened(events))
        except BaseException:  # noqa: BLE001  # the boundary: it is not our end
            raise self._failed(Failure()) from None
        if isinstance(answer, Deferred):
            for failure in await self._outcome(answer):
                raise self._failed(failure)

    def _outcome(self, answer: Deferred[Any]) -> Deferred[list[Failure]]:
        """Wait for an answer for its time, whatever it does when it is cancelled.

        What it failed by is the outcome, in a list: it may have been cancelled by its own.
        """
        outcome: Deferred[list[Failure]] = Deferred()

        def answered(result: Any) -> None:
            if not outcome.called:
                outcome.callback([result] if isinstance(result, Failure) else [])

        answer.addBoth(answered)
        outcome.addTimeout(PATIENCE, self._clock, _too_late)
        return outcome.addErrback(_give_up, answer)

    def _failed(self, failure: Failure) -> NotTakenError:
        self._log.failure("{app}: happened() failed", failure, app=self.shown)
        return NotTakenError(f"it raised {failure.type.__name__ if failure.type else '?'}")


def _too_late(_outcome: object, within: float) -> Any:
    raise NotTakenError(f"it does not return within {within:g} s")


def _give_up(failure: Failure, answer: Deferred[Any]) -> Failure:
    """Nobody waits for the answer any more: its time is over, or the server's."""
    answer.cancel()
    return failure


def read_event(text: str) -> Event:
    """Read an event as an application is given it.

    Args:
        text: the event as a JSON object.
    """
    fields: dict[str, Any] = _decode(text)
    member, sender, position = (fields.get(name) for name in ("member", "from", "position"))
    coded = fields.get("base64")
    return Event(
        fields["id"],
        fields["time"],
        fields["event"],
        fields.get("room"),
        None if member is None else Member(**member),
        None if position is None else Position.parse(position),
        None if sender is None else Sender(**sender),
        fields.get("data") if coded is None else b64decode(coded),
        fields.get("count"),
    )
