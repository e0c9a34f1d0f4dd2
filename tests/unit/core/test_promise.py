# SPDX-License-Identifier: MIT
"""What is known now, or later: settled once, told in order, and no one's fault harms another."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.logged import logged
from wsecho.core.promise import (
    Later,
    Promise,
    PromiseState,
    gather,
    rescue,
    settle,
    translate,
    when,
)
from wsecho.core.wire.errors import BusTimeout, BusUnavailable, Internal

KEYS = st.lists(st.sampled_from("abcdef"), unique=True)
VALUES = st.integers()


class Fault(Exception):
    """Something that nobody meant to raise."""


def seen(promise: Promise[Any]) -> list[Any]:
    """What is told of a promise, value or error; it grows as it comes."""
    told: list[Any] = []
    promise.then(told.append, told.append)
    return told


def crash(_: object) -> Any:
    """Do what nobody meant."""
    raise Fault


SETTLING: dict[str, Callable[[Promise[Any]], object]] = {
    "give": lambda promise: promise.give(7),
    "give None": lambda promise: promise.give(None),
    "fail": lambda promise: promise.fail(BusTimeout()),
    "cancel": lambda promise: promise.cancel(),
}
OUTCOME = {
    "give": (PromiseState.GIVEN, [7]),
    "give None": (PromiseState.GIVEN, [None]),
    "fail": (PromiseState.FAILED, [BusTimeout]),
    "cancel": (PromiseState.CANCELLED, []),
}


@given(st.lists(st.sampled_from(sorted(SETTLING)), min_size=1), st.integers(0, 3))
def test_it_is_settled_once(calls: list[str], before: int) -> None:
    """By the first; whoever listens is told once, whether before or after."""
    promise: Promise[Any] = Promise()
    told = [seen(promise) for _ in range(before)]
    for call in calls:
        SETTLING[call](promise)
    told += [seen(promise) for _ in range(2)]
    state, expected = OUTCOME[calls[0]]
    assert promise.state is state
    for each in told:
        assert [type(what) if isinstance(what, Exception) else what for what in each] == expected


@given(st.lists(st.sampled_from(["listen", "crash", "listen in it"])), st.integers(0, 9))
def test_listeners_are_called_in_order(kinds: list[str], settled_before: int) -> None:
    """Those too that come when it is settled, or while others are told; a fault harms no other."""
    promise: Promise[int] = Promise()
    told: list[Any] = []

    def listen(number: int, kind: str, value: int) -> None:
        told.append((number, value))
        if kind == "crash":
            raise Fault
        if kind == "listen in it":
            promise.then(lambda value: told.append((number, "within", value)), crash)
            # Not before those who came first.
            assert told[-1] == (number, value)

    for number, kind in enumerate(kinds):
        if number == settled_before:
            promise.give(1)
        promise.then(partial(listen, number, kind), crash)
    promise.give(1)
    assert [each[0] for each in told if len(each) == 2] == list(range(len(kinds)))
    within = [each[0] for each in told if len(each) == 3]
    assert within == [number for number, kind in enumerate(kinds) if kind == "listen in it"]


def test_a_listener_of_its_errors_may_fail_too() -> None:
    """It is logged, with what was raised."""
    promise: Promise[int] = Promise()
    promise.then(crash, crash)
    told = seen(promise)
    with logged() as records:
        promise.fail(BusTimeout())
    assert [type(each) for each in told] == [BusTimeout]
    [record] = records
    assert record.exc_info is not None
    assert record.exc_info[0] is Fault


@pytest.mark.parametrize("is_late", [False, True])
def test_a_fault_is_logged_where_it_happens(is_late: bool) -> None:
    """Whoever waits is told no more than that it is ours, though nobody may wait."""
    promise: Promise[int] = Promise()
    if is_late:
        promise.cancel()
    told = seen(promise)
    with logged() as records:
        promise.fail(Fault())
    assert [type(each) for each in told] == ([] if is_late else [Internal])
    assert [record.exc_info[0] for record in records if record.exc_info] == [Fault]


def test_cancelling_tells_whoever_works_on_it_once() -> None:
    """And only before it is settled."""
    cancelled: list[str] = []
    promise: Promise[int] = Promise(lambda: cancelled.append("open"))
    told = seen(promise)
    promise.cancel()
    promise.cancel()
    promise.give(1)
    settled: Promise[int] = Promise(lambda: cancelled.append("settled"))
    settled.give(1)
    settled.cancel()
    assert (cancelled, told, seen(settled)) == (["open"], [], [1])


def test_a_fault_in_cancelling_is_nobodys_business() -> None:
    """It is logged."""
    promise: Promise[int] = Promise(partial(crash, None))
    with logged() as records:
        promise.cancel()
    assert promise.state is PromiseState.CANCELLED
    assert len(records) == 1


@given(st.sampled_from(sorted(SETTLING)), st.booleans(), st.integers(1, 3))
def test_a_promise_of_a_promise_becomes_what_that_does(
    call: str, is_settled_before: bool, depth: int
) -> None:
    """However deep; what is given meanwhile comes too late."""
    inner: Promise[Any] = Promise()
    if is_settled_before:
        SETTLING[call](inner)
    outer = inner
    for _ in range(depth):
        around: Promise[Any] = Promise()
        around.give(outer)
        around.give(99)
        outer = around
    told = seen(outer)
    if not is_settled_before:
        SETTLING[call](inner)
    expected = OUTCOME[call][1]
    assert [type(what) if isinstance(what, Exception) else what for what in told] == expected


@given(st.integers(1, 4))
def test_cancelling_goes_up_a_chain(length: int) -> None:
    """To whoever works on it, and nothing on the way is done."""
    cancelled: list[str] = []
    first: Promise[int] = Promise(lambda: cancelled.append("first"))
    last: Later[int] = first
    for _ in range(length):
        last = when(last, lambda value: pytest.fail(f"went on with {value}"))
    assert isinstance(last, Promise)
    last.cancel()
    first.give(1)
    assert (cancelled, first.state) == (["first"], PromiseState.CANCELLED)


def test_cancelling_takes_nothing_from_others_who_wait() -> None:
    """The last who goes cancels it."""
    cancelled: list[str] = []
    first: Promise[int] = Promise(lambda: cancelled.append("first"))
    ways = [when(first, str), when(first, str)]
    assert all(isinstance(each, Promise) for each in ways)
    told = seen(ways[1])  # type: ignore[arg-type]
    ways[0].cancel()  # type: ignore[union-attr]
    assert cancelled == []
    first.give(1)
    assert told == ["1"]
    again: Promise[int] = Promise(lambda: cancelled.append("again"))
    for each in [when(again, str), when(again, str)]:
        each.cancel()  # type: ignore[union-attr]
    assert cancelled == ["again"]


def test_cancelling_reaches_what_was_begun_on_the_way() -> None:
    """The second step, where the first is done."""
    cancelled: list[str] = []
    first: Promise[int] = Promise(lambda: cancelled.append("first"))
    second: Promise[int] = Promise(lambda: cancelled.append("second"))

    def go_on(_: int) -> Later[int]:
        return second

    both = when(first, go_on)
    assert isinstance(both, Promise)
    first.give(1)
    assert both.state is PromiseState.FOLLOWING
    both.cancel()
    assert cancelled == ["second"]


@given(VALUES, st.booleans(), st.booleans())
def test_what_is_known_now_takes_the_same_calls(
    value: int, is_later: bool, ends_later: bool
) -> None:
    """And then it is known at once."""

    def later(what: Any, *, is_so: bool) -> Later[Any]:
        if not is_so:
            return what
        promise: Promise[Any] = Promise()
        waiting.append(partial(promise.give, what))
        return promise

    waiting: list[Callable[[], None]] = []
    told: list[int] = []
    outcome = when(later(value, is_so=is_later), lambda found: later(found + 1, is_so=ends_later))
    settle(translate(outcome, pytest.fail), told.append, pytest.fail)
    assert (told == []) is (is_later or ends_later)
    while waiting:
        waiting.pop(0)()
    assert told == [value + 1]


def test_what_a_step_raises_is_the_results_error() -> None:
    """As it is where it is meant for whoever waits; at once where the value is known at once."""

    def refuse(_: int) -> int:
        raise BusUnavailable

    with pytest.raises(BusUnavailable):
        when(1, refuse)
    for step, kind in ((refuse, BusUnavailable), (crash, Internal)):
        promise: Promise[int] = Promise()
        after = when(promise, step)
        assert isinstance(after, Promise)
        told = seen(when(after, pytest.fail))  # type: ignore[arg-type]
        with logged() as records:
            promise.give(1)
        assert [type(each) for each in told] == [kind]
        assert len(records) == (step is crash)


def test_an_error_is_translated() -> None:
    """A value is not."""
    failing: Promise[int] = Promise()
    told = seen(translate(failing, lambda _: BusUnavailable("x")))
    failing.fail(BusTimeout())
    assert [(type(each), each.reason) for each in told] == [(BusUnavailable, "x")]
    given_: Promise[int] = Promise()
    told = seen(translate(given_, lambda _: BusUnavailable("x")))
    given_.give(1)
    assert told == [1]


@given(KEYS, KEYS, st.randoms())
def test_all_of_some_values(now: list[str], later: list[str], random: Any) -> None:
    """In whatever order they come; under the order of their keys."""
    promises: dict[str, Promise[str]] = {key.upper(): Promise() for key in later}
    outcomes: dict[str, Later[str]] = {**{key: key for key in now}, **promises}
    gathered = gather(outcomes)
    told: list[dict[str, str]] = []
    settle(gathered, told.append, pytest.fail)
    coming = list(promises)
    random.shuffle(coming)
    for key in coming:
        assert told == []
        promises[key].give(key)
    assert told == [{key: key for key in outcomes}]
    assert list(told[0]) == list(outcomes)


@given(st.integers(1, 5), st.data())
def test_the_first_error_of_some_is_that_of_all(count: int, data: st.DataObject) -> None:
    """Whatever the others become."""
    promises: list[Promise[int]] = [Promise() for _ in range(count)]
    failing = data.draw(st.lists(st.sampled_from(range(count)), min_size=1, unique=True))
    outcomes: dict[int, Later[int]] = dict(enumerate(promises))
    gathered = gather(outcomes)
    assert isinstance(gathered, Promise)
    told = seen(gathered)
    for number in failing:
        promises[number].fail(BusUnavailable(str(number)))
    for promise in promises:
        promise.give(1)
    assert [each.reason for each in told] == [str(failing[0])]


def test_cancelling_all_cancels_each() -> None:
    """That is not known yet."""
    promises: list[Promise[int]] = [Promise() for _ in range(3)]
    outcomes: dict[int, Later[int]] = dict(enumerate(promises))
    gathered = gather(outcomes)
    assert isinstance(gathered, Promise)
    promises[0].give(1)
    gathered.cancel()
    states = [promise.state for promise in promises]
    assert states == [PromiseState.GIVEN, PromiseState.CANCELLED, PromiseState.CANCELLED]


def test_who_waits_for_one_of_them_goes_on_though_nobody_waits_for_all() -> None:
    """What is given up for one is not taken from another."""
    promises: list[Promise[int]] = [Promise() for _ in range(2)]
    outcomes: dict[int, Later[int]] = dict(enumerate(promises))
    gathered = gather(outcomes)
    assert isinstance(gathered, Promise)
    told = seen(promises[0])
    gathered.cancel()
    assert promises[1].state is PromiseState.CANCELLED
    promises[0].give(7)
    assert told == [7]


def test_something_else_takes_the_place_of_what_fails() -> None:
    """At once, later, or by another error; what does not fail stays as it is."""
    assert rescue(7, crash) == 7
    outcomes: dict[str, list[Any]] = {}
    later = Promise[int]()
    for name, call in {
        "value": lambda _: 1,
        "later": lambda _: later,
        "other": lambda _: (_ for _ in ()).throw(BusUnavailable()),
        "fault": crash,
    }.items():
        promise = Promise[int]()
        saved = rescue(promise, call)
        assert isinstance(saved, Promise)
        outcomes[name] = seen(saved)
        with logged():
            promise.fail(BusTimeout())
    later.give(2)
    assert (outcomes["value"], outcomes["later"]) == ([1], [2])
    assert [type(outcomes[name][0]) for name in ("other", "fault")] == [BusUnavailable, Internal]
    fine = Promise[int]()
    kept = rescue(fine, crash)
    fine.give(3)
    assert isinstance(kept, Promise)
    assert seen(kept) == [3]
