# SPDX-License-Identifier: MIT
"""What the rooms know later, or refuse, as what the router waits for, or answers with ERROR."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

from twisted.internet.defer import Deferred

from wsecho.bus.later import Later, settle
from wsecho.core.wire.errors import BadRequest, BusTimeout, BusUnavailable, OverLimit, WireError
from wsecho.router import WampError
from wsecho.router.model.answers import Answer
from wsecho.router.wire.errors import (
    INVALID_ARGUMENT,
    NETWORK_FAILURE,
    OVER_LIMIT,
    RUNTIME_ERROR,
    TIMEOUT,
)

T = TypeVar("T")

_URIS: Final[tuple[tuple[type[WireError], str], ...]] = (
    (BadRequest, INVALID_ARGUMENT),
    (OverLimit, OVER_LIMIT),
    (BusUnavailable, NETWORK_FAILURE),
    (BusTimeout, TIMEOUT),
)


Translation = Mapping[type[WireError], Callable[[Any], WampError]]


def promised(
    call: Callable[[], Later[T]], others: Translation = MappingProxyType({})
) -> T | Answer[T]:
    """Begin something that may take its time.

    Args:
        call: begins it.
        others: what errors become that only this one has.

    Raises:
        WampError: it was refused at once.
    """
    try:
        outcome = call()
    except WireError as error:
        raise wamp_error(error, others) from None
    if not isinstance(outcome, Deferred):
        return outcome
    answer: Answer[T] = Answer()
    settle(outcome, answer.give, lambda error: answer.fail(wamp_error(error, others)))
    return answer


def wamp_error(error: WireError, others: Translation = MappingProxyType({})) -> WampError:
    """Return what a WAMP session is told of an error of the rooms', or of the bus."""
    if type(error) in others:
        return others[type(error)](error)
    for kind, uri in _URIS:
        if isinstance(error, kind):
            return WampError(uri, error.reason)
    return WampError(RUNTIME_ERROR)


def awaited(outcome: T | Answer[T]) -> Later[T]:
    """Let the bus wait for the router; it fails with `BusUnavailable`, whatever the router says."""
    if not isinstance(outcome, Answer):
        return outcome
    waiting: Deferred[T] = Deferred()
    outcome.then(
        waiting.callback, lambda error: waiting.errback(BusUnavailable(error.reason or error.uri))
    )
    return waiting
