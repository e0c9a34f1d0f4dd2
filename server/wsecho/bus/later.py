# SPDX-License-Identifier: MIT
"""What is known now, or later: a room in memory answers at once, and then no Deferred is paid for.

A Deferred costs more than a short message's way through a small room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from twisted.internet.defer import CancelledError, Deferred, FirstError, gatherResults, succeed
from twisted.logger import Logger

from wsecho.core.wire.errors import Internal, WireError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from twisted.python.failure import Failure

K = TypeVar("K")
T = TypeVar("T")
U = TypeVar("U")

Later: TypeAlias = T | Deferred[T]
"""A value, or the promise of one, which fails with a `WireError`."""

_log = Logger()


def settle(
    outcome: Later[T], done: Callable[[T], object], failed: Callable[[WireError], object]
) -> None:
    """Call one of two as soon as it is known how something went, at once where it is already.

    Args:
        outcome: what is to be known; where nobody waits for it any more it is cancelled.
        done: takes the value.
        failed: takes what was wrong; a fault of ours is logged, and `Internal` here.
    """
    if not isinstance(outcome, Deferred):
        done(outcome)
        return

    def blame(failure: Failure) -> None:
        if not failure.check(CancelledError):
            failed(wire_error(failure))

    outcome.addCallbacks(done, blame)
    outcome.addErrback(_log_fault)


def when(before: Later[T], call: Callable[[T], Later[U]]) -> Later[U]:
    """Do something with a value as soon as it is known."""
    if isinstance(before, Deferred):
        return before.addCallback(call)
    return call(before)


def gather(outcomes: Mapping[K, Later[T]]) -> Later[dict[K, T]]:
    """Wait for all of some values; it fails with the first that does."""
    if not any(isinstance(outcome, Deferred) for outcome in outcomes.values()):
        return cast("dict[K, T]", dict(outcomes))
    waiting = [
        outcome if isinstance(outcome, Deferred) else succeed(outcome)
        for outcome in outcomes.values()
    ]

    def unwrap(failure: Failure) -> Failure:
        first = failure.value
        return first.subFailure if isinstance(first, FirstError) else failure

    gathered = gatherResults(waiting, consumeErrors=True)
    return gathered.addCallbacks(lambda values: dict(zip(outcomes, values, strict=True)), unwrap)


def wire_error(failure: Failure) -> WireError:
    """Return what a peer is told of a failure; a fault of ours is logged."""
    if isinstance(failure.value, WireError):
        return failure.value
    _log_fault(failure)
    return Internal()


def _log_fault(failure: Failure) -> None:
    _log.failure("our own fault, on the way to or from the bus", failure)
