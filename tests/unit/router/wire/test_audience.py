# SPDX-License-Identifier: MIT
"""Who among the subscribers has an event ("Subscriber Black- and Whitelisting")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.router.peers import (
    World,
)

if TYPE_CHECKING:
    pass


def test_exclude_me_is_the_default(world: World) -> None:
    """The publisher gets its own event with `exclude_me: false` alone."""
    peer = world.peer()
    peer.subscribe("a")
    peer.publish("a", 1)
    assert peer.events() == []
    peer.publish("a", 2, exclude_me=False)
    assert peer.events() == [[[2]]]


def reached(world: World, **options: Any) -> set[str]:
    """The authids that an event with these options reaches."""
    people = {
        "ann": world.known("ann", "admin"),
        "bob": world.known("bob", "user"),
        "cid": world.known("cid", "user"),
    }
    for peer in people.values():
        peer.subscribe("a")
    for name in ("exclude", "eligible"):
        if name in options:
            options[name] = [people[authid].id for authid in options[name]]
    world.peer().publish("a", 1, **options)
    return {authid for authid, peer in people.items() if peer.events()}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"exclude": ["ann"]}, {"bob", "cid"}),
        ({"exclude_authid": ["ann", "bob"]}, {"cid"}),
        ({"exclude_authrole": ["user"]}, {"ann"}),
        ({"eligible": ["ann", "bob"]}, {"ann", "bob"}),
        ({"eligible_authid": ["cid"]}, {"cid"}),
        ({"eligible_authrole": ["user", "ghost"]}, {"bob", "cid"}),
        ({"eligible": []}, set()),
        ({"eligible_authid": []}, set()),
        ({"eligible_authrole": []}, set()),
        ({"exclude": [], "exclude_authid": []}, {"ann", "bob", "cid"}),
        ({"eligible": ["ann", "bob"], "exclude": ["ann"]}, {"bob"}),
        ({"eligible_authrole": ["user"], "exclude_authid": ["bob"]}, {"cid"}),
        ({"eligible_authid": None}, {"ann", "bob", "cid"}),
    ],
)
def test_black_and_whitelists(world: World, options: dict[str, Any], expected: set[str]) -> None:
    """Every list that is there must let the subscriber pass; an empty whitelist reaches nobody."""
    assert reached(world, **options) == expected
