# SPDX-License-Identifier: MIT
"""The events of one process."""

from attrs import define, field
from twisted.internet.task import Clock

from wsecho.bus.memory_events import MemoryEvents
from wsecho.core.rooms.presence import Card

CARD = Card("id", None, "raw", 0.0)


@define(eq=False)
class Source:
    """What is told of a room is its name's letters."""

    wakings: int = field(default=0)

    def tells(self, room: str) -> frozenset[str]:
        """Tell what stands in its name."""
        return frozenset(room.split())

    def inside(self) -> list[tuple[str, Card]]:
        """Nobody asks."""
        return []

    def woken(self) -> None:
        """Count it."""
        self.wakings += 1


def texts(events: MemoryEvents) -> list[str]:
    """Which events wait."""
    return [each.text.split('"')[3] for each in events.read("one").entries]


def test_what_is_not_told_does_not_wait() -> None:
    """Nor wakes anybody."""
    clock, source = Clock(), Source()
    events = MemoryEvents(["one"], source, clock.seconds, clock.seconds)
    for room in ("occupied join", "leave vacated"):
        events.enter(room, CARD)
        events.leave(room, CARD)
    clock.advance(2)
    events.sweep()
    assert texts(events) == ["occupied", "join", "leave", "vacated"]
    assert source.wakings == 4
    assert [each.time for each in events.read("one").entries] == [0, 0, 0, 2000]


def test_the_end_vacates_all() -> None:
    """Nobody comes any more; but only where nobody is there."""
    clock, source = Clock(), Source()
    events = MemoryEvents(["one"], source, clock.seconds, clock.seconds)
    for room in ("vacated", "vacated 2"):
        events.enter(room, CARD)
    events.leave("vacated", CARD)
    events.sweep(closes=True)
    assert texts(events) == ["vacated"]


def test_it_leads_and_goes_with_its_process() -> None:
    """There is nobody else."""
    clock = Clock()
    events = MemoryEvents(["one"], Source(), clock.seconds, clock.seconds)
    events.lead(lambda: None)
    events.cede()
    events.renew()
    assert not events.outlives
    events.enter("occupied", CARD)
    events.take("one", 1, is_told=False)
    assert (events.read("one").gone, events.read("one").taken) == (1, 0)
    events.take("one", 1, is_told=True)
    assert events.read("one").taken == 1
