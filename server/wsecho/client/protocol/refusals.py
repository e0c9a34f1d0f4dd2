# SPDX-License-Identifier: MIT
"""What an HTTP answer or a close code means to a client: is it over, or does it pass?"""

import json
from collections.abc import Mapping
from typing import Final

from attrs import frozen

from wsecho.client.errors import (
    BadRequest,
    Error,
    Forbidden,
    NotWsecho,
    OverLimit,
    TooLarge,
    Unauthorized,
    Unavailable,
)
from wsecho.core.wire.errors import CloseCode

_KINDS: Final[Mapping[str, type[Error]]] = {
    kind.code: kind for kind in (BadRequest, Forbidden, OverLimit, TooLarge, Unauthorized)
}
_PASSING: Final = frozenset(
    {
        *("over_limit", "over_rate", "bus_unavailable", "bus_timeout", "unavailable", "stopping"),
        *("internal", "node_unreachable", "request_timeout"),
    }
)
"""The server's words for what goes away by itself (wire.md, errors.md)."""

_TOO_MANY_REQUESTS: Final = 429
_SERVER_ERRORS: Final = 500


@frozen
class Refusal:
    """Why something was not done.

    Attributes:
        error: as whoever asked gets to know it.
        passes: whether it may be done later.
        retry: seconds that the server wants to be left alone.
        is_ours: whether a wsecho said so, and nobody between.
    """

    error: Error
    passes: bool
    retry: float = 0.0
    is_ours: bool = True


def passing(reason: str, retry: float = 0.0) -> Refusal:
    """Refuse for what goes away by itself: a break, an outage, a time-out."""
    return Refusal(Unavailable(reason), passes=True, retry=retry, is_ours=False)


def error_of(code: str, reason: str) -> Error:
    """Return the error that stands for one of the server's words."""
    kind = _KINDS.get(code)
    if kind is not None:
        return kind(reason)
    return Unavailable(reason, code) if code in _PASSING else Error(reason, code)


def refused_by_frame(code: str, reason: str) -> Refusal:
    """Read a frame `error`."""
    return Refusal(error_of(code, reason), passes=code in _PASSING)


def refused_by_http(status: int, retry_after: float, body: bytes) -> Refusal:
    """Read an HTTP answer that is not the one that was hoped for.

    Args:
        status: HTTP's.
        retry_after: the header `Retry-After` in seconds, 0 where there is none.
        body: ours is `{"error": {"code": …, "reason": …}}`.
    """
    told = _read_error(body)
    if told is not None:
        code, reason = told
        passes = code in _PASSING or status == _TOO_MANY_REQUESTS
        return Refusal(error_of(code, reason), passes=passes, retry=retry_after)
    if status >= _SERVER_ERRORS or status == _TOO_MANY_REQUESTS:
        return passing(f"HTTP status {status}", retry_after)
    return Refusal(NotWsecho(_why_none(status)), passes=False, is_ours=False)


def _why_none(status: int) -> str:
    if status == 200:  # noqa: PLR2004  # OK, which no handshake is answered with
        return (
            "url: what answers there takes no WebSocket (HTTP status 200 and not 101): it is no "
            "wsecho, or a proxy before it does not pass the header Upgrade on"
        )
    return f"url: what answers there is no wsecho: HTTP status {status}"


def _read_error(body: bytes) -> tuple[str, str] | None:
    try:
        error = json.loads(body)["error"]
        code, reason = error["code"], error["reason"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return (code, reason) if isinstance(code, str) and isinstance(reason, str) else None


def refused_by_close(code: int, reason: str) -> Refusal:
    """Read why an open connection was closed; what is not said to be for ever passes.

    Args:
        code: the close code, 1006 where there was no closing handshake (RFC 6455 section 7.1.5).
        reason: the peer's words.
    """
    said = reason or f"the connection ended with close code {code}"
    if code == CloseCode.UNAUTHORIZED:
        return Refusal(Unauthorized(said), passes=False)
    if code == CloseCode.FORBIDDEN:
        return Refusal(Forbidden(said), passes=False)
    if code == CloseCode.MESSAGE_TOO_BIG:
        return Refusal(TooLarge(said), passes=True)
    return Refusal(Unavailable(said), passes=True)
