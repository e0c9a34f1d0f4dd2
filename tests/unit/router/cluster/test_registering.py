# SPDX-License-Identifier: MIT
"""Registrations over several nodes: a procedure is claimed for all of them."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.router.cluster.air import Cluster
from tests.unit.router.peers import (
    BASIC_ROLES,
    ERROR,
    GOODBYE,
    INVOCATION,
    REGISTER,
    REGISTERED,
    UNREGISTER,
    UNREGISTERED,
    World,
)
from wsecho.router.cluster.messages import Registered
from wsecho.router.cluster.remote_sessions import RemoteSession

if TYPE_CHECKING:
    from wsecho.router.wire.requests import Invoke
from tests.unit.router.cluster.nodes import TAKEN, callees, knows, serving


def test_a_procedure_is_taken_for_all_nodes(cluster: Cluster) -> None:
    """`single` once, and a policy for all; free again when the callee is gone."""
    one, two = cluster[0].peer(), cluster[1].peer()
    one.register("com.p")
    for options in ({}, {"invoke": "random"}):
        for peer in (one, two):
            assert peer.ask(REGISTER, options, "com.p")[4] == TAKEN
    one.register("com.s", invoke="first")
    assert two.ask(REGISTER, {}, "com.s")[4].endswith("different_invocation_policy")
    assert two.ask(REGISTER, {"invoke": "last"}, "com.s")[4].endswith("invocation_policy")
    one.session.lost()
    cluster.settle()
    two.register("com.p")
    two.register("com.s", invoke="last")


@given(st.randoms(use_true_random=True))
def test_one_of_many_wins(dice: random.Random) -> None:
    """Whatever order messages take; and all nodes agree who."""
    cluster = Cluster(3)
    peers = [cluster[number % 3].peer() for number in range(6)]
    for peer in peers:
        peer.session.receive([REGISTER, 1, {}, "com.p"])
    while cluster.step(dice):
        pass
    answers = [peer.one() for peer in peers]
    [winner] = [place for place, answer in enumerate(answers) if answer[0] == REGISTERED]
    assert {answer[4] for answer in answers if answer[0] == ERROR} == {TAKEN}
    for world in cluster.worlds.values():
        found = world.realm.dealer.registrations.find("com.p", "exact")
        assert found is not None
        assert [callee.session.id for callee in found.callees] == [peers[winner].id]
    cluster.check()


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("first", [0] * 6), ("last", [2] * 6), ("roundrobin", [0, 1, 2, 0, 1, 2])],
)
def test_a_policy_holds_over_all_nodes(cluster: Cluster, policy: str, expected: list[int]) -> None:
    """Wherever the callers are."""
    callees = [cluster[number].peer() for number in (2, 0, 1)]
    assert len({callee.register("com.p", invoke=policy) for callee in callees}) == 1
    callers = [cluster[number % 3].peer() for number in range(6)]
    served = []
    for caller in callers:
        caller.call("com.p")
        served += [place for place, callee in enumerate(callees) if callee.take()]
    assert served == expected


def offered(remote_session: RemoteSession, rank: int, policy: Invoke = "single") -> Registered:
    """What its node tells of a session that serves a procedure."""
    return Registered(remote_session.id, "com.p", "exact", policy, rank, 0.0, False)


@pytest.fixture
def remote_sessions(cluster: Cluster) -> list[RemoteSession]:
    """Two sessions as the first node knows them, each of another one."""
    there = [cluster[number].peer() for number in (1, 2)]
    known = [cluster[0].realm.remote_sessions[peer.id] for peer in there]
    return [session for session in known if isinstance(session, RemoteSession)]


def test_a_later_claim_takes_the_place_of_an_earlier_one(
    cluster: Cluster, remote_sessions: list[RemoteSession]
) -> None:
    """It was granted among all nodes, so theirs is over, though the news of that is on its way."""
    (one, two), registrar = remote_sessions, cluster[0].realm.dealer.registrar
    registrar.enter_remote_session(one, offered(one, 5))
    registrar.enter_remote_session(two, offered(two, 6))
    assert serving(cluster[0]) == [two.id]
    assert not one.registrations
    # A session of this node's has to make way as well, and is told.
    here = cluster[0].peer(callees("registration_revocation"))
    registration = here.register("com.here")
    later = attrs.evolve(offered(one, 99), uri="com.here")
    registrar.enter_remote_session(one, later)
    assert here.one() == [UNREGISTERED, 0, {"registration": registration, "reason": TAKEN}]
    # Where it may be shared nobody has to go.
    registrar.enter_remote_session(two, attrs.evolve(offered(two, 7, "random"), uri="com.many"))
    registrar.enter_remote_session(one, attrs.evolve(offered(one, 8, "random"), uri="com.many"))
    found = registrar.registrations.find("com.many", "exact")
    assert found is not None
    assert [callee.session for callee in found.callees] == [two, one]


@pytest.mark.parametrize(
    ("standing", "late"),
    [("single", "single"), ("random", "first"), ("random", "single"), ("single", "random")],
)
@pytest.mark.parametrize("rank", [4, 5])
def test_a_claim_that_is_over_is_not_entered(
    cluster: Cluster,
    remote_sessions: list[RemoteSession],
    standing: Invoke,
    late: Invoke,
    rank: int,
) -> None:
    """Its node does not know yet; the one that was granted later, or stands already, goes on."""
    (one, two), registrar = remote_sessions, cluster[0].realm.dealer.registrar
    registrar.enter_remote_session(two, offered(two, 5, standing))
    registrar.enter_remote_session(one, offered(one, rank, late))
    assert serving(cluster[0]) == [two.id]
    assert not one.registrations


def test_news_of_an_earlier_callee_that_shares_comes_late(
    cluster: Cluster, remote_sessions: list[RemoteSession]
) -> None:
    """It stands before the others all the same: callees are in the order of their claims."""
    (one, two), registrar = remote_sessions, cluster[0].realm.dealer.registrar
    registrar.enter_remote_session(two, offered(two, 5, "first"))
    registrar.enter_remote_session(one, offered(one, 4, "first"))
    registrar.enter_remote_session(one, offered(one, 4, "first"))
    assert serving(cluster[0]) == [one.id, two.id]


def test_random_chooses_among_all_nodes(cluster: Cluster) -> None:
    """Each is chosen now and then, from each node."""
    callees = [cluster[number].peer() for number in range(3)]
    for callee in callees:
        callee.register("com.p", invoke="random")
    caller = cluster[0].peer()
    for _ in range(90):
        caller.call("com.p")
    served = Counter({place: len(callee.take()) for place, callee in enumerate(callees)})
    assert sum(served.values()) == 90
    assert min(served.values()) > 10


def test_the_same_asked_for_twice_at_once(cluster: Cluster) -> None:
    """Is registered once."""
    callee = cluster[0].peer()
    for number in (1, 2):
        callee.session.receive([REGISTER, number, {"invoke": "first"}, "com.p"])
    cluster.settle()
    assert sorted(raw[0] for raw in callee.take()) == [ERROR, REGISTERED]


def test_only_where_there_are_others_registrations_are_revoked(cluster: Cluster) -> None:
    """And only there it is announced."""
    welcomes = [world.raw_peer().hello().one() for world in (cluster[0], World())]
    features = [welcome[2]["roles"]["dealer"]["features"] for welcome in welcomes]
    assert features[0] == {**features[1], "registration_revocation": True}
    assert "registration_revocation" not in features[1]


def test_a_claim_may_be_lost(cluster: Cluster) -> None:
    """While a node is cut off and taken for dead: there the registration is revoked."""
    revocable = cluster[0].peer(callees("registration_revocation"))
    plain = cluster[0].peer(BASIC_ROLES)
    registration = revocable.register("com.p")
    plain.register("com.q")
    cluster.cut("node0")
    cluster.bury("node0")
    cluster.settle()
    heir = cluster[1].peer()
    heir.register("com.p")
    heir.register("com.q")
    cluster.rejoin("node0")
    cluster.settle()
    assert revocable.one() == [
        *(UNREGISTERED, 0, {"registration": registration, "reason": TAKEN}),
    ]
    assert plain.one()[0] == GOODBYE
    caller = cluster[0].peer()
    caller.call("com.p")
    assert heir.one()[0] == INVOCATION
    assert knows(cluster[0])[2] == knows(cluster[1])[2]


def test_a_claim_that_cannot_be_told_is_given_back(cluster: Cluster) -> None:
    """The bus went away in between: nobody may hold what nobody was told of."""
    peer, radio = cluster[0].peer(), cluster.radios["node0"]
    peer.session.receive([REGISTER, 1, {}, "com.p"])
    while radio.outbox:
        radio.carry()
    radio.is_away = True
    while radio.inbox:
        radio.take()
    assert peer.one()[2:5] == [1, {}, "wamp.error.network_failure"]
    assert not cluster[0].realm.dealer.registrations.find("com.p", "exact")
    assert cluster[0].realm.others.registering.offered == []  # type: ignore[attr-defined]
    cluster.cut("node0")
    cluster.rejoin("node0")
    cluster.settle()
    assert cluster[1].peer().register("com.p")


def test_what_is_lost_after_it_was_given_up_is_no_matter(cluster: Cluster) -> None:
    """The news that others hold it comes to a session that serves it no longer."""
    peer = cluster[0].peer()
    registration = peer.register("com.p")
    [(_, _, _, lost)] = cluster.radios["node0"].claims.values()
    peer.ask(UNREGISTER, registration)
    lost()
    other = cluster[0].peer()
    other.register("com.p")
    lost()
    cluster.settle()
    assert peer.take() == other.take() == []
    assert peer.session.is_open
    assert serving(cluster[1]) == [other.id]
