# SPDX-License-Identifier: MIT
"""Which registration a call goes to, and which of its callees ("Shared Registration")."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.unit.router.callees import served, share
from tests.unit.router.peers import (
    REGISTER,
    World,
)


@pytest.mark.parametrize(
    ("procedure", "expected"),
    [
        ("a1.b2.c3.d4.e55", 1),
        ("a1.b2.c3.d98.e74", 2),
        ("a1.b2.c3.d4.e325", 3),
        ("a1.b2.c55.d4.e5", 4),
        ("a1.b2.c88.d4.e5.f6.g7", 6),
        ("a2.b2.c2.d2.e2", None),
    ],
)
def test_the_specifications_order_of_matches(
    world: World, procedure: str, expected: int | None
) -> None:
    """Exact, then the longest prefix, then the wildcard with the longest runs."""
    caller, callee = world.peer(), world.peer()
    for uri, match in (
        *(("a1.b2.c3.d4.e55", "exact"), ("a1.b2.c3", "prefix"), ("a1.b2.c3.d4", "prefix")),
        *(("a1.b2..d4.e5", "wildcard"), ("a1.b2.c3..e5", "wildcard")),
        *(("a1.b2..d4.e5..g7", "wildcard"), ("a1.b2..d4..f6.g7", "wildcard")),
    ):
        callee.register(uri, match=match)
    answer = caller.call(procedure)
    if expected is None:
        assert answer[4] == "wamp.error.no_such_procedure"
    else:
        invocation = callee.one()
        assert invocation[2] == expected
        assert invocation[3].get("procedure") == (None if expected == 1 else procedure)


def test_of_two_wildcards_the_longer_first_run_wins(world: World) -> None:
    """The specification's RPC 5 against RPC 4, with no prefix that would catch the call."""
    caller, callee = world.peer(), world.peer()
    callee.register("a1.b2..d4.e5", match="wildcard")
    better = callee.register("a1.b2.c3..e5", match="wildcard")
    caller.call("a1.b2.c3.d4.e5")
    assert callee.one()[2] == better


def test_shared_first_and_last(world: World) -> None:
    """Hot stand-by: the first, respectively last, that is left."""
    caller, callees = share(world, "first")
    assert served(caller, callees, 2) == [0, 0]
    callees[0].session.lost()
    assert served(caller, callees, 2) == [1, 1]
    other = World()
    caller, callees = share(other, "last")
    assert served(caller, callees, 2) == [2, 2]
    callees[2].session.lost()
    assert served(caller, callees, 2) == [1, 1]


def test_shared_roundrobin(world: World) -> None:
    """One after the other in the order of registration, also as they come and go."""
    caller, callees = share(world, "roundrobin")
    assert served(caller, callees, 5) == [0, 1, 2, 0, 1]
    callees[0].session.lost()
    assert served(caller, callees, 4) == [2, 1, 2, 1]


def test_shared_random(world: World) -> None:
    """Everyone gets some."""
    caller, callees = share(world, "random")
    counts = Counter(served(caller, callees, 300))
    assert all(count > 50 for count in counts.values())
    assert len(counts) == 3


def test_sharing_needs_one_policy(world: World) -> None:
    """Another policy is refused, and so is the same session twice."""
    _, callees = share(world, "first", 1)
    answer = world.peer().ask(REGISTER, {"invoke": "last"}, "com.p")
    assert answer[4] == "wamp.error.procedure_exists_with_different_invocation_policy"
    answer = callees[0].ask(REGISTER, {"invoke": "first"}, "com.p")
    assert answer[4] == "wamp.error.procedure_already_exists"
