# SPDX-License-Identifier: MIT
"""One message to a room by one POST, on the standard library: a line in a view of Django or Flask.

It is said again, under one key, until the server has taken it, so that it is there once.
"""

import asyncio
import math
import random
import re
import secrets
from collections.abc import Mapping
from concurrent.futures import Future
from http.client import HTTPException, InvalidURL
from ssl import SSLCertVerificationError, SSLContext
from time import monotonic, sleep, time
from typing import Final, Self
from urllib.error import URLError

from attrs import define, field

from wsecho import __version__
from wsecho.client.errors import BadRequest, BadType, NotWsecho, Unknown
from wsecho.client.http_answer import Passing, read_answer
from wsecho.client.http_post import HttpAnswer, HttpPost
from wsecho.client.protocol.backoff import Backoff
from wsecho.client.room_url import http_url
from wsecho.core.wire.positions import Position

MAX_SECONDS: Final = 270.0
"""For how long a message may be said again: servers remember its key for 300 seconds."""

_TEXT: Final = "text/plain; charset=utf-8"
_BINARY: Final = "application/octet-stream"
# RFC 6750 section 2.1: b64token.
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_KEY: Final = re.compile(r"[!-~]{1,255}")
_Data = str | bytes | bytearray | memoryview


def publish(
    url: str,
    data: _Data,
    *,
    token: str | None = None,
    key: str | None = None,
    timeout: float | None = None,
    ssl: SSLContext | None = None,
) -> Position:
    """Say a message in a room, and return where it stands there.

    It waits until the server has taken it: over restarts, refused connections, and whatever else
    passes.

    Args:
        url: the room's, such as `http://127.0.0.1:8080/broadcast/lobby`.
        data: `str` goes as text, all else as binary.
        token: a JWT that grants to publish there, where the server asks for one.
        key: 1 to 255 visible ASCII characters; a message that is said again under its key within
            five minutes is there once. None for a new one, which suits one call; give one of your
            own where the call itself may be made again.
        timeout: seconds after which to give up, 270 at most; None for 270.
        ssl: whom to trust, None for whom the system trusts.

    Raises:
        BadRequest: an argument means nothing, or the server says so of the message.
        Unauthorized, Forbidden, TooLarge: the server says so.
        NotWsecho: what answers is no wsecho, or is not to be trusted.
        Unknown: the time is up; the message may have arrived.
    """
    posting = _Posting.of(url, data, token, key, timeout, ssl)
    while True:
        try:
            answer = posting.begin().result(posting.left)
            return read_answer(answer, time())
        except (Passing, OSError, HTTPException) as error:
            sleep(posting.pause_after(error))


async def publish_async(
    url: str,
    data: _Data,
    *,
    token: str | None = None,
    key: str | None = None,
    timeout: float | None = None,  # noqa: ASYNC109  # as `publish` has it
    ssl: SSLContext | None = None,
) -> Position:
    """Do what `publish` does, without holding up the event loop.

    Where it is cancelled, an attempt that is on its way may still arrive.
    """
    posting = _Posting.of(url, data, token, key, timeout, ssl)
    while True:
        try:
            answer = await asyncio.wait_for(asyncio.wrap_future(posting.begin()), posting.left)
            return read_answer(answer, time())
        except (Passing, OSError, HTTPException) as error:
            await asyncio.sleep(posting.pause_after(error))


@define
class _Posting:
    """A message on its way."""

    _post: HttpPost
    _end: float
    _backoff: Backoff = field(factory=lambda: Backoff(random.random))

    @classmethod
    def of(
        cls,
        url: str,
        data: _Data,
        token: str | None,
        key: str | None,
        timeout: float | None,
        ssl: SSLContext | None,
    ) -> Self:
        """Check each argument.

        Raises:
            BadRequest: one means nothing.
        """
        if ssl is not None and not isinstance(ssl, SSLContext):
            raise BadType(f"ssl is no SSLContext, but {type(ssl).__name__}")
        body, media_type = _body(data)
        headers = {
            "Content-Type": media_type,
            "Content-Length": str(len(body)),
            "Idempotency-Key": _key(key),
            "User-Agent": f"wsecho/{__version__}",
            **authorization(token),
        }
        return cls(HttpPost(http_url(url), body, headers, ssl), monotonic() + _seconds(timeout))

    @property
    def left(self) -> float:
        """Seconds until it is given up."""
        return max(0.0, self._end - monotonic())

    def begin(self) -> "Future[HttpAnswer]":
        """Send it once, aside."""
        return self._post.begin(self.left)

    def pause_after(self, error: Passing | OSError | HTTPException) -> float:
        """Return how many seconds to wait before saying it again.

        Raises:
            Unknown: the time is up by then.
            BadRequest, NotWsecho: the error does not pass.
        """
        reason = error.reason if isinstance(error, URLError) else error
        if isinstance(reason, SSLCertVerificationError):
            raise NotWsecho(f"its certificate does not count: {reason.verify_message}") from error
        if isinstance(reason, str | InvalidURL):
            # From urllib itself, before anything was sent.
            raise BadRequest(f"url, or a proxy of the environment: {reason}") from error
        pause = self._backoff.next(error.retry_after if isinstance(error, Passing) else 0.0)
        if pause >= self.left:
            last = str(reason) or type(reason).__name__
            raise Unknown(f"the time is up; it may have arrived. At last: {last}") from error
        return pause


def _body(data: _Data) -> tuple[bytes, str]:
    if isinstance(data, str):
        try:
            return data.encode(), _TEXT
        except UnicodeEncodeError:
            raise BadRequest("data has half a surrogate pair, which is no text") from None
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data), _BINARY
    raise BadType(f"data is neither text nor bytes, but {type(data).__name__}")


def authorization(token: str | None) -> Mapping[str, str]:
    """Return the header that shows a token (RFC 6750 section 2.1), none for None.

    Raises:
        BadRequest: it cannot be a token.
    """
    if token is None:
        return {}
    if not isinstance(token, str):
        raise BadType(f"token is no string, but {type(token).__name__}")
    if not _TOKEN.fullmatch(token):
        raise BadRequest("token is none: it is empty, or has characters that no JWT has")
    return {"Authorization": f"Bearer {token}"}


def _key(key: str | None) -> str:
    if key is None:
        return secrets.token_urlsafe(16)
    if not isinstance(key, str):
        raise BadType(f"key is no string, but {type(key).__name__}")
    if not _KEY.fullmatch(key):
        raise BadRequest("key is none: it has 1 to 255 visible ASCII characters")
    return key


def _seconds(timeout: float | None) -> float:
    if timeout is None:
        return MAX_SECONDS
    if isinstance(timeout, bool) or not isinstance(timeout, int | float):
        raise BadType(f"timeout is no number, but {type(timeout).__name__}")
    if math.isnan(timeout) or timeout <= 0:
        raise BadRequest(f"timeout is {timeout}: give seconds above 0")
    return min(timeout, MAX_SECONDS)
