# SPDX-License-Identifier: MIT
"""What WELCOME announces: the features that work here, and nothing more."""

from __future__ import annotations

from typing import Any, Final

BROKER: Final = (
    "publisher_identification",
    "pattern_based_subscription",
    "session_meta_api",
    "subscription_meta_api",
    "subscriber_blackwhite_listing",
    "publisher_exclusion",
    "event_history",
    "event_retention",
)
DEALER: Final = (
    "caller_identification",
    "pattern_based_registration",
    "session_meta_api",
    "registration_meta_api",
    "shared_registration",
    "call_timeout",
    "call_canceling",
    "progressive_call_results",
    "registration_revocation",
    "testament_meta_api",
    "progressive_call_invocations",
)

KNOWN: Final = frozenset((*BROKER, *DEALER))
"""What is announced by either side; of other features nothing is known, not even their type."""


def roles(*, history: bool, revokes: bool) -> dict[str, Any]:
    """The roles for WELCOME ("Feature Announcement").

    Args:
        history: whether the realm's topics have an owner, who keeps Event History.
        revokes: whether a registration may go to another node.
    """
    broker, dealer = dict.fromkeys(BROKER, True), dict.fromkeys(DEALER, True)
    if not history:
        del broker["event_history"]
    if not revokes:
        del dealer["registration_revocation"]
    return {"broker": {"features": broker}, "dealer": {"features": dealer}}


def bare_roles() -> dict[str, Any]:
    """The roles without their features, for a peer that takes no message so long."""
    return {"broker": {}, "dealer": {}}
