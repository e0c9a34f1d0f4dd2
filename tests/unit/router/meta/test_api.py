# SPDX-License-Identifier: MIT
"""The meta procedures that a realm serves, and nobody else may."""

from __future__ import annotations

import pytest

from tests.unit.router.peers import CALL, ERROR, REGISTER, World, with_rooms

SESSION = (
    *("count", "list", "get", "kill", "kill_by_authid", "kill_by_authrole", "kill_all"),
    *("add_testament", "flush_testaments"),
)
SUBSCRIPTION = ("list", "lookup", "match", "get", "list_subscribers", "count_subscribers")
REGISTRATION = ("list", "lookup", "match", "get", "list_callees", "count_callees")
META = [
    *(f"wamp.session.{name}" for name in SESSION),
    *(f"wamp.subscription.{name}" for name in SUBSCRIPTION),
    *(f"wamp.registration.{name}" for name in REGISTRATION),
]


@pytest.mark.parametrize("procedure", META)
def test_each_meta_procedure_is_served(world: World, procedure: str) -> None:
    """Those of the three Meta APIs, and the testaments': none is unknown, whatever its answer."""
    answer = world.peer().call(procedure)
    assert answer[4:5] != ["wamp.error.no_such_procedure"]
    assert answer[4:5] != ["wamp.error.runtime_error"]


def test_nothing_more_is_served_than_the_specification_has(world: World) -> None:
    """Event History only where there is one."""
    history = "wamp.subscription.get_events"
    assert set(world.realm.dealer._own) == set(META)
    with_owner, _ = with_rooms()
    assert set(with_owner.realm.dealer._own) == {*META, history}


@pytest.mark.parametrize("procedure", [*META, "wamp.session.undreamt_of"])
def test_nobody_can_register_them(world: World, procedure: str) -> None:
    """Nor what the specification may add one day ("Reserved URIs")."""
    peer = world.peer()
    for match in ("exact", "prefix", "wildcard"):
        answer = peer.ask(REGISTER, {"match": match}, procedure)
        assert (answer[0], answer[4]) == (ERROR, "wamp.error.invalid_uri")


def test_no_pattern_of_a_clients_answers_for_the_router(world: World) -> None:
    """A prefix of everything does not see a call of a meta procedure that there is not."""
    callee, caller = world.peer(), world.peer()
    callee.register("", match="prefix")
    assert caller.call("wamp.session.undreamt_of")[:5] == [
        *(ERROR, CALL, 1, {}),
        "wamp.error.no_such_procedure",
    ]
    assert callee.take() == []
