# SPDX-License-Identifier: MIT
"""What the rooms know later, or refuse, as what the router waits for, or answers with ERROR."""

from collections.abc import Callable
from typing import Final, TypeVar

from twisted.internet.defer import Deferred

from wsecho.bus.later import Later, attempt
from wsecho.core.errors import BadRequest, BusTimeout, BusUnavailable, OverLimit, WireError
from wsecho.router import WampError
from wsecho.router.answers import Answer
from wsecho.router.errors import (
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


def promised(call: Callable[[], Later[T]]) -> T | Answer[T]:
    """Begin something that may take its time.

    Raises:
        WampError: it was refused at once.
    """
    try:
        outcome = call()
    except WireError as error:
        raise wamp_error(error) from None
    if not isinstance(outcome, Deferred):
        return outcome
    answer: Answer[T] = Answer()
    attempt(lambda: outcome, answer.give, lambda error: answer.fail(wamp_error(error)))
    return answer


def wamp_error(error: WireError) -> WampError:
    """Return what a WAMP session is told of an error of the rooms'."""
    for kind, uri in _URIS:
        if isinstance(error, kind):
            return WampError(uri, error.reason)
    return WampError(RUNTIME_ERROR)
