# SPDX-License-Identifier: MIT
"""Telling one listener, where the queue may be away or another node's."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from tests.support.told import NotingListener
from wsecho.core.events.event_log import EventLog
from wsecho.core.events.texts import occupied_event
from wsecho.core.rooms.leases import HeldError
from wsecho.core.wire.errors import BusTimeout, BusUnavailable
from wsecho.events.delivery import PAUSE, EventDelivery
from wsecho.events.listener import NotTakenError


@define(eq=False)
class Queue:
    """A queue that fails as a test says; others tell what waits in it."""

    log: EventLog = field(factory=lambda: EventLog("run", ("noting",)))
    fails: dict[str, list[Exception]] = field(factory=lambda: {"read": [], "take": []})
    outlives: bool = True

    def read(self, listener: str) -> Any:
        """Read."""
        self._fail("read")
        return self.log.read(listener, 5)

    def take(self, listener: str, last: int, *, is_told: bool) -> None:
        """Take."""
        self._fail("take")
        (self.log.take if is_told else self.log.give_up)(listener, last)

    def _fail(self, what: str) -> None:
        if self.fails[what]:
            raise self.fails[what].pop(0)


@define(eq=False)
class World:
    """One delivery."""

    answer: Callable[[Any], Any] = lambda _: None
    clock: Clock = field(factory=Clock)
    queue: Queue = field(factory=Queue)
    listener: NotingListener = field(init=False)
    delivery: EventDelivery = field(init=False)
    ends: list[Any] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.listener = NotingListener(answer=self.answer)
        self.delivery = EventDelivery(self.listener, self.queue, self.clock)  # type: ignore[arg-type]

    def run(self) -> Deferred[None]:
        """Begin."""
        running = Deferred.fromCoroutine(self.delivery.run())
        running.addBoth(self.ends.append)
        return running

    def happen(self, room: str = "a") -> None:
        """Have something happen."""
        self.queue.log.append(occupied_event(room), 1)
        self.delivery.wake()


@pytest.mark.parametrize("what", ["read", "take"])
@pytest.mark.parametrize("error", [BusUnavailable(), BusTimeout()], ids=["away", "late"])
def test_a_queue_that_is_away_is_asked_again(what: str, error: Exception) -> None:
    """What was told is not told once more for it."""
    world = World()
    world.queue.fails[what] = [error, error]
    world.happen()
    world.run()
    for _ in range(2):
        assert world.queue.log.waiting("noting") == 1
        world.clock.advance(PAUSE)
    assert world.queue.log.waiting("noting") == 0
    assert len(world.listener.batches) == 1
    assert world.ends == []


@pytest.mark.parametrize("what", ["read", "take"])
def test_where_another_node_tells_this_one_ends(what: str) -> None:
    """Whenever it finds out."""
    world = World()
    world.queue.fails[what] = [HeldError("")]
    world.happen()
    world.run()
    [end] = world.ends
    assert isinstance(end, Failure)
    assert end.check(HeldError)


def test_nothing_is_told_again_without_a_look_at_who_tells() -> None:
    """A node that was stopped wakes up in a pause."""
    world = World(lambda _: NotTakenError("no"))
    world.happen()
    world.run()
    world.queue.fails["read"] = [HeldError("")]
    world.clock.advance(1)
    assert len(world.listener.batches) == 1
    assert len(world.ends) == 1


def test_the_end_leaves_to_others_what_they_would_tell() -> None:
    """But what is under way is taken, if it is."""
    under_way: Deferred[None] = Deferred()
    world = World(lambda _: under_way)
    world.happen("a")
    world.run()
    world.happen("b")
    world.delivery.end()
    assert world.ends == []
    under_way.callback(None)
    assert world.ends == [None]
    assert world.queue.log.waiting("noting") == 1


def test_the_end_of_what_nobody_else_tells_tells_all() -> None:
    """Also what comes again."""
    answers = [NotTakenError("no"), None, None]
    world = World(lambda _: answers.pop(0))
    world.queue.outlives = False
    world.happen("a")
    world.run()
    world.delivery.end()
    world.happen("b")
    world.clock.advance(1)
    assert world.ends == [None]
    assert world.listener.told() == ["occupied", "occupied"]


def test_whoever_ends_it_ends_what_is_under_way() -> None:
    """Nobody waits for an answer then."""
    cancelled: list[Any] = []
    world = World(lambda _: Deferred(cancelled.append))
    world.happen()
    world.run().cancel()
    assert len(cancelled) == 1
    assert len(world.ends) == 1
