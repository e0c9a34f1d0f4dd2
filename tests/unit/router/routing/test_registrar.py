# SPDX-License-Identifier: MIT
"""REGISTER and UNREGISTER: who serves a procedure."""

from __future__ import annotations

from tests.unit.router.callees import pair
from tests.unit.router.peers import (
    ERROR,
    REGISTER,
    RESULT,
    UNREGISTER,
    UNREGISTERED,
    YIELD,
    World,
)


def test_registration_ids_count_from_1(world: World) -> None:
    """Within the realm."""
    one, two = world.peer(), world.peer()
    assert [one.register("a"), two.register("b"), one.register("c")] == [1, 2, 3]


def test_a_procedure_is_registered_once(world: World) -> None:
    """`single` is the default; the second one fails, also of the same session."""
    _, callee = pair(world)
    for peer in (callee, world.peer()):
        answer = peer.ask(REGISTER, {}, "com.p")
        assert (answer[0], answer[4]) == (ERROR, "wamp.error.procedure_already_exists")


def test_after_unregistering_no_call_comes(world: World) -> None:
    """UNREGISTERED; a call under way goes on, a new one finds nothing."""
    caller, callee = pair(world)
    caller.call("com.p")
    assert callee.ask(UNREGISTER, 1) == [UNREGISTERED, 2]
    assert caller.call("com.p")[4] == "wamp.error.no_such_procedure"
    callee.send([YIELD, 1, {}, [1]])
    assert caller.one() == [RESULT, 1, {}, [1]]
    assert callee.ask(UNREGISTER, 1)[4] == "wamp.error.no_such_registration"


def test_nobody_can_unregister_another(world: World) -> None:
    """The id of another's registration is none of mine."""
    caller, _ = pair(world)
    assert caller.ask(UNREGISTER, 1)[4] == "wamp.error.no_such_registration"


def test_procedures_under_wamp_are_the_routers_own(world: World) -> None:
    """Nobody registers them, and no pattern of anyone's catches them."""
    caller, callee = world.peer(), world.peer()
    for procedure, match in (("wamp.x", "exact"), ("wamp", "prefix"), ("wamp..x", "wildcard")):
        answer = callee.ask(REGISTER, {"match": match}, procedure)
        assert (answer[0], answer[4]) == (ERROR, "wamp.error.invalid_uri")
    callee.register("", match="prefix")
    assert caller.call("wamp.nothing")[4] == "wamp.error.no_such_procedure"
    assert caller.result("wamp.session.count") == 2
