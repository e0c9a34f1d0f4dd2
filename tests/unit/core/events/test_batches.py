# SPDX-License-Identifier: MIT
"""What is told at once, and under which id."""

import json

from wsecho.core.events.batches import (
    MAX_BYTES,
    MAX_EVENTS,
    EventBatch,
    EventsRead,
    WaitingEvent,
    event_id,
)
from wsecho.core.events.texts import missed_event


def read(count: int, *, taken: int = 0, gone: int = 0, size: int = 1) -> EventsRead:
    """Read so many events, of a size, behind those that are gone."""
    numbers = range(gone + 1, gone + 1 + count)
    entries = tuple(WaitingEvent(n, n * 10, f'"data":"{"x" * size}"') for n in numbers)
    return EventsRead("run", taken, gone, 5, entries, gone + count)


def batch(found: EventsRead) -> EventBatch:
    """Make a batch, which there is."""
    made = EventBatch.of(found)
    assert made is not None
    return made


def test_nothing_is_no_batch() -> None:
    """Nobody is told that nothing happened."""
    assert EventBatch.of(read(0)) is None


def test_a_batch_is_bounded_in_number() -> None:
    """And what it says is missed counts among them."""
    assert len(batch(read(MAX_EVENTS + 1)).events) == MAX_EVENTS
    made = batch(read(MAX_EVENTS, gone=5))
    assert (len(made.events), made.last, made.missed) == (MAX_EVENTS, 5 + MAX_EVENTS - 1, 5)


def test_a_batch_is_bounded_in_bytes() -> None:
    """But for one event, which goes alone."""
    assert len(batch(read(3, size=MAX_BYTES // 2)).events) == 1
    assert len(batch(read(3, size=MAX_BYTES * 2)).events) == 1
    assert len(batch(read(3, size=MAX_BYTES // 4)).events) == 3


def test_a_batch_says_when_its_first_event_happened() -> None:
    """Of what is missed that is not known: then it is when that was found."""
    assert batch(read(2)).time == 10
    assert batch(read(0, gone=2)).time == 5
    assert json.loads(batch(read(1, gone=2)).events[0]) == {
        "id": f"{event_id('run', 2)}-2",
        "time": 5,
        **json.loads("{" + missed_event(2) + "}"),
    }


def test_what_is_missed_has_an_id_of_its_own() -> None:
    """It sorts where it stands; where more is missed by now it is another."""
    some, more = batch(read(1, gone=2)), batch(read(1, gone=3))
    identifiers = [json.loads(text)["id"] for text in (*some.events, *more.events)]
    assert len(set(identifiers)) == 4
    for made in (some, more):
        first, second = (json.loads(text)["id"] for text in made.events)
        assert event_id("run", made.last - 1) < first < second
        assert made.id == f"{first}:{second}"


def test_a_body_is_the_same_but_for_its_timestamp() -> None:
    """Each time that it is sent."""
    made = batch(read(2))
    one, two = made.body("then"), made.body("now")
    assert one.replace(b"then", b"now") == two
    assert json.loads(one) == {
        "type": "wsecho.events",
        "timestamp": "then",
        "data": [json.loads(text) for text in made.events],
    }
