# SPDX-License-Identifier: MIT
"""The link: commands wait for its first attempt, fail while it is down, and it comes back."""

from typing import Any

import pytest
from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent

from wsecho.bus.redis.client.errors import LostError, RedisError, RedisRefusedError, advice
from wsecho.bus.redis.client.greeting import ServerInfo
from wsecho.bus.redis.client.link import (
    LONGEST_DELAY,
    LONGEST_REFUSED,
    MAX_UNANSWERED,
    STEADY,
    Link,
    LinkStanding,
)
from wsecho.core.limits.backpressure import FEW, FlowControlled
from wsecho.core.wire.errors import BusUnavailable


@define(eq=False)
class DialedLine:
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
    lines: list[DialedLine] = field(factory=list)
    events: list[str] = field(factory=list)
    hear: Any = None
    heard: list[Any] = field(factory=list)
    link: Link = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.link = Link(self, "redis://h", self.clock, self)  # type: ignore[arg-type]

    async def dial(self, pushed: Any, lost: Any) -> tuple[DialedLine, ServerInfo]:
        """Wait until it is answered."""
        self.hear = pushed
        self.lines.append(DialedLine(lost))
        attempt: Deferred[Any] = Deferred()
        self.dialed.append(attempt)
        await attempt
        return self.lines[-1], ServerInfo("7", "run")

    def came_up(self, server: ServerInfo) -> None:
        """Note it."""
        self.events.append("up")

    def went_down(self) -> None:
        """Note it."""
        self.events.append("down")

    def pushed(self, push: list[Any]) -> None:
        """Note it."""
        self.heard.append(push)

    def answer(self) -> None:
        """Let the attempt succeed."""
        self.dialed[-1].callback(None)

    def refuse(self, error: Exception | None = None) -> None:
        """Let it fail."""
        self.dialed[-1].errback(error or OSError("nobody there"))

    @property
    def next(self) -> float:
        """Seconds until it tries again."""
        [call] = self.clock.getDelayedCalls()
        return float(call.getTime() - self.clock.seconds())


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


@pytest.mark.parametrize(
    ("error", "longest"),
    [
        (OSError("nobody there"), LONGEST_DELAY),
        (RedisError("READONLY", passes=True), LONGEST_DELAY),
        (RedisError("NOPERM"), LONGEST_REFUSED),
    ],
)
def test_it_tries_again_ever_more_slowly(error: Exception, longest: float) -> None:
    """Up to a bound, and never in step with others; the reason is told once."""
    world = World()
    delays = []
    with capturedLogs() as events:
        world.link.start()
        for _ in range(14):
            world.refuse(error)
            delays.append(world.next)
            world.clock.advance(delays[-1])
    assert delays[0] <= 0.1
    assert all(longest / 2 <= delay <= longest for delay in delays[-4:])
    assert len(set(delays)) == len(delays)
    assert [formatEvent(event) for event in events] == [f"redis://h cannot be used: {error}"]
    world.answer()
    assert world.events == ["down", "up"]


@pytest.mark.parametrize(
    ("words", "longest"),
    [
        ("NOPERM this user has no permissions", LONGEST_REFUSED),
        ("READONLY You can't write", LONGEST_DELAY),
        (None, LONGEST_DELAY),
    ],
)
def test_a_connection_that_does_not_last_has_not_worked(words: str | None, longest: float) -> None:
    """However often it comes up: ever more slowly, and a few lines of log in all."""
    world = World()
    delays = []
    with capturedLogs() as events:
        world.link.start()
        for _ in range(30):
            world.answer()
            if words is None:
                world.link.cut()
            else:
                world.link.give_up(RedisRefusedError(words))
            delays.append(world.next)
            world.clock.advance(delays[-1])
    assert all(longest / 2 <= delay <= longest for delay in delays[-4:])
    texts = [formatEvent(event) for event in events]
    assert len(texts) <= 6
    if words is not None:
        given = f"redis://h cannot be used: {words}; {advice(words.partition(' ')[0])}"
        assert texts.count(given) == texts.count("connected to redis://h, version 7")
    with capturedLogs() as events:
        world.answer()
        assert events == []
        world.clock.advance(STEADY)
    assert [formatEvent(event) for event in events] == ["connected to redis://h, version 7"]
    # From now on it is one that works.
    world.link.cut()
    assert world.next <= 0.1


