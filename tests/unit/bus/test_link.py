# SPDX-License-Identifier: MIT
"""The link: commands wait for its first attempt, fail while it is down, and it comes back."""

from functools import partial
from typing import Any

import pytest
from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from wsecho.bus.redis.errors import LostError, RedisError
from wsecho.bus.redis.greeting import Server
from wsecho.bus.redis.link import LONGEST_DELAY, MOST_UNANSWERED, Link, Standing
from wsecho.core.errors import BusUnavailable


@define(eq=False)
class Line:
    """A connection that answers at once."""

    lost: Any
    is_open: bool = True
    unanswered: int = 0
    asked: list[tuple[Any, ...]] = field(factory=list)

    def ask(self, *words: bytes | str) -> Deferred[Any]:
        """Answer with what was asked."""
        self.asked.append(words)
        answer: Deferred[Any] = Deferred()
        answer.callback(words)
        return answer

    def tell(self, *words: bytes | str) -> None:
        """Note it."""
        self.asked.append(words)

    def cut(self) -> None:
        """Be gone."""
        self.is_open = False
        self.lost(self)

    leave = cut


@define(eq=False)
class World:
    """A link, and somebody who dials."""

    clock: Clock = field(factory=Clock)
    dialed: list[Deferred[Any]] = field(factory=list)
    lines: list[Line] = field(factory=list)
    events: list[str] = field(factory=list)
    link: Link = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.link = Link(self, "redis://h", self.clock, self)  # type: ignore[arg-type]

    async def dial(self, pushed: Any, lost: Any) -> tuple[Line, Server]:
        """Wait until it is answered."""
        self.lines.append(Line(lost))
        attempt: Deferred[Any] = Deferred()
        self.dialed.append(attempt)
        await attempt
        return self.lines[-1], Server("7", "run")

    def came_up(self, server: Server) -> None:
        """Note it."""
        self.events.append("up")

    def went_down(self) -> None:
        """Note it."""
        self.events.append("down")

    def pushed(self, push: list[Any]) -> None:
        """There is nothing."""

    def answer(self) -> None:
        """Let the attempt succeed."""
        self.dialed[-1].callback(None)

    def refuse(self, reason: str = "no") -> None:
        """Let it fail."""
        self.dialed[-1].errback(RedisError(reason))


def test_the_first_commands_wait() -> None:
    """Then they go, behind what the owner says first."""
    world = World()
    with pytest.raises(BusUnavailable):
        world.link.ask("EARLY")
    world.link.start()
    outcomes: list[Any] = []
    world.link.ask("A").addCallback(outcomes.append)
    assert outcomes == []
    world.answer()
    assert (outcomes, world.events) == ([("A",)], ["up"])


def test_the_first_commands_are_refused_where_nobody_answers() -> None:
    """And from then on at once."""
    world = World()
    world.link.start()
    outcomes: list[Any] = []
    world.link.ask("A").addErrback(lambda failure: outcomes.append(failure.type))
    world.refuse()
    assert (outcomes, world.events) == ([BusUnavailable], ["down"])
    with pytest.raises(BusUnavailable):
        world.link.ask("B")


def test_it_tries_again_ever_more_slowly() -> None:
    """Up to a bound, and never in step with others."""
    world = World()
    world.link.start()
    delays = []
    for _ in range(12):
        world.refuse()
        [call] = world.clock.getDelayedCalls()
        delays.append(call.getTime() - world.clock.seconds())
        world.clock.advance(delays[-1])
    assert delays[0] <= 0.1
    assert all(LONGEST_DELAY / 2 <= delay <= LONGEST_DELAY for delay in delays[-5:])
    assert len(set(delays)) == len(delays)
    world.answer()
    assert world.events == ["down", "up"]


