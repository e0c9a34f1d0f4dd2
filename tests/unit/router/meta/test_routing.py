# SPDX-License-Identifier: MIT
"""The Subscription and Registration Meta APIs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.router.meta.watching import watcher
from tests.unit.router.peers import EVENT, UNREGISTER, UNSUBSCRIBE, World

CREATED = "2023-11-14T22:13:20.000Z"


def test_subscription_events(world: World) -> None:
    """on_create before on_subscribe, on_unsubscribe before on_delete; only the first and last."""
    names = ("on_create", "on_subscribe", "on_unsubscribe", "on_delete")
    watching = watcher(world, *(f"wamp.subscription.{name}" for name in names))
    one, two = world.peer(), world.peer()
    subscription = one.subscribe("com.a", match="prefix")
    two.subscribe("com.a", match="prefix")
    details = {"id": subscription, "created": CREATED, "uri": "com.a", "match": "prefix"}
    assert watching.events() == [
        [[one.id, details]],
        [[one.id, subscription]],
        [[two.id, subscription]],
    ]
    one.ask(UNSUBSCRIBE, subscription)
    two.session.lost()
    assert watching.events() == [
        [[one.id, subscription]],
        [[two.id, subscription]],
        [[two.id, subscription]],
    ]


def test_subscription_procedures(world: World) -> None:
    """list, lookup, match, get, list_subscribers, count_subscribers."""
    one, two = world.peer(), world.peer()
    exact = one.subscribe("com.a.x")
    prefix = one.subscribe("com", match="prefix")
    wildcard = one.subscribe("com..x", match="wildcard")
    two.subscribe("com.a.x")
    ask = "wamp.subscription."
    listed = {"exact": [exact], "prefix": [prefix], "wildcard": [wildcard]}
    assert two.result(f"{ask}list") == listed
    assert two.result(f"{ask}lookup", "com.a.x") == exact
    assert two.result(f"{ask}lookup", "com", {"match": "prefix"}) == prefix
    assert two.result(f"{ask}lookup", "com") is None
    assert two.result(f"{ask}match", "com.a.x") == [exact, prefix, wildcard]
    assert two.result(f"{ask}match", "org") is None
    details = {"id": wildcard, "created": CREATED, "uri": "com..x", "match": "wildcard"}
    assert two.result(f"{ask}get", wildcard) == details
    assert two.result(f"{ask}list_subscribers", exact) == [one.id, two.id]
    assert two.result(f"{ask}count_subscribers", exact) == 2


class NoSecret:
    """Lets everybody ask for anything, and none but who has subscribed receive a secret."""

    def allows(self, *_: Any) -> bool:
        """Whatever it is."""
        return True

    def may_receive(self, _session: Any, topic: str) -> bool:
        """What is none."""
        return topic != "com.secret"


def test_who_may_not_receive_a_topic_knows_of_no_subscriber() -> None:
    """By no procedure and no event; those who were let in do, and of patterns everybody does."""
    world = World(authorizer=NoSecret())
    names = ("on_create", "on_subscribe", "on_unsubscribe", "on_delete")
    watching = watcher(world, *(f"wamp.subscription.{name}" for name in names))
    inside, other, stranger = world.peer(), world.peer(), world.peer()
    secret = inside.subscribe("com.secret")
    assert other.subscribe("com.secret") == secret
    pattern = inside.subscribe("com", match="prefix")
    ask = "wamp.subscription."
    for peer, exact in ((stranger, []), (inside, [secret]), (other, [secret])):
        listed = peer.result(f"{ask}list")
        assert [each for each in listed["exact"] if each == secret] == exact
        assert listed["prefix"] == [pattern]
        assert peer.result(f"{ask}lookup", "com.secret") == (exact[0] if exact else None)
        assert peer.result(f"{ask}match", "com.secret") == [*exact, pattern]
    for name in ("get", "list_subscribers", "count_subscribers"):
        assert stranger.refused(f"{ask}{name}", secret) == "wamp.error.no_such_subscription"
    assert inside.result(f"{ask}list_subscribers", secret) == [inside.id, other.id]
    inside.session.lost()
    other.session.lost()
    told = [args for [args] in watching.events()]
    assert [args[1] for args in told if isinstance(args[1], int)] == [pattern] * 3
    assert all(args[1]["uri"] == "com" for args in told if isinstance(args[1], dict))


def test_registration_events(world: World) -> None:
    """on_create before on_register, on_unregister before on_delete; only the first and last."""
    names = ("on_create", "on_register", "on_unregister", "on_delete")
    watching = watcher(world, *(f"wamp.registration.{name}" for name in names))
    one, two = world.peer(), world.peer()
    registration = one.register("com.p", invoke="first")
    two.register("com.p", invoke="first")
    details = {
        "id": registration,
        "created": CREATED,
        "uri": "com.p",
        "match": "exact",
        "invoke": "first",
    }
    assert watching.events() == [
        [[one.id, details]],
        [[one.id, registration]],
        [[two.id, registration]],
    ]
    one.ask(UNREGISTER, registration)
    two.session.lost()
    assert watching.events() == [
        [[one.id, registration]],
        [[two.id, registration]],
        [[two.id, registration]],
    ]


def test_registration_procedures(world: World) -> None:
    """list, lookup, match, get, list_callees, count_callees."""
    one, two = world.peer(), world.peer()
    exact = one.register("com.p", invoke="random")
    prefix = one.register("com", match="prefix")
    wildcard = one.register("com..x", match="wildcard")
    two.register("com.p", invoke="random")
    ask = "wamp.registration."
    listed = {"exact": [exact], "prefix": [prefix], "wildcard": [wildcard]}
    assert two.result(f"{ask}list") == listed
    assert two.result(f"{ask}lookup", "com..x", {"match": "wildcard"}) == wildcard
    assert two.result(f"{ask}lookup", "com..x") is None
    assert two.result(f"{ask}match", "com.p") == exact
    assert two.result(f"{ask}match", "com.a.x") == prefix
    assert two.result(f"{ask}match", "org") is None
    details = two.result(f"{ask}get", exact)
    assert (details["invoke"], details["created"]) == ("random", CREATED)
    assert two.result(f"{ask}list_callees", exact) == [one.id, two.id]
    assert two.result(f"{ask}count_callees", exact) == 2


@pytest.mark.parametrize("what", ["subscription", "registration"])
def test_meta_procedures_with_wrong_arguments(world: World, what: str) -> None:
    """`no_such_…` for an id that there is not, `invalid_argument` for what is none."""
    people = "subscribers" if what == "subscription" else "callees"
    peer = world.peer()
    for name in ("get", f"list_{people}", f"count_{people}"):
        assert peer.refused(f"wamp.{what}.{name}", 99) == f"wamp.error.no_such_{what}"
        assert peer.refused(f"wamp.{what}.{name}", "x") == "wamp.error.invalid_argument"
        assert peer.refused(f"wamp.{what}.{name}") == "wamp.error.invalid_argument"
    assert peer.refused(f"wamp.{what}.match", "a..b") == "wamp.error.invalid_uri"
    assert peer.refused(f"wamp.{what}.lookup", "a", {"match": "x"}) == "wamp.error.invalid_argument"
    assert peer.refused(f"wamp.{what}.lookup", "a", 5) == "wamp.error.invalid_argument"


def test_meta_events_reach_patterns_too(world: World) -> None:
    """With the concrete topic told."""
    peer = world.peer()
    peer.subscribe("wamp.session.", match="prefix")
    world.peer()
    [event] = peer.take()
    assert (event[0], event[3]) == (EVENT, {"topic": "wamp.session.on_join"})
