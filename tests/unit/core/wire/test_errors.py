# SPDX-License-Identifier: MIT
"""The catalogue of errors: what peers are told, and how to come back."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.wire import errors
from wsecho.core.wire.errors import (
    AppUnavailable,
    BadRequest,
    BadToken,
    BusTimeout,
    BusUnavailable,
    CloseCode,
    Forbidden,
    NothingThere,
    OverLimit,
    OverRate,
    Stopping,
    TooMany,
    Unauthorized,
    WireError,
    bounded_reason,
    cannot_resume,
    not_said_now,
    refusal_reason,
    without_quotes,
)


def kinds(base: type[WireError] = WireError) -> Iterator[type[WireError]]:
    """All errors of the catalogue."""
    for kind in base.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield kind
            yield from kinds(kind)


@pytest.mark.parametrize("kind", list(kinds()))
def test_the_catalogue_lists_each_error(kind: type[WireError]) -> None:
    """With its status, which is an error's, and a code in small letters."""
    assert errors.__doc__ is not None
    [line] = [line for line in errors.__doc__.splitlines() if f"── {kind.__name__} " in line]
    assert f" {kind.status} " in f"{line} "
    assert 400 <= kind.status <= 599
    assert kind.code.replace("_", "").islower()


@pytest.mark.parametrize(
    ("error", "header"),
    [
        (OverLimit("full"), ("Retry-After", "5")),
        (TooMany("full"), ("Retry-After", "5")),
        (OverRate("fast", 0.2), ("Retry-After", "1")),
        (OverRate("fast", 7.1), ("Retry-After", "8")),
        (Stopping(0), ("Retry-After", "1")),
        (Stopping(3), ("Retry-After", "3")),
        (BusUnavailable(), ("Retry-After", "1")),
        (NothingThere(7), ("Content-Range", "bytes */7")),
        (Unauthorized("a token"), ("WWW-Authenticate", 'Bearer realm="wsecho"')),
    ],
)
def test_an_answer_says_what_to_do(error: WireError, header: tuple[str, str]) -> None:
    """When to come back, in whole seconds rounded up (RFC 9110 section 10.2.3), or with what."""
    assert error.headers == (header,)
    assert str(error) == error.reason


def test_a_bad_token_is_told_in_the_challenge() -> None:
    """RFC 6750 section 3.1."""
    [(name, value)] = BadToken("the token has expired").headers
    assert name == "WWW-Authenticate"
    assert value.endswith('error="invalid_token", error_description="the token has expired"')


def test_nobody_is_told_to_say_it_again_that_may_have_been_heard() -> None:
    """Redis may have done it, so the answer names no time to come back at."""
    assert BusTimeout().headers == ()
    assert BusTimeout().status == 504


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Unauthorized("no"), CloseCode.UNAUTHORIZED),
        (BadToken("old"), CloseCode.UNAUTHORIZED),
        (Forbidden("no"), CloseCode.FORBIDDEN),
    ],
)
def test_an_open_websocket_is_closed_with_what_stands_for_the_status(
    error: Unauthorized | Forbidden, code: CloseCode
) -> None:
    """And its reason."""
    reason = refusal_reason(error)
    assert (reason.code, reason.reason) == (code, error.reason)


@pytest.mark.parametrize("error", [BusUnavailable(), BusTimeout(), AppUnavailable("é" * 99)])
def test_who_was_not_heard_may_try_again(
    error: BusUnavailable | BusTimeout | AppUnavailable,
) -> None:
    """1013, and whether it may still appear."""
    reason = not_said_now(error)
    assert (reason.code, reason.reason) == (CloseCode.TRY_AGAIN_LATER, bounded_reason(error.reason))
    assert len(reason.reason.encode()) <= 123


def test_who_cannot_resume_is_told_where_the_room_stands() -> None:
    """In the close frame, as a raw reader hears nothing else."""
    reason = cannot_resume("abc:7")
    assert (reason.code, reason.reason) == (CloseCode.CANNOT_RESUME, "abc:7")


@given(st.text())
def test_a_reason_fits_into_a_close_frame(text: str) -> None:
    """It is cut between two characters (RFC 6455 section 5.5)."""
    cut = bounded_reason(text.encode(errors="ignore").decode())
    assert len(cut.encode()) <= 123
    assert text.encode(errors="ignore").decode().startswith(cut)


def test_quotes_are_left_out_of_logs() -> None:
    """What is quoted is a peer's own; an apostrophe is not a quote."""
    error = BadRequest(f"the page's room {'a secret'!r} is none")
    assert without_quotes(error.reason) == "the page's room … is none"
