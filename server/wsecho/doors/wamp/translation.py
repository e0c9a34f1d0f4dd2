# SPDX-License-Identifier: MIT
"""The rooms' and the bus's errors in WAMP's words, and the router's in the bus's."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final, TypeVar

from wsecho.core.promise import Later, translate
from wsecho.core.wire.errors import (
    AppUnavailable,
    BadRequest,
    BusTimeout,
    BusUnavailable,
    Forbidden,
    NotAvailable,
    OverLimit,
    OverRate,
    WireError,
)
from wsecho.router import WampError
from wsecho.router.wire.errors import (
    INVALID_ARGUMENT,
    NETWORK_FAILURE,
    NOT_AUTHORIZED,
    NOT_AVAILABLE,
    OVER_LIMIT,
    OVER_RATE,
    RUNTIME_ERROR,
    TIMEOUT,
)

T = TypeVar("T")

_URIS: Final[tuple[tuple[type[WireError], str], ...]] = (
    (BadRequest, INVALID_ARGUMENT),
    (Forbidden, NOT_AUTHORIZED),
    (OverLimit, OVER_LIMIT),
    (OverRate, OVER_RATE),
    (BusUnavailable, NETWORK_FAILURE),
    (AppUnavailable, NETWORK_FAILURE),
    (BusTimeout, TIMEOUT),
    (NotAvailable, NOT_AVAILABLE),
)

Translation = Mapping[type[WireError], Callable[[Any], WampError]]


def in_wamp_terms(
    call: Callable[[], Later[T]], others: Translation = MappingProxyType({})
) -> Later[T]:
    """Begin something that may take its time.

    Args:
        call: begins it; what it says later is a WAMP error too.
        others: what errors become that only this one has.

    Raises:
        WampError: it was refused at once.
    """
    try:
        outcome = call()
    except WireError as error:
        raise wamp_error(error, others) from None
    return translate(outcome, partial(wamp_error, others=others))


def wamp_error(error: WireError, others: Translation = MappingProxyType({})) -> WampError:
    """Return what a WAMP session is told of an error of the rooms', or of the bus."""
    if type(error) in others:
        return others[type(error)](error)
    for kind, uri in _URIS:
        if isinstance(error, kind):
            return WampError(uri, error.reason)
    return WampError(RUNTIME_ERROR)


def in_bus_terms(outcome: Later[T]) -> Later[T]:
    """Let the bus wait for the router; it fails with `BusUnavailable`, whatever the router says."""
    return translate(outcome, lambda error: BusUnavailable(_reason(error)))


def _reason(error: WireError | WampError) -> str:
    return error.reason or error.uri if isinstance(error, WampError) else error.reason
