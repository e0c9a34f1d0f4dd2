# SPDX-License-Identifier: MIT
"""How a peer comes to a realm, whatever it says and in whatever state."""

from typing import Any

import pytest

from tests.unit.router.peers import World
from wsecho.router.model.access import Challenge, Identity, TransportDetails
from wsecho.router.model.opening import Opening
from wsecho.router.model.states import SessionState
from wsecho.router.wire.errors import ProtocolViolationError, WampError
from wsecho.router.wire.parsing import parse

ALICE = Identity("alice", "user", "ticket", "test")
ROLES: dict[str, Any] = {"roles": {"caller": {}}}


class Asking:
    """An authenticator that asks twice, and is content with `yes` each time."""

    def authenticate(self, _hello: object, _details: object) -> Challenge:
        """Ask for the first time."""
        return Challenge("ticket", {}, self._again)

    def _again(self, signature: str, _extra: object) -> Challenge:
        if signature != "yes":
            raise WampError("wamp.error.authentication_denied")
        return Challenge("ticket", {}, lambda _signature, _extra: ALICE)


def opening(world: World) -> Opening[Any]:
    """One that may lead to two realms, of which one asks."""
    world.router.add_realm("asking", authenticator=Asking())
    return Opening(world.router, TransportDetails("test", "somewhere"))


def test_who_asks_for_a_realm_that_lets_all_in_is_known_at_once(world: World) -> None:
    """By its HELLO alone."""
    way = opening(world)
    hello = parse([1, "realm1", ROLES])
    identity = way.take(hello, SessionState.WAITING)
    assert isinstance(identity, Identity)
    assert (way.hello, way.realm) == (hello, world.router.realm("realm1"))


def test_each_challenge_is_answered_once(world: World) -> None:
    """And leads to the next, or to an identity."""
    way = opening(world)
    outcomes = [way.take(parse([1, "asking", ROLES]), SessionState.WAITING)]
    outcomes += [way.take(parse([5, "yes", {}]), SessionState.CHALLENGING) for _ in range(2)]
    assert [type(outcome) for outcome in outcomes[:2]] == [Challenge, Challenge]
    assert outcomes[2] is ALICE
    with pytest.raises(ProtocolViolationError):
        way.take(parse([5, "yes", {}]), SessionState.OPEN)


def test_who_is_not_let_in_is_told_why(world: World) -> None:
    """No such realm, or the wrong answer."""
    with pytest.raises(WampError, match="no such realm"):
        opening(world).take(parse([1, "nowhere", ROLES]), SessionState.WAITING)
    way = opening(World())
    way.take(parse([1, "asking", ROLES]), SessionState.WAITING)
    with pytest.raises(WampError, match="authentication_denied"):
        way.take(parse([5, "no", {}]), SessionState.CHALLENGING)


@pytest.mark.parametrize("state", SessionState)
@pytest.mark.parametrize("raw", [[1, "realm1", ROLES], [5, "yes", {}], [48, 1, {}, "com.p"]])
def test_what_comes_out_of_turn_breaks_the_protocol(
    world: World, state: SessionState, raw: list[Any]
) -> None:
    """All but the first HELLO, where nothing was asked."""
    way = opening(world)
    if raw[0] == 1 and state is SessionState.WAITING:
        assert isinstance(way.take(parse(raw), state), Identity)
        return
    with pytest.raises(ProtocolViolationError, match=f"while {state.value}"):
        way.take(parse(raw), state)
