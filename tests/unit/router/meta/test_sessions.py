# SPDX-License-Identifier: MIT
"""The Session Meta API."""

from __future__ import annotations

import pytest

from tests.unit.router.meta.watching import watcher
from tests.unit.router.peers import GOODBYE, World


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
