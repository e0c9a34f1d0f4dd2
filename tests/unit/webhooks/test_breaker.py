# SPDX-License-Identifier: MIT
"""The breaker, by a clock that the test turns."""

import pytest
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from wsecho.webhooks.breaker import FIRST_WAIT, LONGEST_WAIT, MAX_FAILURES, Breaker, BreakerState


class Time:
    """Seconds that somebody sets."""

    now = 100.0

    def __call__(self) -> float:
        """Tell them."""
        return self.now


@pytest.fixture
def time() -> Time:
    """Which goes by nothing."""
    return Time()


@pytest.fixture
def breaker(time: Time) -> Breaker:
    """One that is closed."""
    return Breaker(time)


def fail(breaker: Breaker, times: int = MAX_FAILURES) -> None:
    """Fail some questions, one after the other."""
    for _ in range(times):
        breaker.fail(breaker.begin())


def test_five_failures_in_a_row_open_it(breaker: Breaker) -> None:
    """Four do not, nor do five with a success between them."""
    fail(breaker, 4)
    assert breaker.lets_through
    breaker.succeed(breaker.begin())
    fail(breaker, 4)
    assert (breaker.state, breaker.opened) == (BreakerState.CLOSED, 0)
    fail(breaker, 1)
    assert (breaker.state, breaker.opened) == (BreakerState.OPEN, 1)
    assert not breaker.lets_through


def test_one_question_tries_when_its_time_is_over(breaker: Breaker, time: Time) -> None:
    """And no second one beside it."""
    fail(breaker)
    time.now += FIRST_WAIT / 2
    assert not breaker.lets_through
    assert breaker.seconds_left == FIRST_WAIT / 2
    time.now += FIRST_WAIT / 2
    assert breaker.lets_through
    trying = breaker.begin()
    assert (breaker.state, breaker.lets_through) == (BreakerState.TRYING, False)
    breaker.succeed(trying)
    assert breaker.state is BreakerState.CLOSED
    fail(breaker, 4)
    assert breaker.lets_through


def test_it_stays_open_twice_as_long_each_time(breaker: Breaker, time: Time) -> None:
    """Up to a bound, and for its first time again once something was answered."""
    fail(breaker)
    waits = []
    for _ in range(7):
        waits.append(breaker.seconds_left)
        time.now += breaker.seconds_left
        fail(breaker, 1)
    assert waits == [1, 2, 4, 8, 16, 30, 30]
    time.now += breaker.seconds_left
    breaker.succeed(breaker.begin())
    fail(breaker)
    assert breaker.seconds_left == FIRST_WAIT


def test_what_was_asked_before_says_nothing(breaker: Breaker, time: Time) -> None:
    """Many that fail together open it once, and a late answer does not close it."""
    begun = [breaker.begin() for _ in range(64)]
    for each in begun[:-1]:
        breaker.fail(each)
    assert (breaker.opened, breaker.seconds_left) == (1, FIRST_WAIT)
    breaker.succeed(begun[-1])
    states = [breaker.state]
    time.now += FIRST_WAIT
    trying = breaker.begin()
    breaker.fail(begun[0])
    breaker.leave(begun[1])
    states.append(breaker.state)
    breaker.succeed(trying)
    states.append(breaker.state)
    assert states == [BreakerState.OPEN, BreakerState.TRYING, BreakerState.CLOSED]


def test_a_try_that_nobody_waits_for_leaves_place_for_another(breaker: Breaker, time: Time) -> None:
    """Else it would never close."""
    fail(breaker)
    time.now += FIRST_WAIT
    breaker.leave(breaker.begin())
    assert breaker.lets_through
    assert breaker.opened == 1


class AnyQuestions(RuleBasedStateMachine):
    """Questions that end in any order, or are left, as time goes by."""

    def __init__(self) -> None:
        super().__init__()
        self.time = Time()
        self.breaker = Breaker(self.time)
        self.begun: list[int] = []

    @rule()
    def begin(self) -> None:
        """Ask one, where that may be."""
        if self.breaker.lets_through:
            self.begun.append(self.breaker.begin())

    @rule()
    def succeed(self) -> None:
        """Answer the oldest."""
        if self.begun:
            self.breaker.succeed(self.begun.pop(0))

    @rule()
    def fail(self) -> None:
        """Fail the youngest."""
        if self.begun:
            self.breaker.fail(self.begun.pop())

    @rule()
    def leave(self) -> None:
        """Leave the youngest."""
        if self.begun:
            self.breaker.leave(self.begun.pop())

    @rule()
    def wait(self) -> None:
        """Let some time go by."""
        self.time.now += 0.7

    @invariant()
    def there_is_a_way_back(self) -> None:
        """It is open for no longer than it may be, and waits for a try that is under way."""
        assert self.breaker.seconds_left <= LONGEST_WAIT
        assert self.breaker.state is not BreakerState.TRYING or self.begun


test_there_is_always_a_way_back = AnyQuestions.TestCase
