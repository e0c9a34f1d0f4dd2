# SPDX-License-Identifier: MIT
"""What WELCOME announces ("Feature Announcement"), and what of a HELLO is understood."""

from __future__ import annotations

from tests.unit.router.peers import (
    World,
)
from wsecho.router.wire import requests
from wsecho.router.wire.parsing import parse


def test_welcome_announces_exactly_what_works(world: World) -> None:
    """The features of WELCOME, no more and no less; no Event History without an owner."""
    roles = world.raw_peer().hello().one()[2]["roles"]
    assert {role: set(roles[role]["features"]) for role in roles} == {
        "broker": {
            *("publisher_identification", "pattern_based_subscription", "session_meta_api"),
            *("subscription_meta_api", "subscriber_blackwhite_listing", "publisher_exclusion"),
            "event_retention",
        },
        "dealer": {
            *("caller_identification", "pattern_based_registration", "session_meta_api"),
            *("registration_meta_api", "shared_registration", "call_timeout", "call_canceling"),
            *("progressive_call_results", "progressive_call_invocations", "testament_meta_api"),
        },
    }
    assert all(on is True for role in roles.values() for on in role["features"].values())


def test_of_features_that_are_not_known_not_even_the_type_is() -> None:
    """They are ignored ("Extensibility")."""
    roles = {"caller": {"features": {"call_rerouting": {"within": 5}, "call_timeout": True}}}
    hello = parse([1, "realm1", {"roles": roles, "agent": 7, "x_more": [1]}])
    assert isinstance(hello, requests.Hello)
    assert hello.features["caller"] == {"call_timeout"}
