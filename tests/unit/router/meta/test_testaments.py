# SPDX-License-Identifier: MIT
"""The Testament Meta API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.router.meta.watching import watcher
from tests.unit.router.peers import RESULT, World


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


def test_a_testament_has_keywords_with_names(world: World) -> None:
    """MessagePack and CBOR could say otherwise; nobody could be sent that ("Messages")."""
    peer = world.peer()
    answer = peer.call("wamp.session.add_testament", "com.will", [], {1: "x"})
    assert answer[4:] == ["wamp.error.invalid_argument", ["kwargs must have string keys"]]
