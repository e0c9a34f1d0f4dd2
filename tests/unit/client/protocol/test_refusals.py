# SPDX-License-Identifier: MIT
"""What an HTTP answer or a close code means to a client."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.client import errors
from wsecho.client.protocol.refusals import (
    passing,
    refused_by_close,
    refused_by_frame,
    refused_by_http,
)
from wsecho.core.http.responses import error_body
from wsecho.core.wire import errors as wire

PASSES = [
    wire.OverRate("x", 1.0),
    wire.OverLimit("x"),
    wire.TooMany("x"),
    wire.Stopping(1.0),
    wire.BusUnavailable(),
    wire.BusTimeout(),
    wire.Internal(),
]
FOR_EVER = [
    (wire.BadRequest("x"), errors.BadRequest),
    (wire.Unauthorized("x"), errors.Unauthorized),
    (wire.Forbidden("x"), errors.Forbidden),
    (wire.TooLarge("x"), errors.TooLarge),
    (wire.NotFound("x"), errors.Error),
]


@pytest.mark.parametrize("error", PASSES, ids=lambda error: type(error).__name__)
def test_what_passes_by_the_server_s_own_word(error: wire.WireError) -> None:
    """In a frame as over HTTP."""
    for refusal in (
        refused_by_frame(error.code, error.reason),
        refused_by_http(error.status, 3.0, error_body(error)),
    ):
        assert refusal.passes
        assert (refusal.error.code, refusal.error.reason) == (error.code, error.reason)
    assert refused_by_http(error.status, 3.0, error_body(error)).retry == 3.0


@pytest.mark.parametrize(("error", "kind"), FOR_EVER, ids=lambda each: getattr(each, "code", ""))
def test_what_does_not_pass(error: wire.WireError, kind: type[errors.Error]) -> None:
    """In a frame as over HTTP."""
    for refusal in (
        refused_by_frame(error.code, error.reason),
        refused_by_http(error.status, 0.0, error_body(error)),
    ):
        assert (type(refusal.error), refusal.passes, refusal.is_ours) == (kind, False, True)
        assert refusal.error.code == error.code


@given(st.integers(200, 599), st.binary(max_size=30) | st.sampled_from([b"{}", b'{"error":1}']))
def test_what_others_answer_passes_from_500_on(status: int, body: bytes) -> None:
    """And 429; all else comes from what is no wsecho, and the reason names the argument."""
    refusal = refused_by_http(status, 2.0, body)
    assert not refusal.is_ours
    assert refusal.passes is (status >= 500 or status == 429)
    if not refusal.passes:
        assert isinstance(refusal.error, errors.NotWsecho)
        assert refusal.error.reason.startswith("url")
        assert str(status) in refusal.error.reason


@pytest.mark.parametrize(
    ("code", "kind", "passes"),
    [
        (4401, errors.Unauthorized, False),
        (4403, errors.Forbidden, False),
        (1009, errors.TooLarge, True),
        *((code, errors.Unavailable, True) for code in (1000, 1001, 1006, 1008, 1011, 1013)),
    ],
)
def test_close_codes(code: int, kind: type[errors.Error], passes: bool) -> None:
    """The peer's words are told on, where there are any."""
    refusal = refused_by_close(code, "words")
    assert (type(refusal.error), refusal.passes) == (kind, passes)
    assert refusal.error.reason == "words"
    assert str(code) in refused_by_close(code, "").error.reason


def test_a_body_may_be_anything() -> None:
    """Deep, wide, or of other types."""
    for body in (b"[" * 100_000, json.dumps({"error": {"code": 1, "reason": 2}}).encode()):
        assert not refused_by_http(400, 0.0, body).is_ours
    assert passing("x", 2.0).retry == 2.0
