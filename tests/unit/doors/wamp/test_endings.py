# SPDX-License-Identifier: MIT
"""How a session's end is told: each in one line, and nothing of the peer's own in it."""

import pytest

from wsecho.doors.wamp.endings import close_reason, told
from wsecho.router import Ending


@pytest.mark.parametrize(
    ("ending", "code", "reason", "logged"),
    [
        (
            Ending("wamp.error.protocol_violation", "not JSON", "violation"),
            *(1002, "wamp.error.protocol_violation: not JSON"),
            ("wamp.error.protocol_violation", "by violation: not JSON"),
        ),
        (
            Ending("wamp.error.runtime_error", "the router failed", "fault"),
            *(1011, "internal error"),
            ("wamp.error.runtime_error", "by fault: the router failed"),
        ),
        (
            Ending("wamp.close.system_shutdown"),
            *(1001, "the server is stopping"),
            ("wamp.close.system_shutdown", "by router"),
        ),
        (
            Ending("com.example.secret", "a secret", "peer"),
            *(1000, "the session is over"),
            ("other", "by peer"),
        ),
    ],
)
def test_an_end_is_told(ending: Ending, code: int, reason: str, logged: tuple[str, str]) -> None:
    """As a Close frame, and in the log."""
    why = close_reason(ending)
    assert (why.code, why.reason) == (code, reason)
    assert told(ending) == logged


def test_a_lost_transport_has_no_ending() -> None:
    """It is counted as that."""
    assert told(None) == ("wamp.close.transport_lost", "")


def test_a_long_reason_fits_a_close_frame() -> None:
    """Of 123 octets (RFC 6455 section 5.5)."""
    why = close_reason(Ending("wamp.error.protocol_violation", "é" * 100, "violation"))
    assert len(why.reason.encode()) in {122, 123}
