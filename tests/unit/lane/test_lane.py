# SPDX-License-Identifier: MIT
"""The lane's turns: how long they may be, and how long they wait for more."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import define, field
from twisted.internet.testing import StringTransport

from wsecho.lane import lane as module
from wsecho.lane.lane import HOPE, LINGER, RARELY, TURN, Lane


@define
class World:
    """A lane whose sockets are ready when the test says so, and whose time goes by looking."""

    lane: Lane
    now: float = 0.0
    tick: float = LINGER / 10
    polls: int = 0
    served: list[int] = field(factory=list)
    ready: Callable[[], list[int]] = list

    def perf_counter(self) -> float:
        """Be the clock."""
        self.now += self.tick
        return self.now

    def poll(self, timeout: float, most: int) -> list[tuple[int, int]]:
        """Be the epoll."""
        assert timeout == 0
        self.polls += 1
        return [(descriptor, 1) for descriptor in self.ready()][:most]

    def add(self, descriptor: int, serve: Callable[[], None] = lambda: None) -> "Socket":
        """Take a socket."""
        one = Socket(self, descriptor, serve)
        self.lane._transports[descriptor] = one  # type: ignore[assignment]
        return one

    def turn(self, *answers: list[int]) -> int:
        """Take a turn, the sockets being ready as told, then none; how often was looked."""
        script = list(answers)
        self.ready = lambda: script.pop(0) if script else []
        before = self.polls
        self.lane.doRead()
        return self.polls - before


@define
class Socket:
    """A transport that does what the test says."""

    world: World
    descriptor: int
    action: Callable[[], None]
    is_aborted: bool = False

    def serve(self, _events: int) -> None:
        """Note that it was served."""
        self.world.served.append(self.descriptor)
        self.action()

    def abortConnection(self) -> None:
        """Be cut."""
        self.is_aborted = True


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A lane without a socket."""
    lane = Lane(None)
    world = World(lane)
    lane._epoll = world
    monkeypatch.setattr(module, "perf_counter", world.perf_counter)
    return world


def test_a_turn_ends_though_there_is_always_more(world: World) -> None:
    """The reactor's timers and its other readers have theirs."""

    def work() -> None:
        world.now += TURN / 4

    world.add(1, work)
    world.tick, world.ready = 0.0, lambda: [1]
    world.lane.doRead()
    assert len(world.served) == 5
    world.lane.doRead()
    assert len(world.served) == 10


def test_what_gets_ready_a_little_later_is_served_in_the_same_turn(world: World) -> None:
    """Peers answer soon."""
    for descriptor in (1, 2):
        world.add(descriptor)
    world.turn([1], [], [], [], [2], [], [1])
    assert world.served == [1, 2, 1]


def test_waiting_ends_a_little_after_the_last_was_served(world: World) -> None:
    """Asleep, the process is nobody's burden."""
    world.add(1)
    assert 5 < world.turn([1]) < 15
    began = world.now
    world.turn([1])
    assert world.now - began < 2 * LINGER


def test_waiting_that_is_in_vain_is_left_off_and_tried_again(world: World) -> None:
    """For a while, and once."""
    world.add(1)
    waited = [world.turn([1]) > 2 for _ in range(HOPE + RARELY + 10)]
    rest = RARELY + 1
    assert waited == [True] * HOPE + [False] * rest + [True] + [False] * (10 - (rest - RARELY) - 1)


def test_waiting_that_pays_goes_on(world: World) -> None:
    """Once in a while is enough."""
    world.add(1)
    for _ in range(5):
        for _ in range(HOPE - 2):
            assert world.turn([1]) > 2
        world.turn([1], [], [1])
    for _ in range(HOPE - 1):
        world.turn([1])
    assert world.turn([1]) == 2
    for _ in range(RARELY):
        world.turn([1])
    # Tried again, and it pays: it is taken up.
    world.turn([1], [], [1])
    assert world.turn([1]) > 2


def test_nothing_is_waited_for_where_nothing_was_ready(world: World) -> None:
    """The reactor was told too early; it will be told again."""
    assert world.turn() == 1


def test_what_fails_is_cut_and_harms_nobody(world: World) -> None:
    """One connection's fault is its own."""

    def fail() -> None:
        raise ZeroDivisionError

    broken, other = world.add(1, fail), world.add(2)
    world.turn([1, 2])
    assert world.served == [1, 2]
    assert (broken.is_aborted, other.is_aborted) == (True, False)


def test_one_that_another_closed_is_not_served(world: World) -> None:
    """Its descriptor may be somebody else's by then."""

    def close() -> None:
        del world.lane._transports[2]

    world.add(1, close)
    world.add(2)
    world.turn([1, 2])
    assert (world.served, len(world.lane)) == ([1], 1)


def test_only_plain_tcp_is_taken(world: World) -> None:
    """Whatever else carries bytes keeps its own way."""
    protocol: Any = None
    assert world.lane.take(StringTransport(), protocol) is None
    assert len(world.lane) == 0
