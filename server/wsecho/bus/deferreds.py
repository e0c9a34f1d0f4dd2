# SPDX-License-Identifier: MIT
"""Promises made of Twisted's Deferreds, and Deferreds of promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from wsecho.core.promise import Promise, PromiseState
from wsecho.core.wire.errors import ExpectedError, Internal

if TYPE_CHECKING:
    from twisted.python.failure import Failure

    from wsecho.core.promise import Later

T = TypeVar("T")

_log = Logger()


def promise_of(deferred: Deferred[T]) -> Promise[T]:
    """Make a promise of a Deferred, which is nobody else's any more.

    A fault of ours is logged with where it happened, which a Deferred knows only now.
    """
    promise: Promise[T] = Promise(deferred.cancel)

    def fail(failure: Failure) -> None:
        if isinstance(failure.value, ExpectedError):
            promise.fail(failure.value)
        elif promise.state is not PromiseState.CANCELLED:
            _log.failure("our own fault, where something was waited for", failure)
            promise.fail(Internal())

    deferred.addCallbacks(promise.give, fail)
    return promise


def deferred_of(outcome: Later[T]) -> Deferred[T]:
    """Make a Deferred of what is known now, or later; whoever cancels it cancels the promise."""
    if not isinstance(outcome, Promise):
        return succeed(outcome)
    deferred: Deferred[T] = Deferred(lambda _: outcome.cancel())
    outcome.then(deferred.callback, deferred.errback)
    return deferred