def test_what_comes_before_it_is_up_is_not_heard() -> None:
    """It is of the trial alone."""
    world = World()
    world.link.start()
    world.hear([b"pmessage"])
    world.answer()
    world.hear([b"message"])
    assert world.heard == [[b"message"]]


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


@define(eq=False)
class Sender(FlowControlled[int]):
    """Somebody who asks much whenever it is read from."""

    line: DialedLine
    asks: int = 0
    reads: bool = True

    def serve(self, message: int) -> None:
        """It is never given anything."""

    def pause_reading(self) -> None:
        """Note it."""
        self.reads = False

    def resume_reading(self) -> None:
        """Note it, and ask."""
        self.reads = True
        self.line.unanswered += self.asks


def held(world: World, number: int, asks: int = 0) -> list[Sender]:
    """So many that were held back one after the other: none of them was at once."""
    senders = [Sender(world.lines[-1], asks) for _ in range(number)]
    for sender in senders:
        for _ in range(FEW):
            world.link.pressure.check(sender)
        assert sender.reads
        world.link.pressure.check(sender)
        assert not sender.reads
    return senders


def test_who_waits_goes_on_once_there_is_less() -> None:
    """When half of what is too much is left, in turn, as long as it is not too much again."""
    world = World()
    world.link.start()
    world.answer()
    [line] = world.lines
    line.unanswered = MAX_UNANSWERED
    for _ in range(2 * FEW):
        world.link.pressure.check(Sender(line))
    assert not world.link.pressure
    line.unanswered = MAX_UNANSWERED + 1
    senders = held(world, 4, MAX_UNANSWERED // 4)
    line.unanswered = MAX_UNANSWERED // 2 + 1
    world.link.answered()
    world.clock.advance(0)
    assert not any(sender.reads for sender in senders)
    line.unanswered = MAX_UNANSWERED // 2 - 1
    world.link.answered()
    world.link.answered()
    assert not any(sender.reads for sender in senders)
    world.clock.advance(0)
    assert [sender.reads for sender in senders] == [True, False, False, False]
    line.unanswered = 0
    world.link.answered()
    world.clock.advance(0)
    assert all(sender.reads for sender in senders)
    world.link.answered()
    assert all(call.getTime() >= STEADY for call in world.clock.getDelayedCalls())


@pytest.mark.parametrize("end", ["cut", "stop"])
def test_nobody_waits_for_a_connection_that_is_gone(end: str) -> None:
    """All go on at once."""
    world = World()
    world.link.start()
    world.answer()
    world.lines[0].unanswered = MAX_UNANSWERED + 1
    senders = held(world, 3)
    getattr(world.link, end)()
    assert all(sender.reads for sender in senders)
    assert not world.link.pressure


@pytest.mark.parametrize("comes", [True, False])
def test_what_waits_for_the_first_attempt_counts(*, comes: bool) -> None:
    """So that not too much is asked at once, once it has come up; nobody waits where it has not."""
    world = World()
    world.link.start()
    for _ in range(MAX_UNANSWERED + 1):
        world.link.ask("A").addErrback(lambda _: None)
    [sender] = held(world, 1)
    world.answer() if comes else world.refuse()
    assert sender.reads is not comes
    world.link.answered()
    world.clock.advance(0)
    assert sender.reads


def test_it_is_down_from_the_cut_on() -> None:
    """Twisted tells of a connection's end only later: nothing may believe in it meanwhile."""
    world = World()
    world.link.start()
    world.answer()
    [line] = world.lines
    line.is_open = False  # cut, and not told yet
    assert world.link.standing is LinkStanding.CONNECTING
    assert world.events == ["up"]
    with pytest.raises(BusUnavailable):
        world.link.ask("A")
    assert line.asked == []
    line.lost(line)
    assert world.events == ["up", "down"]
