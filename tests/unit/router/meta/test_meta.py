# SPDX-License-Identifier: MIT
"""The meta API: sessions, subscriptions, registrations, testaments."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.router.peers import EVENT, GOODBYE, RESULT, UNREGISTER, UNSUBSCRIBE, Peer, World

CREATED = "2023-11-14T22:13:20.000Z"


def watcher(world: World, *topics: str) -> Peer:
    """A peer that subscribed to meta events."""
    peer = world.peer()
    for topic in topics:
        peer.subscribe(topic)
    return peer


def test_on_join_and_on_leave(world: World) -> None:
    """on_join has the session's details, on_leave its id, authid and authrole."""
    watching = watcher(world, "wamp.session.on_join", "wamp.session.on_leave")
    ann = world.known("ann")
    details = {
        "session": ann.id,
        "authid": "ann",
        "authrole": "user",
        "authmethod": "token",
        "authprovider": "static",
        "transport": {"type": "websocket"},
    }
    assert watching.events() == [[[details]]]
    ann.session.lost()
    assert watching.events() == [[[ann.id, "ann", "user"]]]


def test_session_count_and_list(world: World) -> None:
    """Of all, or of those with one of some authroles."""
    ann, bob = world.known("ann", "admin"), world.known("bob", "user")
    assert ann.result("wamp.session.count") == 2
    assert ann.result("wamp.session.count", ["user", "ghost"]) == 1
    assert ann.result("wamp.session.list") == [ann.id, bob.id]
    assert ann.result("wamp.session.list", ["admin"]) == [ann.id]
    assert ann.refused("wamp.session.count", "user") == "wamp.error.invalid_argument"
    assert ann.refused("wamp.session.list", [5]) == "wamp.error.invalid_argument"


def test_session_get(world: World) -> None:
    """The details of on_join; nothing of the peer's address or grants."""
    ann, bob = world.known("ann"), world.peer()
    details = bob.result("wamp.session.get", ann.id)
    assert (details["session"], details["authid"]) == (ann.id, "ann")
    assert "192.0.2" not in str(details)
    assert bob.refused("wamp.session.get", 1) == "wamp.error.no_such_session"
    assert bob.refused("wamp.session.get") == "wamp.error.invalid_argument"
    assert bob.refused("wamp.session.get", "x") == "wamp.error.invalid_argument"


def test_session_kill(world: World) -> None:
    """GOODBYE with the reason and message, and it is gone from the realm; never oneself."""
    ann, bob, cid = world.peer(), world.peer(), world.peer()
    ann.result("wamp.session.kill", bob.id, reason="com.bad", message="out")
    ann.result("wamp.session.kill", cid.id)
    assert bob.one() == [GOODBYE, {"message": "out"}, "com.bad"]
    assert cid.one() == [GOODBYE, {}, "wamp.close.killed"]
    assert ann.result("wamp.session.list") == [ann.id]
    assert ann.refused("wamp.session.kill", ann.id) == "wamp.error.no_such_session"
    assert ann.refused("wamp.session.kill", bob.id) == "wamp.error.no_such_session"


@pytest.mark.parametrize("reason", ["", "a..b", "no uri"])
def test_session_kill_wants_a_uri_for_a_reason(world: World, reason: str) -> None:
    """`wamp.error.invalid_uri`, and nobody is killed."""
    ann, bob = world.peer(), world.peer()
    assert ann.refused("wamp.session.kill", bob.id, reason=reason) == "wamp.error.invalid_uri"
    assert ann.refused("wamp.session.kill_all", reason=reason) == "wamp.error.invalid_uri"
    assert bob.session.is_open


def test_session_kill_by_authid(world: World) -> None:
    """All others of that authid; their ids come back."""
    ann, twin, bob = world.known("ann"), world.known("ann"), world.known("bob")
    assert ann.result("wamp.session.kill_by_authid", "nobody") == []
    assert ann.result("wamp.session.kill_by_authid", "ann", reason="a.b") == [twin.id]
    assert (twin.one()[2], bob.take()) == ("a.b", [])
    assert ann.refused("wamp.session.kill_by_authid") == "wamp.error.invalid_argument"


def test_session_kill_by_authrole(world: World) -> None:
    """All others of that authrole; the count comes back."""
    ann, bob, cid = (world.known(name, "user") for name in ("ann", "bob", "cid"))
    joe = world.known("joe", "admin")
    assert ann.result("wamp.session.kill_by_authrole", "user") == 2
    assert [len(peer.take()) for peer in (ann, bob, cid, joe)] == [0, 1, 1, 0]


