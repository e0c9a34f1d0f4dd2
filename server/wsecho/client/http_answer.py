# SPDX-License-Identifier: MIT
"""What the answer to a POST means: where the message stands, what is wrong, or to say it again."""

import json
from typing import Any, Final

from wsecho.client.errors import (
    BadRequest,
    Error,
    Forbidden,
    NotWsecho,
    TooLarge,
    Unauthorized,
)
from wsecho.client.http_post import HttpAnswer
from wsecho.client.retrying import read_retry_after
from wsecho.core.wire.errors import ExpectedError, WireError
from wsecho.core.wire.positions import Position

_PASSES: Final = frozenset({408, 425, 429})
_NEVER_PASSES: Final = frozenset({501, 505})
_LAST_ERROR: Final = 599
_BY_STATUS: Final[dict[int, type[Error]]] = {401: Unauthorized, 403: Forbidden, 413: TooLarge}
"""Those that a proxy means as wsecho does."""


class Passing(ExpectedError):
    """A failure that may be gone the next time.

    Args:
        reason: one sentence.
        retry_after: seconds that the server asked to wait.
    """

    def __init__(self, reason: str, retry_after: float = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


def read_answer(answer: HttpAnswer, now: float) -> Position:
    """Return where the message stands.

    Args:
        answer: to a POST.
        now: Unix time in seconds.

    Raises:
        Passing: it is to be said again.
        Error: saying it again would be of no use.
    """
    said = _json(answer.body)
    if answer.status // 100 == 2:  # noqa: PLR2004  # successful (RFC 9110 section 15.3)
        try:
            return Position.parse(said["position"])
        except (KeyError, TypeError, WireError):
            raise NotWsecho(f"{_plain(answer)}, without a position") from None
    ours = _reason(said.get("error"))
    reason = _plain(answer) if ours is None else ours
    if _may_pass(answer.status):
        raise Passing(reason, read_retry_after(answer.headers.get("Retry-After"), now))
    raise _BY_STATUS.get(answer.status, NotWsecho if ours is None else BadRequest)(reason)


def _reason(error: object) -> str | None:
    """Return what an error of wsecho's says, None of what is none."""
    reason = error.get("reason") if isinstance(error, dict) else None
    return reason if isinstance(reason, str) else None


def _may_pass(status: int) -> bool:
    if status in _PASSES:
        return True
    return 500 <= status <= _LAST_ERROR and status not in _NEVER_PASSES  # noqa: PLR2004  # server errors


def _json(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _plain(answer: HttpAnswer) -> str:
    """Say what answered, where it says nothing that can be shown."""
    server = answer.headers.get("Server")
    place = answer.headers.get("Location")
    who = f" from {server!r}" if server else ""
    where = f", which names {place!r}" if place and answer.status // 100 == 3 else ""  # noqa: PLR2004
    return f"the answer is HTTP {answer.status}{who}{where}"
