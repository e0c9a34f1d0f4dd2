# SPDX-License-Identifier: MIT
"""Telling over HTTP: `--tell URL`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, Final

from wsecho.core.events.batches import EventBatch
from wsecho.core.wire.timestamps import rfc3339
from wsecho.events.listener import PATIENCE, NotTakenError
from wsecho.webhooks.posting import NoAnswerError, Poster, WebhookAnswer
from wsecho.webhooks.signing import sign_webhook
from wsecho.webhooks.url import WebhookUrl

_MAX_ANSWER: Final = 64 << 10
_OK: Final = range(200, 300)
_MAX_RETRY_AFTER: Final = 6


class WebhookListener:
    """An application that is told at a URL.

    Args:
        url: where.
        poster: posts there.
        secrets: returns those that sign now.
        time_of_day: the time, Unix seconds.
    """

    def __init__(
        self,
        url: WebhookUrl,
        poster: Poster,
        secrets: Callable[[], Sequence[bytes]],
        time_of_day: Callable[[], float],
    ) -> None:
        # What is secret in it stays here; the name stands in Redis.
        self.name = f"url:{sha256(url.whole.encode()).hexdigest()[:32]}"
        self.shown = str(url)
        self._poster = poster
        self._secrets = secrets
        self._time_of_day = time_of_day

    @classmethod
    def to(
        cls,
        url: WebhookUrl,
        reactor: Any,
        secrets: Callable[[], Sequence[bytes]],
        time_of_day: Callable[[], float],
    ) -> WebhookListener:
        """Make one for a URL.

        Raises:
            ImportError: it is https, and what TLS needs is not installed.
        """
        # One request at a time: a batch waits for the one before.
        poster = Poster.to(url, reactor, at_once=1, max_answer=_MAX_ANSWER)
        return cls(url, poster, secrets, time_of_day)

    async def tell(self, batch: EventBatch) -> None:
        """Post a batch; any answer of success takes it (RFC 9110 section 15.3).

        Raises:
            NotTakenError: there was another answer, or none in time.
        """
        now = self._time_of_day()
        body = batch.body(rfc3339(now))
        headers = sign_webhook(self._secrets(), batch.id, int(now), body)
        try:
            answer = await self._poster.post(body, headers, PATIENCE)
        except NoAnswerError as error:
            raise NotTakenError(error.reason) from None
        if answer.status not in _OK:
            raise NotTakenError(f"it answers {answer.status}", _retry_after(answer))


def _retry_after(answer: WebhookAnswer) -> float | None:
    """Read how many seconds it wants to be left alone (RFC 9110 section 10.2.3).

    A date is passed over: its clock need not be ours, and the pauses grow without it, too.
    """
    value = (answer.header("retry-after") or "").strip()
    if value.isascii() and value.isdigit() and len(value) <= _MAX_RETRY_AFTER:
        return float(value)
    return None
