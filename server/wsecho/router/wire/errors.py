# SPDX-License-Identifier: MIT
"""What can go wrong, by blame, each with the URI that WAMP has for it.

RouterError
├── WampError                 a request is refused: ERROR, the session goes on
│   ├── TakenError            others hold what was to be claimed among the nodes
│   └── UnfitError            it holds what could be written again for nobody
├── ProtocolViolationError    the peer broke the protocol: ABORT, the session is over
└── CannotCarryError          raised by a transport: this message cannot be put into its form
"""

from __future__ import annotations

from typing import Any, Final

from wsecho.core.wire.errors import ExpectedError

# Basic Profile URIs (specification, "Basic Profile URIs").
INVALID_URI: Final = "wamp.error.invalid_uri"
INVALID_ARGUMENT: Final = "wamp.error.invalid_argument"
NO_SUCH_PROCEDURE: Final = "wamp.error.no_such_procedure"
NO_SUCH_REGISTRATION: Final = "wamp.error.no_such_registration"
NO_SUCH_SUBSCRIPTION: Final = "wamp.error.no_such_subscription"
PROCEDURE_ALREADY_EXISTS: Final = "wamp.error.procedure_already_exists"
NOT_AUTHORIZED: Final = "wamp.error.not_authorized"
NO_SUCH_REALM: Final = "wamp.error.no_such_realm"
PROTOCOL_VIOLATION: Final = "wamp.error.protocol_violation"
CANCELED: Final = "wamp.error.canceled"
PAYLOAD_SIZE_EXCEEDED: Final = "wamp.error.payload_size_exceeded"

# Advanced Profile URIs ("Advanced Profile URIs").
AUTHENTICATION_DENIED: Final = "wamp.error.authentication_denied"
AUTHENTICATION_REQUIRED: Final = "wamp.error.authentication_required"
FEATURE_NOT_SUPPORTED: Final = "wamp.error.feature_not_supported"
NETWORK_FAILURE: Final = "wamp.error.network_failure"
NO_SUCH_SESSION: Final = "wamp.error.no_such_session"
OPTION_NOT_ALLOWED: Final = "wamp.error.option_not_allowed"
TIMEOUT: Final = "wamp.error.timeout"

# Not in the specification: Autobahn's names, which Crossbar sends too.
INVALID_PAYLOAD: Final = "wamp.error.invalid_payload"
POLICY_CONFLICT: Final = "wamp.error.procedure_exists_with_different_invocation_policy"
RUNTIME_ERROR: Final = "wamp.error.runtime_error"

# Our own.
OVER_LIMIT: Final = "wsecho.error.over_limit"
OVER_RATE: Final = "wsecho.error.over_rate"
NOT_AVAILABLE: Final = "wsecho.error.not_available"

# Reasons of GOODBYE.
CLOSE_NORMAL: Final = "wamp.close.normal"
CLOSE_KILLED: Final = "wamp.close.killed"
GOODBYE_AND_OUT: Final = "wamp.close.goodbye_and_out"
SYSTEM_SHUTDOWN: Final = "wamp.close.system_shutdown"
TOKEN_EXPIRED: Final = "wsecho.close.token_expired"  # noqa: S105  # our own
# Never on the wire: how a session that just vanished is recorded.
TRANSPORT_LOST: Final = "wamp.close.transport_lost"


class RouterError(ExpectedError):
    """Everything that the router, and those whom it calls, raise on purpose."""


class WampError(RouterError):
    """A request that cannot be done; its session goes on.

    Args:
        uri: the error's URI, as ERROR carries it.
        reason: one English sentence for people, in ASCII; nothing of ours leaks through it.
        args: positional payload of the ERROR in place of the reason.
        kwargs: keyword payload of the ERROR.
    """

    def __init__(
        self,
        uri: str,
        reason: str | None = None,
        *,
        args: list[Any] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(uri, reason)
        self.uri = uri
        self.reason = reason
        self.payload = args if args is not None else ([] if reason is None else [reason])
        self.kwargs = kwargs


class TakenError(WampError):
    """Others serve a procedure already, on whatever node ("Shared Registration").

    Args:
        rule: the policy by which they do.
        asked: the policy by which somebody else wanted to.
    """

    def __init__(self, rule: str, asked: str) -> None:
        if rule in {asked, "single"}:
            super().__init__(PROCEDURE_ALREADY_EXISTS)
        else:
            super().__init__(POLICY_CONFLICT, f"the procedure is shared by policy {rule}")


class UnfitError(WampError):
    """A message was read, but what it holds could be written again for nobody.

    Args:
        reason: what it is.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(INVALID_ARGUMENT, reason)


class ProtocolViolationError(RouterError):
    """A message that ends its session (specification, "Protocol errors").

    Args:
        reason: one sentence for ABORT's `message`.
        uri: ABORT's reason.
    """

    def __init__(self, reason: str, uri: str = PROTOCOL_VIOLATION) -> None:
        super().__init__(reason)
        self.reason = reason
        self.uri = uri


class CannotCarryError(RouterError):
    """Raised by `Transport.send`: the message does not fit this peer's serializer or size.

    An EVENT is then left out for that one subscriber and counted; a RESULT or INVOCATION becomes
    an ERROR with this URI.

    Args:
        uri: `INVALID_PAYLOAD`, or `PAYLOAD_SIZE_EXCEEDED` where only the size is at fault.
    """

    def __init__(self, uri: str = INVALID_PAYLOAD) -> None:
        super().__init__(uri)
        self.uri = uri
