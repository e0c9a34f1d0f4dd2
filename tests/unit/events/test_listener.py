# SPDX-License-Identifier: MIT
"""What a listener says where it does not take a batch."""

from wsecho.events.listener import NotTakenError


def test_it_says_why_and_for_how_long() -> None:
    """The one for the log, the other for whoever tells it again."""
    error = NotTakenError("busy", 3.0)
    assert (error.reason, error.retry_after, str(error)) == ("busy", 3.0, "busy")
    assert NotTakenError("gone").retry_after is None
