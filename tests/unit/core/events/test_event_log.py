# SPDX-License-Identifier: MIT
"""What waits for each listener, and what becomes of it where it is too much."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from wsecho.core.events.batches import MAX_BYTES, MAX_EVENTS, EventBatch
from wsecho.core.events.event_log import MAX_WAITING, MAX_WAITING_BYTES, EventLog, event_cost
from wsecho.core.events.texts import occupied_event

RUN = "0000000000000-abc"
LISTENERS = ("one", "two")


def batch(log: EventLog, listener: str = "one") -> EventBatch:
    """Make the next batch for a listener, which there is."""
    made = EventBatch.of(log.read(listener, 5))
    assert made is not None
    return made


def read(made: EventBatch) -> list[dict[str, Any]]:
    """Read a batch as its listener does."""
    body = json.loads(made.body("2026-01-01T00:00:00Z"))
    assert list(body) == ["type", "timestamp", "data"]
    return list(body["data"])


class TwoListeners(RuleBasedStateMachine):
    """Two listeners take, lose and give up what comes, as they like."""

    @initialize()
    def begin(self) -> None:
        """Nothing has happened yet."""
        self.log = EventLog(RUN, LISTENERS, most=7, most_bytes=5_000)
        self.number = 0
        self.taken: dict[str, list[dict[str, Any]]] = {name: [] for name in LISTENERS}
        self.seen: dict[str, tuple[str, ...]] = {}

    @rule(count=st.integers(1, 3), size=st.sampled_from([1, 100, 2_000]))
    def happen(self, count: int, size: int) -> None:
        """Have something happen."""
        for _ in range(count):
            self.number += 1
            self.log.append(f'"event":"message","n":{self.number},"data":"{"x" * size}"', 1)

    @rule(listener=st.sampled_from(LISTENERS), outcome=st.sampled_from(["taken", "lost", "no"]))
    def tell(self, listener: str, outcome: str) -> None:
        """Tell a listener, which takes it, or whose answer is lost, or which is given up."""
        made = EventBatch.of(self.log.read(listener, 5))
        if made is None:
            assert self.log.waiting(listener) == 0
            return
        # The same id stands for the same events, whoever is told.
        assert self.seen.setdefault(made.id, made.events) == made.events
        events = read(made)
        assert 1 <= len(events) <= MAX_EVENTS
        assert len(events) == 1 or sum(len(e) + 1 for e in made.events) <= MAX_BYTES
        assert made.id == f"{events[0]['id']}:{events[-1]['id']}"
        if outcome == "taken":
            self.log.take(listener, made.last)
            self.taken[listener] += events
        elif outcome == "no":
            self.log.give_up(listener, made.last)

    @invariant()
    def all_is_taken_or_waits(self) -> None:
        """What was taken is all there was up to there, in order, but for what is said missed."""
        for listener, events in self.taken.items():
            upto = 0
            for event in events:
                if event["event"] == "missed":
                    upto += event["count"]
                else:
                    upto += 1
                    assert event["n"] == upto
            assert upto + self.log.waiting(listener) == self.number
            identifiers = [event["id"] for event in events]
            assert identifiers == sorted(set(identifiers))


def test_nothing_is_lost_in_silence() -> None:
    """Whatever becomes of what is told, and whoever is told."""
    run_state_machine_as_test(TwoListeners)


def test_the_oldest_go_and_are_told_as_missed() -> None:
    """With their count, in their place."""
    log = EventLog(RUN, ("one",))
    for number in range(MAX_WAITING + 400):
        log.append(occupied_event(f"r{number}"), number)
    told = []
    while log.waiting("one"):
        made = batch(log)
        told += read(made)
        log.take("one", made.last)
    first = {"id": f"{RUN}-000000000400-400", "time": 5, "event": "missed", "count": 400}
    assert told[0] == first
    assert [event["room"] for event in told[1:]] == [f"r{n}" for n in range(400, 10_400)]


def test_what_is_under_way_when_the_oldest_go_is_not_missed() -> None:
    """It was told, and is taken as it was."""
    log = EventLog(RUN, ("one",))
    log.append(occupied_event("first"), 1)
    under_way = batch(log)
    for number in range(MAX_WAITING + 400):
        log.append(occupied_event(f"r{number}"), number)
    log.take("one", under_way.last)
    assert read(batch(log))[0]["count"] == 400


def test_what_waits_is_bounded_in_bytes() -> None:
    """But one that is larger alone is kept."""
    log = EventLog(RUN, ("one",))
    text = "x" * (1 << 20)
    for _ in range(70):
        log.append(text, 1)
    kept = MAX_WAITING_BYTES // event_cost(text)
    assert log.read("one", 1).gone == 70 - kept
    log.append("x" * (65 << 20), 1)
    assert log.read("one", 1).gone == 70
    assert log.read("one", 1).entries[0].number == 71


def test_one_listener_is_not_kept_by_another() -> None:
    """What the one has taken waits for the other alone."""
    log = EventLog(RUN, LISTENERS)
    log.append("a", 1)
    log.append("b", 1)
    log.take("one", 2)
    assert log.read("one", 1).entries == ()
    assert [each.text for each in log.read("two", 1).entries] == ["a", "b"]
    log.take("two", 1)
    assert [each.text for each in log.read("two", 1).entries] == ["b"]


@given(sizes=st.lists(st.integers(0, MAX_BYTES), min_size=1, max_size=20))
def test_a_batch_takes_all_that_it_can(sizes: list[int]) -> None:
    """One more would be too much."""
    log = EventLog(RUN, ("one",))
    for size in sizes:
        log.append('"event":"message","data":"' + "é" * (size // 2) + '"', 1)
    made = batch(log)
    size = sum(len(event.encode()) + 1 for event in made.events)
    log.take("one", made.last)
    if len(made.events) < len(sizes):
        assert size + len(batch(log).events[0].encode()) + 1 > MAX_BYTES
    else:
        assert log.waiting("one") == 0
