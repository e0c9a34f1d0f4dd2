# SPDX-License-Identifier: MIT
"""What must never cease goes on, whatever becomes of one round, and the log says so once."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.logger import LogLevel, capturedLogs, formatEvent

import wsecho
from wsecho.core.wire.errors import BusUnavailable
from wsecho.loops import Chore, Loop


@define
class Work:
    """Does something, or fails to."""

    fails_with: list[Exception | None] = field(factory=list)
    rounds: int = 0

    def __call__(self) -> None:
        """One round."""
        self.rounds += 1
        error = self.fails_with.pop(0) if self.fails_with else None
        if error is not None:
            raise error


FAULTS = st.sampled_from([None, ValueError("odd"), BusUnavailable()])


@given(st.lists(FAULTS, max_size=8))
def test_every_round_comes_and_each_change_is_said_once(outcomes: list[Exception | None]) -> None:
    """Whatever the rounds before it came to."""
    clock, work = Clock(), Work(list(outcomes))
    loop = Loop("work", work, clock)
    with capturedLogs() as events:
        loop.start(1.0)
        for _ in outcomes:
            clock.advance(1.0)
        loop.stop()
        loop.stop()
        clock.advance(5.0)
    assert work.rounds == len(outcomes)
    is_fine = [True, *(error is None for error in outcomes)]
    changes = sum(one is not other for one, other in pairwise(is_fine))
    assert len(events) == changes


def test_a_fault_of_ours_has_its_traceback_and_a_known_one_its_reason() -> None:
    """Each names what failed."""
    for error in (ValueError("odd"), BusUnavailable()):
        clock = Clock()
        loop = Loop("giving signs of life", Work([error]), clock)
        with capturedLogs() as events:
            loop.start(1.0, now=True)
            clock.advance(1.0)
        failed, again = events
        assert formatEvent(failed).startswith("giving signs of life failed")
        assert ("log_failure" in failed) is isinstance(error, ValueError)
        assert (str(error) in formatEvent(failed)) is isinstance(error, BusUnavailable)
        assert formatEvent(again) == "giving signs of life succeeds again"
        assert again["log_level"] is LogLevel.info


def test_a_chore_runs_while_its_service_does() -> None:
    """From the start on, and after a failure too; not after the end."""
    clock, work = Clock(), Work([ValueError()])
    chore = Chore("work", 2.0, work, clock)
    with capturedLogs():
        chore.startService()
        clock.advance(2.0)
    assert work.rounds == 2
    chore.stopService()
    clock.advance(9.0)
    assert work.rounds == 2


def test_nothing_else_goes_round() -> None:
    """Twisted's own loops end with the first round that raises."""
    package = Path(wsecho.__file__).parent
    users = {
        path.name
        for path in package.rglob("*.py")
        for word in ("LoopingCall(", "TimerService(")
        if word in path.read_text()
    }
    assert users == {"loops.py"}


def canary(clock: Clock, fail: Callable[[], Any]) -> Any:
    """Calls to itself; at the end, how many calls it made."""
    from wsecho.bus.measures import Measures  # noqa: PLC0415
    from wsecho.bus.redis.client.canary import Canary  # noqa: PLC0415
    from wsecho.bus.redis.client.link import LinkStanding  # noqa: PLC0415

    class Link:
        standing = LinkStanding.UP
        ask = staticmethod(lambda *_: fail())

    made = Canary(Link(), "c", clock, 60.0, Measures())  # type: ignore[arg-type]
    made.start()
    return made


def directory(clock: Clock, fail: Callable[[], Any]) -> Any:
    """Says where nodes are reached."""
    from wsecho.bus.redis.nodes.directory import RedisDirectory  # noqa: PLC0415

    class Commands:
        cast = staticmethod(lambda *_: fail())

    class Names:
        address = staticmethod(lambda node: node)

    made = RedisDirectory(Commands(), Names(), 6.0, clock)  # type: ignore[arg-type]
    made._own["node"] = object()  # type: ignore[assignment]
    made.start()
    return made


@pytest.mark.parametrize("make", [canary, directory])
def test_signs_of_life_go_on(make: Callable[[Clock, Callable[[], Any]], Any]) -> None:
    """Though Redis cannot be asked at the very moment."""
    clock, rounds = Clock(), []

    def fail() -> None:
        rounds.append(clock.seconds())
        raise BusUnavailable

    with capturedLogs() as events:
        made = make(clock, fail)
        for _ in range(30):
            clock.advance(1.0)
            if make is canary:
                made.doubt()
    assert len(rounds) > 10
    assert len(events) == 1