def test_a_lost_connection_is_made_again() -> None:
    """The owner hears of both; what comes of the old one does not matter any more."""
    world = World()
    world.link.start()
    world.answer()
    first = world.lines[-1]
    world.link.cut()
    assert world.events == ["up", "down"]
    with pytest.raises(BusUnavailable):
        world.link.check()
    world.clock.advance(1)
    world.answer()
    first.lost(first)
    assert world.events == ["up", "down", "up"]


def test_stopping_is_quiet() -> None:
    """Nobody is told, nothing is tried any more."""
    world = World()
    world.link.start()
    world.answer()
    world.link.stop()
    assert world.events == ["up"]
    assert world.clock.getDelayedCalls() == []
    waiting = World()
    waiting.link.start()
    waiting.link.stop()
    assert waiting.clock.getDelayedCalls() == []
    assert waiting.events == []


def test_a_connection_that_is_gone_at_once_is_none() -> None:
    """It is tried again."""
    world = World()
    world.link.start()
    world.lines[-1].is_open = False
    world.answer()
    assert world.events == []
    assert len(world.clock.getDelayedCalls()) == 1
    assert issubclass(LostError, Exception)


def test_who_waits_is_called_once_there_is_less() -> None:
    """When half of what is too much is left, in turn, as long as it is not too much again."""
    world = World()
    assert not world.link.is_behind
    world.link.start()
    world.answer()
    [line] = world.lines
    line.unanswered = MOST_UNANSWERED + 1
    assert world.link.is_behind
    called: list[int] = []

    def speak(number: int) -> None:
        called.append(number)
        line.unanswered += MOST_UNANSWERED // 4

    for number in range(4):
        world.link.when_relieved(partial(speak, number))
    line.unanswered = MOST_UNANSWERED // 2 + 1
    world.link.answered()
    world.clock.advance(0)
    assert (world.link.is_behind, called) == (False, [])
    line.unanswered = MOST_UNANSWERED // 2 - 1
    world.link.answered()
    world.link.answered()
    assert called == []
    world.clock.advance(0)
    assert called == [0]
    line.unanswered = 0
    world.link.answered()
    world.clock.advance(0)
    assert called == [0, 1, 2, 3]
    world.link.answered()
    assert not world.clock.getDelayedCalls()


@pytest.mark.parametrize("end", ["cut", "stop"])
def test_nobody_waits_for_a_connection_that_is_gone(end: str) -> None:
    """All are called at once."""
    world = World()
    world.link.start()
    world.answer()
    world.lines[0].unanswered = MOST_UNANSWERED + 1
    called: list[int] = []
    for number in range(3):
        world.link.when_relieved(partial(called.append, number))
    getattr(world.link, end)()
    assert called == [0, 1, 2]
    assert not world.link.is_behind or end == "stop"


@pytest.mark.parametrize("comes", [True, False])
def test_what_waits_for_the_first_attempt_counts(*, comes: bool) -> None:
    """So that not too much is asked at once, once it has come up; nobody waits where it has not."""
    world = World()
    world.link.start()
    for _ in range(MOST_UNANSWERED + 1):
        world.link.ask("A").addErrback(lambda _: None)
    assert world.link.is_behind
    called: list[int] = []
    world.link.when_relieved(partial(called.append, 1))
    world.answer() if comes else world.refuse()
    assert not world.link.is_behind
    assert called == ([] if comes else [1])
    world.link.answered()
    world.clock.advance(0)
    assert called == [1]


def test_it_is_down_from_the_cut_on() -> None:
    """Twisted tells of a connection's end only later: nothing may believe in it meanwhile."""
    world = World()
    world.link.start()
    world.answer()
    [line] = world.lines
    line.is_open = False  # cut, and not told yet
    assert world.link.standing is Standing.CONNECTING
    assert world.events == ["up"]
    with pytest.raises(BusUnavailable):
        world.link.ask("A")
    world.link.tell("SUBSCRIBE", "c")
    assert line.asked == []
    line.lost(line)
    assert world.events == ["up", "down"]
