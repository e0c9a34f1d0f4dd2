# SPDX-License-Identifier: MIT
"""What an application's reply to a question means; anything else than these is none.

::

    200 {"allow": true}
    200 {"allow": true, "claims": {…}}                            (connect)
    200 {"allow": true, "data": "…"}, or "base64" in its place    (publish)
    200 {"allow": true, "drop": true}                             (publish)
    200 {"allow": false, "reason": "…", "code": "forbidden" or "over_limit"}

A member that is `null` counts as absent, since that is how many frameworks write it; of members
that are not named here nothing is said, and they are skipped. But one that belongs to another
question makes the whole of it none: whoever sends `drop` means something by it.
"""

import binascii
import json
import math
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final, NoReturn, TypeAlias

from wsecho.hooks import Drop, Forbidden
from wsecho.webhooks.questions import AskedOver

MAX_DEPTH: Final = 32
"""Objects and lists within one another, at most: claims have five."""

BeyondYes: TypeAlias = Mapping[str, Any] | str | bytes | None
"""What a yes says beyond it: claims, or other data."""

_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_MAX_REASON: Final = 1_000
_CODES: Final = {"forbidden", "over_limit"}
_BEYOND_YES: Final[dict[AskedOver, frozenset[str]]] = {
    "connect": frozenset({"claims"}),
    "join": frozenset(),
    "publish": frozenset({"data", "base64", "drop"}),
}
_ALL_BEYOND: Final = frozenset[str]().union(*_BEYOND_YES.values())


class BadReplyError(Exception):
    """What an application has sent is no answer to the question.

    Args:
        reason: why, in one line; what it sent is not repeated.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_reply(question: AskedOver, status: int, body: bytes | None, max_data: int) -> BeyondYes:
    """Return what a yes says beyond it: claims, or other data; None where it says no more.

    Args:
        question: what was asked.
        status: the reply's, of HTTP.
        body: the reply's; None where it is larger than any may be.
        max_data: bytes of the data that may be said in another's place.

    Raises:
        Forbidden: the answer is no.
        Drop: the message is to be said to nobody.
        BadReplyError: it is no answer.
    """
    if status != _OK:
        more = ", and no redirect is followed" if status in _REDIRECTS else ""
        raise BadReplyError(f"it answers HTTP {status}{more}")
    if body is None:
        raise BadReplyError("its answer is larger than any may be")
    reply = _read_object(body)
    allow = reply.get("allow")
    if not isinstance(allow, bool):
        raise BadReplyError("its answer has no allow that is true or false")
    if not allow:
        _refuse(reply)
    return _beyond_yes(question, reply, max_data)


def _refuse(reply: Mapping[str, Any]) -> NoReturn:
    reason, code = reply.get("reason"), reply.get("code")
    said: dict[str, Any] = {}
    if code is not None:
        if not isinstance(code, str) or code not in _CODES:
            raise BadReplyError("its answer's code is neither forbidden nor over_limit")
        said["code"] = code
    if reason is not None:
        if not isinstance(reason, str):
            raise BadReplyError("its answer's reason is no string")
        said["reason"] = reason[:_MAX_REASON]
    raise Forbidden(**said)


def _beyond_yes(question: AskedOver, reply: Mapping[str, Any], max_data: int) -> BeyondYes:
    found = {name: reply[name] for name in _ALL_BEYOND if reply.get(name) is not None}
    for name in sorted(found):
        if name not in _BEYOND_YES[question]:
            raise BadReplyError(f"its answer to {question} has {name}, which is for another")
    if found.get("drop") is False:
        del found["drop"]
    if len(found) > 1:
        raise BadReplyError(f"its answer has {' and '.join(sorted(found))} at once")
    if not found:
        return None
    ((name, value),) = found.items()
    return _read_claims(value) if name == "claims" else _read_data(name, value, max_data)


def _read_claims(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadReplyError("its answer's claims are no object")
    return value


def _read_data(name: str, value: Any, max_data: int) -> str | bytes:
    if name == "drop":
        if value is not True:
            raise BadReplyError("its answer's drop is neither true nor false")
        raise Drop
    if not isinstance(value, str):
        raise BadReplyError(f"its answer's {name} is no string")
    data = value if name == "data" else _from_base64(value)
    size = len(data if isinstance(data, bytes) else data.encode())
    if size > max_data:
        raise BadReplyError(f"its answer's {name} has {size} bytes, over --max-message-size")
    return data


def _from_base64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadReplyError("its answer's base64 is none") from None


# -- JSON as RFC 8259 has it, and no name twice


def _read_object(body: bytes) -> Mapping[str, Any]:
    try:
        text = body.decode("utf-8-sig")
        found = _DECODER.decode(text)
        if "\\u" in text:
            # An escape may be half of a surrogate pair, which nothing of ours can carry.
            json.dumps(found, ensure_ascii=False).encode()
    except _TwiceError:
        raise BadReplyError("its answer has an object with one name twice") from None
    except (ValueError, RecursionError):
        raise BadReplyError("its answer is no JSON") from None
    if not isinstance(found, dict):
        raise BadReplyError("its answer is JSON, but no object")
    if _is_deep(found):
        raise BadReplyError("its answer is nested too deeply")
    return found


class _TwiceError(Exception):
    """A name stands twice in an object: which one counts, readers do not agree on."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _TwiceError
        found[name] = value
    return found


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("neither NaN nor Infinity is JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("no number that large")
    return value


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_finite, parse_constant=_no_constant
)


def _is_deep(found: Any) -> bool:
    level = [found]
    for _ in range(MAX_DEPTH):
        parts = (part for outer in level for part in _parts(outer))
        level = [part for part in parts if isinstance(part, dict | list)]
        if not level:
            return False
    return True


def _parts(container: Any) -> Any:
    return container.values() if isinstance(container, dict) else container
