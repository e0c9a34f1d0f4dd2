# SPDX-License-Identifier: MIT
"""The rooms' and the bus's errors in WAMP's words, at once and later; the router's in the bus's."""

from typing import Any

import pytest

from tests.support.scripted_redis import told
from wsecho.core.promise import Promise
from wsecho.core.wire.errors import (
    AppUnavailable,
    BadRequest,
    BusTimeout,
    BusUnavailable,
    Forbidden,
    Internal,
    OverLimit,
    WireError,
)
from wsecho.doors.wamp.translation import Translation, in_bus_terms, in_wamp_terms, wamp_error
from wsecho.router import WampError

TABLE = [
    (BadRequest("bad"), "wamp.error.invalid_argument", "bad"),
    (OverLimit("full"), "wsecho.error.over_limit", "full"),
    (BusUnavailable(), "wamp.error.network_failure", BusUnavailable().reason),
    (BusTimeout(), "wamp.error.timeout", BusTimeout().reason),
    (Forbidden("not here"), "wamp.error.not_authorized", "not here"),
    (AppUnavailable("asleep"), "wamp.error.network_failure", "asleep"),
    (Internal(), "wamp.error.runtime_error", None),
]


def words(error: Any) -> tuple[str, str | None]:
    """What a session is told."""
    assert isinstance(error, WampError)
    return error.uri, error.reason


@pytest.mark.parametrize(("error", "uri", "reason"), TABLE)
def test_each_error_has_its_uri(error: WireError, uri: str, reason: str | None) -> None:
    """As in the table of what went wrong; of what WAMP has no word for nothing is told."""
    assert words(wamp_error(error)) == (uri, reason)


@pytest.mark.parametrize(("error", "uri", "reason"), TABLE)
def test_it_is_the_same_at_once_and_later(error: WireError, uri: str, reason: str | None) -> None:
    """Raised, or what a promise fails with."""

    def refuse() -> None:
        raise error

    with pytest.raises(WampError) as raised:
        in_wamp_terms(refuse)
    promise: Promise[None] = Promise()
    later = told(in_wamp_terms(lambda: promise))
    assert later == []
    promise.fail(error)
    assert [words(raised.value), words(later[0])] == [(uri, reason)] * 2


def test_a_caller_may_have_words_of_its_own() -> None:
    """For that very kind of error, and no kind below it."""
    others: Translation = {
        BadRequest: lambda error: WampError("com.example.own", f"own {error.reason}")
    }
    assert words(wamp_error(BadRequest("bad"), others)) == ("com.example.own", "own bad")
    assert words(wamp_error(BusTimeout(), others))[0] == "wamp.error.timeout"

    class Worse(BadRequest):
        pass

    assert words(wamp_error(Worse("worse"), others))[0] == "wamp.error.invalid_argument"


@pytest.mark.parametrize("given", [7, None])
def test_what_is_known_stays_what_it_is(given: object) -> None:
    """In either direction."""
    assert in_wamp_terms(lambda: given) is given
    assert in_bus_terms(given) is given


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (WampError("com.example.no", "because"), "because"),
        (WampError("com.example.no"), "com.example.no"),
        (BadRequest("bad"), "bad"),
    ],
)
def test_the_bus_is_told_that_it_cannot_be_had(error: Exception, reason: str) -> None:
    """Whatever the router says, and why."""
    promise: Promise[None] = Promise()
    [outcome] = [told(in_bus_terms(promise))]
    promise.fail(error)
    assert isinstance(outcome[0], BusUnavailable)
    assert outcome[0].reason == reason