def test_session_kill_all(world: World) -> None:
    """Everybody but the caller; the count comes back."""
    ann, bob, cid = world.peer(), world.peer(), world.peer()
    assert ann.result("wamp.session.kill_all", message="bye") == 2
    assert bob.one() == cid.one() == [GOODBYE, {"message": "bye"}, "wamp.close.killed"]
    assert ann.session.is_open
    assert ann.result("wamp.session.kill_all") == 0


@pytest.mark.parametrize(
    ("procedure", "chosen"),
    [("kill", None), ("kill_by_authid", "bob"), ("kill_by_authrole", "user"), ("kill_all", None)],
)
def test_who_is_killed_without_a_word_is_told_that(
    world: World, procedure: str, chosen: str | None
) -> None:
    """`wamp.close.killed`, and no message, by each of the four; a null is no word either."""
    ann = world.known("ann", "admin")
    for given in ({}, {"reason": None, "message": None}):
        bob = world.known("bob", "user")
        arguments = [] if procedure == "kill_all" else [chosen or bob.id]
        ann.result(f"wamp.session.{procedure}", *arguments, **given)
        assert bob.one() == [GOODBYE, {}, "wamp.close.killed"]


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


def test_testaments_are_published_when_the_session_ends(world: World) -> None:
    """However it ends; detached ones first, each scope in order, then on_leave."""
    heir = watcher(world, "com.will", "wamp.session.on_leave")
    peer = world.peer()
    for number, scope in ((1, "destroyed"), (2, "detached"), (3, "destroyed")):
        answer = peer.call(
            "wamp.session.add_testament",
            *("com.will", [number], {"k": number}),
            kwargs={"scope": scope},
        )
        assert answer[0] == RESULT
    peer.session.lost()
    order = [raw[4][0] for raw in heir.take()]
    assert order == [2, 1, 3, peer.id]


def test_testaments_can_be_flushed(world: World) -> None:
    """By scope; `destroyed` is the default."""
    heir = watcher(world, "com.will")
    peer = world.peer()
    peer.result("wamp.session.add_testament", "com.will", ["kept"], {}, scope="detached")
    peer.result("wamp.session.add_testament", "com.will", ["gone"], {})
    peer.result("wamp.session.flush_testaments")
    peer.session.close()
    assert heir.events() == [[["kept"]]]
    world.clock.move(10)
    assert heir.events() == []


def test_a_testament_has_publish_options(world: World) -> None:
    """Its audience counts, and its publisher may be told."""
    heir, other = world.known("heir"), world.known("other")
    for someone in (heir, other):
        someone.subscribe("com.will")
    peer = world.known("ann")
    options = {"eligible_authid": ["heir"], "disclose_me": True, "acknowledge": True}
    peer.result("wamp.session.add_testament", "com.will", [1], {}, publish_options=options)
    peer.session.lost()
    assert heir.one()[3]["publisher_authid"] == "ann"
    assert other.take() == []


@pytest.mark.parametrize(
    ("args", "kwargs", "uri"),
    [
        ([], {}, "wamp.error.invalid_argument"),
        (["a..b", [], {}], {}, "wamp.error.invalid_uri"),
        (["wamp.session.on_leave", [], {}], {}, "wamp.error.invalid_uri"),
        (["a.b", {}, {}], {}, "wamp.error.invalid_argument"),
        (["a.b", [], []], {}, "wamp.error.invalid_argument"),
        (["a.b", [], {}], {"scope": "never"}, "wamp.error.invalid_argument"),
        (["a.b", [], {}], {"publish_options": {"eligible": 3}}, "wamp.error.invalid_argument"),
        (["a.b", [], {}], {"publish_options": []}, "wamp.error.invalid_argument"),
    ],
)
def test_a_testament_that_cannot_be_published_is_refused(
    world: World, args: list[Any], kwargs: dict[str, Any], uri: str
) -> None:
    """When it is made, while there is somebody to be told."""
    assert world.peer().refused("wamp.session.add_testament", *args, **kwargs) == uri


def test_testaments_are_bounded(world: World) -> None:
    """A session cannot fill the memory with them."""
    peer = world.peer()
    for _ in range(100):
        peer.result("wamp.session.add_testament", "a.b", [], {})
    answer = peer.refused("wamp.session.add_testament", "a.b", [], {})
    assert answer == "wsecho.error.over_limit"


def test_meta_events_reach_patterns_too(world: World) -> None:
    """With the concrete topic told."""
    peer = world.peer()
    peer.subscribe("wamp.session.", match="prefix")
    world.peer()
    [event] = peer.take()
    assert (event[0], event[3]) == (EVENT, {"topic": "wamp.session.on_join"})
