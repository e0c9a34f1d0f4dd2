# SPDX-License-Identifier: MIT
"""What WELCOME announces: the features that work here, and nothing more."""

from __future__ import annotations

from typing import Any

from autobahn.wamp import role

BROKER = (
    "publisher_identification",
    "pattern_based_subscription",
    "session_meta_api",
    "subscription_meta_api",
    "subscriber_blackwhite_listing",
    "publisher_exclusion",
    "event_retention",
)
DEALER = (
    "caller_identification",
    "pattern_based_registration",
    "session_meta_api",
    "registration_meta_api",
    "shared_registration",
    "call_timeout",
    "call_canceling",
    "progressive_call_results",
    "progressive_call_invocations",
    "testament_meta_api",
)

KNOWN = frozenset((*BROKER, *DEALER, "event_history", "registration_revocation"))
"""What is announced by either side; of other features nothing is known, not even their type."""


def roles(*, history: bool, revokes: bool) -> dict[str, Any]:
    """The roles for WELCOME, as Autobahn's objects.

    Args:
        history: whether the realm's topics have an owner, who keeps Event History.
        revokes: whether a registration may go to another node.
    """
    broker = role.RoleBrokerFeatures(**dict.fromkeys(BROKER, True), event_history=history or None)
    dealer = role.RoleDealerFeatures(
        **dict.fromkeys(DEALER, True), registration_revocation=revokes or None
    )
    # Autobahn has no such feature for dealers, and drops it; what it marshals is the attributes.
    vars(dealer)["progressive_call_invocations"] = True
    return {"broker": broker, "dealer": dealer}


def bare_roles() -> dict[str, Any]:
    """The roles without their features, for a peer that takes no message so long."""
    return {"broker": role.RoleBrokerFeatures(), "dealer": role.RoleDealerFeatures()}
