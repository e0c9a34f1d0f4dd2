# SPDX-License-Identifier: MIT
"""Options of every type, and what is no option at all."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.router.peers import (
    ABORT,
    CALL,
    GOODBYE,
    PUBLISH,
    RESULT,
    SUBSCRIBE,
    World,
    is_over,
)


@pytest.mark.parametrize(
    "raw",
    [
        [SUBSCRIBE, 1, {}, 7],
        [SUBSCRIBE, 1, {"get_retained": "yes"}, "a.b"],
        [PUBLISH, 1, {"retain": 1}, "a"],
        # The type counts first, whatever else is wrong.
        [PUBLISH, 1, {"exclude": ["x"]}, "a..b"],
        [CALL, 1, {"match": 7, "timeout": -1, "progress": 0}, "a..b"],
        [64, 1, {"match": "glob", "disclose_caller": "no"}, "a.b"],
        [GOODBYE, {}, 7],
        [3, [], "wamp.close.normal"],
    ],
)
def test_a_wrong_type_breaks_the_protocol(world: World, raw: list[Any]) -> None:
    """Only a string can be an invalid URI, and only what an option may be an invalid argument."""
    peer, other = world.peer(), world.peer()
    [abort] = peer.send(raw)
    assert (abort[0], abort[2]) == (ABORT, "wamp.error.protocol_violation")
    assert is_over(peer)
    assert other.result("wamp.session.count") == 1


def test_whole_floats_and_null_options_are_let_pass(world: World) -> None:
    """Wampy's binary serializers write 1.0 for 1, and null or `undefined` for what is left out."""
    cbor2 = pytest.importorskip("cbor2")
    peer = world.peer()
    undefined = cbor2.undefined
    answers = peer.send(
        [32.0, 1.0, {"match": None, "get_retained": undefined}, "a.b"],
        [SUBSCRIBE, 2, undefined, "a.b"],
        [CALL, 3.0, {"timeout": undefined}, "wamp.session.count", None, undefined],
        [34, 4, 1.0],
    )
    assert answers == [[33, 1, 1], [33, 2, 1], [RESULT, 3, {}, [1]], [35, 4]]


def test_unknown_options_are_ignored(world: World) -> None:
    """What the specification may come to mean one day does no harm."""
    assert world.peer().subscribe("a.b", x_magic=True, nkey=[1]) == 1
