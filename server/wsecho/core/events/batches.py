# SPDX-License-Identifier: MIT
"""What is told at once: some events in their order, under an id that stands for just these."""

from collections.abc import Iterator, Sequence
from typing import Final, Self

from attrs import field, frozen

from wsecho.core.events.texts import missed_event

MAX_EVENTS: Final = 100
"""Events in one batch."""

MAX_BYTES: Final = 64 << 10
"""Bytes of a batch's events; one that is larger goes alone."""


@frozen
class WaitingEvent:
    """One event that waits.

    Attributes:
        number: where it stands; they count up by one.
        time: when it happened, Unix milliseconds.
        text: the rest of it, as `wsecho.core.events.texts` writes it.
    """

    number: int
    time: int
    text: str


@frozen
class EventsRead:
    """What waits for a listener, as far as it was read.

    Attributes:
        run: the word that begins the ids of all of this log's events.
        taken: the number of the last event that the listener has taken.
        gone: the last number behind which everything is there; those between are not any more.
        time: when it was read, Unix milliseconds.
        entries: what follows, without a gap; not all of it, perhaps.
        last: the number of the last event that there is.
    """

    run: str
    taken: int
    gone: int
    time: int
    entries: Sequence[WaitingEvent]
    last: int

    @property
    def waiting(self) -> int:
        """How many events wait, those included that are told as missed."""
        return self.last - self.taken


@frozen
class EventBatch:
    """Some events in their order.

    The same id stands for the same events, whoever makes the batch: what is missed is named by
    where it ends and how much it is, all else by its number, which no two events have.

    Attributes:
        id: made of its first and last event's.
        last: the number of the last event that it stands for.
        missed: how many events it says are missed.
        time: when its first event happened, Unix milliseconds.
        events: each as a JSON object.
    """

    id: str
    last: int
    missed: int
    time: int
    events: tuple[str, ...] = field(repr=False)

    @classmethod
    def of(cls, reading: EventsRead) -> Self | None:
        """Make the next batch of what waits; None where nothing does."""
        named = list(_within_bounds(_events(reading)))
        if not named:
            return None
        identifier = f"{named[0][0]}:{named[-1][0]}"
        missed = max(0, reading.gone - reading.taken)
        count = len(named) - bool(missed)
        last = max(reading.taken, reading.gone) + count
        time = reading.entries[0].time if count else reading.time
        return cls(identifier, last, missed, time, tuple(text for _, text in named))

    def body(self, timestamp: str) -> bytes:
        """Write it as it is sent.

        Args:
            timestamp: when that is, RFC 3339.
        """
        data = ",".join(self.events)
        return f'{{"type":"wsecho.events","timestamp":"{timestamp}","data":[{data}]}}'.encode()


def event_id(run: str, number: int) -> str:
    """Return an event's id: those of a later event sort behind it."""
    return f"{run}-{number:012d}"


def _events(reading: EventsRead) -> Iterator[tuple[str, str]]:
    """Go through the events by id, as JSON objects."""
    run = reading.run
    count = reading.gone - reading.taken
    if count > 0:
        # It sorts where the last of them stood, and stands for just so many.
        identifier = f"{event_id(run, reading.gone)}-{count}"
        yield identifier, _object(identifier, reading.time, missed_event(count))
    for entry in reading.entries:
        identifier = event_id(run, entry.number)
        yield identifier, _object(identifier, entry.time, entry.text)


def _object(identifier: str, time: int, text: str) -> str:
    return f'{{"id":"{identifier}","time":{time},{text}}}'


def _within_bounds(events: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    size = 0
    for number, (identifier, text) in enumerate(events):
        size += len(text.encode()) + 1
        if number and (number >= MAX_EVENTS or size > MAX_BYTES):
            return
        yield identifier, text
