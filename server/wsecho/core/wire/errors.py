# SPDX-License-Identifier: MIT
"""The catalogue of what may go wrong: each error's code, HTTP status and close code.

::

    WireError (base, an ExpectedError; a peer's fault or a limit, and one for ours)
    ├── BadRequest        400 · 1003    malformed room, position, query, body or frame
    ├── Unauthorized      401 · 4401    a token is needed
    │   └── BadToken      401 · 4401    the one that was given is bad, or expired
    ├── Forbidden         403 · 4403    a grant or the origin does not allow it
    ├── NotFound          404           no such address
    ├── NotAvailable      404           the room does not have that
    ├── MethodNotAllowed  405           the address exists, the method does not
    ├── RequestTimeout    408           a body that comes too slowly
    ├── Conflict          409           a number out of its order
    ├── PreconditionFailed 412          what is there is not what the client takes it for
    ├── TooLarge          413 · 1009    a body over its bound
    ├── TargetTooLong     414           the request line is over its bound
    ├── WrongType         415           a body of a type that is not taken here
    ├── NothingThere      416           none of the ranges that are asked for is there
    ├── NotExpected       417           an expectation that is not met here
    ├── UpgradeRequired   426           only a WebSocket can be opened here
    ├── OverRate          429 · 1008    messages or bytes come faster than allowed
    ├── TooMany           429           one address has too many connections
    ├── HeadersTooLarge   431           the request's head is over its bound
    ├── OverLimit         503           too many connections, rooms or members in all
    ├── AppUnavailable    503 · 1013    an application that is asked does not answer
    ├── Stopping          503 · 1001    the server is about to end
    ├── BusUnavailable    503 · 1013    Redis is away: nothing was done
    ├── BusTimeout        504 · 1013    Redis answered too late: unknown whether it was done
    ├── Internal          500 · 1011    our own fault
    ├── Unimplemented     501           a method or transfer coding that nothing here knows
    ├── OtherVersion      505           a version of HTTP that is not spoken here
    └── BadGateway        502           the node that a session lives on does not answer
        └── OtherSecret   502           it takes none of what we forward
"""

import re
from enum import IntEnum
from math import ceil
from typing import ClassVar, Final

from attrs import frozen

_MAX_REASON: Final = 123
RETRY_AFTER: Final = 5.0
"""Seconds after which somebody who met a limit on numbers may try again."""

_QUOTED: Final = re.compile(
    r"""(?<!\w)(?:'(?:[^'\\]|\\.)*\\?(?:'|\Z)|"(?:[^"\\]|\\.)*\\?(?:"|\Z))""", re.DOTALL
)
"""What `repr` wrote, though it was cut; an apostrophe follows a letter."""

BUS_RETRY_AFTER: Final = 1.0
"""Seconds after which somebody whom Redis failed may try again."""


class CloseCode(IntEnum):
    """Close codes that wsecho sends (RFC 6455 section 7.4, IANA's registry)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    INVALID_PAYLOAD = 1007
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    TRY_AGAIN_LATER = 1013
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    CANNOT_RESUME = 4410


@frozen
class CloseReason:
    """Why the server closes a connection.

    Attributes:
        code: the close code on the wire.
        reason: what the peer is told, at most 123 bytes of UTF-8 (RFC 6455 section 5.5).
    """

    code: CloseCode
    reason: str


STOPPING = CloseReason(CloseCode.GOING_AWAY, "the server is stopping")
TOO_SLOW = CloseReason(CloseCode.TRY_AGAIN_LATER, "you read too slowly: --send-queue is full")
OVER_RATE = CloseReason(CloseCode.POLICY_VIOLATION, "you send faster than this server allows")
TOKEN_EXPIRED = CloseReason(CloseCode.UNAUTHORIZED, "the token has expired")
OUR_FAULT = CloseReason(CloseCode.INTERNAL_ERROR, "internal error")


def cannot_resume(position: object) -> CloseReason:
    """Close a raw reader whose place is gone; the reason is where the room stands now."""
    return CloseReason(CloseCode.CANNOT_RESUME, str(position))


def bounded_reason(text: str) -> str:
    """Cut a close reason to what a Close frame carries."""
    return text.encode()[:_MAX_REASON].decode(errors="ignore")


def without_quotes(reason: str) -> str:
    """Return a reason as the log may have it: a peer's own words, always quoted, are left out."""
    return _QUOTED.sub("…", reason)


