# SPDX-License-Identifier: MIT
"""Promises made of Deferreds, and the other way around: nothing is lost between the two."""

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.logger import capturedLogs

from wsecho.bus.deferreds import deferred_of, promise_of
from wsecho.core.promise import Promise, PromiseState
from wsecho.core.wire.errors import BusTimeout, Internal


def seen(promise: Promise[Any]) -> list[Any]:
    """What is told of a promise."""
    told: list[Any] = []
    promise.then(told.append, told.append)
    return told


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("goes_round", [False, True])
def test_what_a_deferred_becomes_a_promise_does(is_late: bool, goes_round: bool) -> None:
    """A value, or an error that may be told; there and back too."""

    def through(deferred: Deferred[Any]) -> list[Any]:
        promise = promise_of(deferred)
        return seen(promise_of(deferred_of(promise)) if goes_round else promise)

    error = BusTimeout()
    if not is_late:
        assert (through(succeed(1)), through(fail(error))) == ([1], [error])
        return
    given: Deferred[int] = Deferred()
    failing: Deferred[int] = Deferred()
    told = through(given), through(failing)
    given.callback(1)
    failing.errback(error)
    assert told == ([1], [error])


def test_a_fault_is_logged_with_where_it_happened() -> None:
    """Whoever waits is told that it is ours."""

    def crash_here(_: int) -> int:
        raise ValueError

    with capturedLogs() as events:
        told = seen(promise_of(succeed(1).addCallback(crash_here)))
    assert [type(each) for each in told] == [Internal]
    [event] = events
    assert "crash_here" in event["log_failure"].getTraceback()


def test_who_waits_no_more_is_not_told_and_nothing_is_logged() -> None:
    """Cancelling reaches the other side, whichever began."""
    cancelled: list[str] = []
    deferred: Deferred[int] = Deferred(lambda _: cancelled.append("deferred"))
    promise = promise_of(deferred)
    told = seen(promise)
    with capturedLogs() as events:
        promise.cancel()
    assert (cancelled, told, events) == (["deferred"], [], [])
    source: Promise[int] = Promise()
    failures: list[Any] = []
    waiting: Deferred[int] = deferred_of(source)
    waiting.addErrback(failures.append)
    waiting.cancel()
    source.give(1)
    assert source.state is PromiseState.CANCELLED
    assert failures[0].check(CancelledError)


def test_a_deferred_that_another_has_cancelled_leaves_nobody_waiting() -> None:
    """Only who gave up himself is told nothing."""
    deferred: Deferred[int] = Deferred()
    promise = promise_of(deferred)
    told: list[Any] = []
    promise.then(told.append, told.append)
    with capturedLogs() as logged:
        deferred.cancel()
    assert [type(each) for each in told] == [Internal]
    assert len(logged) == 1


def test_what_is_known_now_is_a_deferred_that_has_fired() -> None:
    """Also where that is nothing."""
    found: list[Any] = []
    for value in (1, None):
        deferred_of(value).addCallback(found.append)
    assert found == [1, None]
