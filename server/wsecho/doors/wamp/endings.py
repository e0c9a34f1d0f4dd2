# SPDX-License-Identifier: MIT
"""How a session's end is told: to its client, as a WebSocket's close code, in the log's line."""

from typing import Final

from wsecho.core.wire.errors import (
    OUR_FAULT,
    OVER_RATE,
    STOPPING,
    TOKEN_EXPIRED,
    CloseCode,
    CloseReason,
    bounded_reason,
    without_quotes,
)
from wsecho.router import Ending, Session
from wsecho.router.wire import errors as uris

# Together these are AutobahnJS's alone: what it takes of progressive results it does not announce.
_AUTOBAHNJS: Final = frozenset(("progressive_call_results", "registration_revocation"))
_NOT_AUTOBAHNJS: Final = "call_canceling"

_OVER: Final = CloseReason(CloseCode.NORMAL, "the session is over")
_KNOWN_URIS: Final = {value for value in vars(uris).values() if isinstance(value, str)}
_BY_REASON: Final = {
    uris.SYSTEM_SHUTDOWN: STOPPING,
    uris.TOKEN_EXPIRED: TOKEN_EXPIRED,
    uris.OVER_RATE: OVER_RATE,
}


def returns_after_goodbye(session: Session) -> bool:
    """Tell whether a session's client comes back by itself after the server's GOODBYE.

    AutobahnJS (26.3.1) retries no more once a session has ended by a message, whichever, while a
    transport that is gone has it try again. It does not name itself, but is known by the features
    that it announces as a callee. Of a client that has said nothing yet it is not known.
    """
    if not session.is_open or session.hello is None:
        return False
    features = session.hello.features.get("callee", frozenset())
    return _NOT_AUTOBAHNJS in features or not features >= _AUTOBAHNJS


def close_reason(ending: Ending) -> CloseReason:
    """Return what to close a session's WebSocket with; of a violation, it says which."""
    if ending.uri in _BY_REASON:
        return _BY_REASON[ending.uri]
    if ending.by == "violation":
        what = bounded_reason(f"{ending.uri}: {ending.message}")
        return CloseReason(CloseCode.PROTOCOL_ERROR, what)
    return OUR_FAULT if ending.by == "fault" else _OVER


def told(ending: Ending | None) -> tuple[str, str]:
    """Return a session's end as it is logged and counted: its URI, who ended it and why.

    Of a peer's own URI only that it is one, as it can choose among as many as it likes; what a peer
    gives as its reason is no business of the log's.

    Args:
        ending: None where the transport was lost.
    """
    if ending is None:
        return uris.TRANSPORT_LOST, ""
    uri = ending.uri if ending.uri in _KNOWN_URIS else "other"
    is_ours_to_say = ending.by in {"violation", "fault"} and ending.message
    if not is_ours_to_say:
        return uri, f"by {ending.by}"
    return uri, f"by {ending.by}: {without_quotes(str(ending.message))}"