def not_said_now(error: "BusUnavailable | BusTimeout | AppUnavailable") -> CloseReason:
    """Close a raw publisher, who has no other way to learn that it was not heard."""
    return CloseReason(CloseCode.TRY_AGAIN_LATER, bounded_reason(error.reason))


def refusal_reason(error: "Unauthorized | Forbidden | OverLimit") -> CloseReason:
    """Close an open WebSocket with the code that stands for 401 or 403."""
    is_token = isinstance(error, Unauthorized)
    code = CloseCode.UNAUTHORIZED if is_token else CloseCode.FORBIDDEN
    return CloseReason(code, bounded_reason(error.reason))


class ExpectedError(Exception):
    """What is raised on purpose, for whoever asked; all else is a fault of ours."""


class WireError(ExpectedError):
    """What a peer sent cannot be done; the reason is safe to show to that peer.

    Args:
        reason: one sentence naming the part at fault; what is the peer's own is quoted by `repr`.
        headers: further HTTP headers of the answer.
    """

    status: ClassVar[int]
    code: ClassVar[str]

    def __init__(self, reason: str, *headers: tuple[str, str]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.headers = headers


class BadRequest(WireError):
    """A malformed room, position, query, body or frame."""

    status = 400
    code = "bad_request"


class Unauthorized(WireError):
    """A valid token is needed here (RFC 6750 section 3)."""

    status = 401
    code = "unauthorized"

    challenge: ClassVar = 'Bearer realm="wsecho"'

    def __init__(self, reason: str) -> None:
        super().__init__(reason, ("WWW-Authenticate", self.challenge.format(reason=reason)))


class BadToken(Unauthorized):
    """The token that was given does not count (RFC 6750 section 3.1).

    Args:
        reason: printable ASCII without quotes and backslashes; it goes into the header too.
    """

    challenge = 'Bearer realm="wsecho", error="invalid_token", error_description="{reason}"'


class Forbidden(WireError):
    """Whoever asks has no right to, or the page that asks has none."""

    status = 403
    code = "forbidden"


class NotFound(WireError):
    """Nothing lives at this address."""

    status = 404
    code = "not_found"


class NotAvailable(WireError):
    """The room goes without what is asked for, by its rule."""

    status = 404
    code = "not_available"


class MethodNotAllowed(WireError):
    """The address exists, but not for this method."""

    status = 405
    code = "method_not_allowed"


class RequestTimeout(WireError):
    """A request's body comes more slowly than this server waits."""

    status = 408
    code = "request_timeout"


class Conflict(WireError):
    """Something numbered came out of its order."""

    status = 409
    code = "conflict"


class PreconditionFailed(WireError):
    """What is at the address is not what the client takes it for (RFC 9110 section 13.1)."""

    status = 412
    code = "precondition_failed"

    def __init__(self) -> None:
        super().__init__("this is not what your If-Match or If-Unmodified-Since says")


class TooLarge(WireError):
    """A request's body is larger than `--max-message-size`."""

    status = 413
    code = "too_large"


class TargetTooLong(WireError):
    """The request line is longer than the server reads."""

    status = 414
    code = "target_too_long"


class WrongType(WireError):
    """A request's body is of a type, or in a coding, that is not taken at this address."""

    status = 415
    code = "unsupported_type"


class NothingThere(WireError):
    """None of the ranges that are asked for is there (RFC 9110 section 15.5.17).

    Args:
        length: octets of what there is.
    """

    status = 416
    code = "range_not_satisfiable"

    def __init__(self, length: int) -> None:
        super().__init__(
            f"there are {length} bytes, and none in the range",
            ("Content-Range", f"bytes */{length}"),
        )


class NotExpected(WireError):
    """A request expects something that this server does not do (RFC 9110 section 10.1.1)."""

    status = 417
    code = "expectation_failed"


class UpgradeRequired(WireError):
    """Only a WebSocket of version 13 can be opened here (RFC 6455 section 4.4)."""

    status = 426
    code = "upgrade_required"


class OverRate(WireError):
    """Messages or bytes come faster than `--message-rate` or `--byte-rate` allows.

    Args:
        reason: one sentence.
        retry_after: seconds after which the next one is taken.
    """

    status = 429
    code = "over_rate"

    def __init__(self, reason: str, retry_after: float) -> None:
        super().__init__(reason, _retry_after(retry_after))
        self.retry_after = retry_after


class TooMany(WireError):
    """One address has as many connections as `--max-connections-per-address` allows."""

    status = 429
    code = "over_limit"

    def __init__(self, reason: str) -> None:
        super().__init__(reason, _retry_after(RETRY_AFTER))


class HeadersTooLarge(WireError):
    """The request's head is larger than the server reads."""

    status = 431
    code = "headers_too_large"


class OverLimit(WireError):
    """There are as many connections, rooms or members as the limits allow."""

    status = 503
    code = "over_limit"

    def __init__(self, reason: str) -> None:
        super().__init__(reason, _retry_after(RETRY_AFTER))


class AppUnavailable(WireError):
    """An application beside the server was asked, and does not answer.

    Args:
        reason: one sentence.
        retry_after: seconds after which it may.
    """

    status = 503
    code = "unavailable"

    def __init__(
        self, reason: str = "the application does not answer", retry_after: float = 1.0
    ) -> None:
        super().__init__(reason, _retry_after(retry_after))


class Stopping(WireError):
    """The server is about to end, and takes nothing new.

    Args:
        retry_after: seconds after which another may take it.
    """

    status = 503
    code = "stopping"

    def __init__(self, retry_after: float) -> None:
        super().__init__("the server is stopping", _retry_after(retry_after))


class BusUnavailable(WireError):
    """Redis cannot be reached; nothing was done."""

    status = 503
    code = "bus_unavailable"

    def __init__(self, reason: str = "Redis is away; nothing was done") -> None:
        super().__init__(reason, _retry_after(BUS_RETRY_AFTER))


class BusTimeout(WireError):
    """It is unknown what Redis did; what was asked for may still happen, once and for everybody."""

    status = 504
    code = "bus_timeout"

    def __init__(
        self, reason: str = "Redis did not answer in time; the message may still appear"
    ) -> None:
        super().__init__(reason)


class Internal(WireError):
    """A fault of ours; the log has it, the peer gets to know no more."""

    status = 500
    code = "internal"

    def __init__(self) -> None:
        super().__init__("internal error")


class Unimplemented(WireError):
    """A method or a transfer coding that nothing here knows."""

    status = 501
    code = "not_implemented"


class OtherVersion(WireError):
    """A version of HTTP that is not spoken here."""

    status = 505
    code = "http_version"


class BadGateway(WireError):
    """The node that a session lives on does not answer."""

    status = 502
    code = "node_unreachable"

    def __init__(self, reason: str = "the node that this session lives on does not answer") -> None:
        super().__init__(reason)


class OtherSecret(BadGateway):
    """The node that a session lives on does not believe that it is another node that asks."""

    code = "cluster_secret"

    def __init__(self) -> None:
        super().__init__("the nodes of this server do not trust each other; its log says why")


def _retry_after(seconds: float) -> tuple[str, str]:
    return "Retry-After", str(max(1, ceil(seconds)))
