# SPDX-License-Identifier: MIT
"""A message that is said by POST, beside a WebSocket that is not read for now."""

import asyncio
import json
from http.client import HTTPException
from time import time
from typing import Final

from wsecho.client.http_post import SILENCE, HttpAnswer, HttpPost
from wsecho.client.link import USER_AGENT, Way
from wsecho.client.model import Position
from wsecho.client.protocol.refusals import Refusal, passing, refused_by_http
from wsecho.client.retrying import read_retry_after
from wsecho.core.wire.errors import WireError

_CREATED: Final = 201


async def said_by_post(
    url: str, data: str | bytes, key: str, way: Way, token: str | None
) -> Position | Refusal:
    """Say a message once, and return where it stands, or why it was not said.

    Args:
        url: the room's, with the member that says it.
        data: `str` goes as text, `bytes` as binary.
        key: makes saying it again safe.
        way: how the server is reached.
        token: what to show, None for nothing.
    """
    body = data.encode() if isinstance(data, str) else data
    kind = "text/plain; charset=utf-8" if isinstance(data, str) else "application/octet-stream"
    headers = {
        **way.headers_with(token),
        "Content-Type": kind,
        "Content-Length": str(len(body)),
        "Idempotency-Key": key,
        "User-Agent": USER_AGENT,
    }
    request = HttpPost(url, body, headers, way.ssl, way.proxy)
    try:
        return _read(await asyncio.wrap_future(request.begin(SILENCE)))
    except (OSError, HTTPException) as error:
        return passing(str(error) or type(error).__name__)


def _read(answer: HttpAnswer) -> Position | Refusal:
    if answer.status == _CREATED:
        try:
            return Position.parse(json.loads(answer.body)["position"])
        except (ValueError, TypeError, LookupError, WireError):
            return passing("the answer to a POST has no position")
    retry = read_retry_after(answer.headers.get("Retry-After"), time())
    return refused_by_http(answer.status, retry, answer.body)
