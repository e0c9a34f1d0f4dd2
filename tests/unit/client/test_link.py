# SPDX-License-Identifier: MIT
"""Why a connection could not be opened, and how it ended."""

import socket
import ssl
from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import (
    ConnectionClosedError,
    ConnectionClosedOK,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    InvalidUpgrade,
    InvalidURI,
    NegotiationError,
    ProxyError,
    SecurityError,
)
from websockets.frames import Close
from websockets.http11 import Response

from wsecho.client.errors import NotWsecho, Unauthorized, Unavailable
from wsecho.client.link import Way, refused_by_end, refused_by_error


@pytest.mark.parametrize(
    "error",
    [
        *(ConnectionRefusedError("refused"), ConnectionResetError(), TimeoutError(), EOFError()),
        *(socket.gaierror(-2, "unknown"), InvalidMessage("cut"), ProxyError("no proxy there")),
        *(ssl.SSLEOFError("cut"), InvalidHandshake("odd")),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_passes(error: Exception) -> None:
    """With words, though the error has none."""
    refusal = refused_by_error(error)
    assert (type(refusal.error), refusal.passes) == (Unavailable, True)
    assert refusal.error.reason


@pytest.mark.parametrize(
    "error",
    [
        *(ssl.SSLCertVerificationError("self-signed"), ssl.SSLError("wrong version")),
        *(InvalidURI("ftp://h", "no"), SecurityError("plain"), InvalidUpgrade("upgrade", "h2c")),
        NegotiationError("subprotocol"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_does_not(error: Exception) -> None:
    """The reason names the argument; between us and a wsecho of before it may be otherwise."""
    refusal = refused_by_error(error)
    assert (type(refusal.error), refusal.passes, refusal.is_ours) == (NotWsecho, False, False)
    assert refusal.error.reason.startswith("url: ")


def answer(status: int, body: bytes, **headers: str) -> InvalidStatus:
    """An HTTP answer to a handshake."""
    return InvalidStatus(Response(status, "x", Headers(**headers), body))


def test_an_http_answer_is_read() -> None:
    """With its `Retry-After`."""
    refusal = refused_by_error(answer(503, b"", retry_after="3"))
    assert (refusal.passes, refusal.retry) == (True, 0)
    refusal = refused_by_error(answer(503, b"", **{"Retry-After": "3"}))
    assert (refusal.passes, refusal.retry) == (True, 3)
    body = b'{"error":{"code":"unauthorized","reason":"expired"}}'
    assert isinstance(refused_by_error(answer(401, body)).error, Unauthorized)


def test_how_a_connection_ended() -> None:
    """By the peer's Close frame, by ours about what it sent, or without any."""
    expired = Close(4401, "expired")
    assert isinstance(refused_by_end(ConnectionClosedError(expired, None)).error, Unauthorized)
    for error in (
        ConnectionClosedError(None, None, None),
        ConnectionClosedOK(None, Close(1000, ""), None),
    ):
        assert "1006" in refused_by_end(error).error.reason
    odd = refused_by_end(ConnectionClosedError(None, Close(1002, "reserved bits")))
    assert (odd.error.reason, odd.passes) == ("reserved bits", True)


def test_a_token_goes_into_a_header_of_its_own() -> None:
    """Beside those that were given, and is not shown."""
    way = Way(headers={"X-Way": "y"})
    expected: dict[str, Any] = {"X-Way": "y"}
    assert way.headers_with(None) == expected
    assert way.headers_with("t") == {**expected, "Authorization": "Bearer t"}
    assert "X-Way" not in repr(way)
