# SPDX-License-Identifier: MIT
"""What is known now, or later."""

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs

from wsecho.bus.later import Later, gather, settle, when
from wsecho.core.wire.errors import BusTimeout, Internal, WireError


def test_what_is_known_later() -> None:
    """The same calls as for what is known at once."""
    outcomes: list[object] = []
    later: Deferred[int] = Deferred()
    both: Later[dict[str, int]] = gather({"a": 1, "b": later})
    settle(when(both, lambda found: sum(found.values())), outcomes.append, outcomes.append)
    settle(gather({"a": 1}), outcomes.append, outcomes.append)
    assert outcomes == [{"a": 1}]
    later.callback(2)
    assert outcomes == [{"a": 1}, 3]


def test_what_fails_later() -> None:
    """A peer's error as it is; ours is logged; and nobody is told who has given up waiting."""
    outcomes: list[WireError] = []

    def fail(error: Exception | None) -> None:
        later: Deferred[int] = Deferred()
        settle(gather({"a": 1, "b": later}), lambda _: None, outcomes.append)
        if error is None:
            later.cancel()
        else:
            later.errback(error)

    fail(BusTimeout())
    with capturedLogs() as events:
        fail(ValueError("x"))
    assert [type(outcome) for outcome in outcomes] == [BusTimeout, Internal]
    assert len(events) == 1
    fail(None)
    assert len(outcomes) == 2


def test_a_fault_behind_it_is_logged() -> None:
    """It harms nobody else."""
    later: Deferred[int] = Deferred()

    def break_down(_: int) -> None:
        raise ValueError

    settle(later, break_down, lambda _: pytest.fail("it did not fail there"))
    with capturedLogs() as events:
        later.callback(1)
    assert len(events) == 1
