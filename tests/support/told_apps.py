# SPDX-License-Identifier: MIT
"""Applications that are told, and write down what they take: plain, `async`, with Deferreds, HTTP.

Each appends the events of a batch to the file that `TOLD` names, in one write. While there is a
file `deaf` beside it, it takes nothing.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from wsecho.hooks import Event

FILE = Path(os.environ.get("TOLD", "told"))


def note(events: Sequence[dict[str, Any]]) -> None:
    """Write events down.

    Raises:
        RuntimeError: it is deaf.
    """
    if FILE.with_name("deaf").exists():
        raise RuntimeError("deaf")
    with FILE.open("a") as file:
        file.write("".join(f"{json.dumps(event)}\n" for event in events))


def _note(events: Sequence[Event]) -> None:
    note(
        [
            {
                "id": event.id,
                "event": event.event,
                "room": event.room,
                "data": event.data,
                "position": event.position and str(event.position),
                "count": event.count,
            }
            for event in events
        ]
    )


class Plain:
    """Returns."""

    def happened(self, events: Sequence[Event]) -> None:
        """Take them."""
        _note(events)


class Asynchronous:
    """Returns in a while."""

    async def happened(self, events: Sequence[Event]) -> None:
        """Take them."""
        await _moment()
        _note(events)


class WithDeferreds:
    """Returns a Deferred."""

    def happened(self, events: Sequence[Event]) -> Deferred[None]:
        """Take them."""
        return _moment().addCallback(lambda _: _note(events))


def _moment() -> Deferred[None]:
    from twisted.internet import reactor  # noqa: PLC0415  # which the server has chosen by now

    clock: Any = reactor
    return deferLater(clock, 0.01)
