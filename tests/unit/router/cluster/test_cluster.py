# SPDX-License-Identifier: MIT
"""A realm over several nodes: what each session sees is as if there were one."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.unit.router.air import PATIENCE, Cluster
from tests.unit.router.peers import (
    BASIC_ROLES,
    CALL,
    CANCEL,
    ERROR,
    EVENT,
    GOODBYE,
    INTERRUPT,
    INVOCATION,
    PUBLISH,
    PUBLISHED,
    REGISTER,
    REGISTERED,
    RESULT,
    UNREGISTER,
    UNREGISTERED,
    YIELD,
    Peer,
    Rooms,
    World,
    is_over,
)
from wsecho.router import Identity
from wsecho.router.cluster.messages import Registered
from wsecho.router.cluster.remote_sessions import RemoteSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wsecho.router.wire.requests import Invoke

TAKEN = "wamp.error.procedure_already_exists"
AWAY = "wamp.error.network_failure"


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Three nodes; whoever raises in one fails the test."""
    cluster = Cluster(3)
    yield cluster
    cluster.check()


def callees(*features: str) -> dict[str, Any]:
    """Roles whose callee has these features."""
    return {**BASIC_ROLES, "callee": {"features": dict.fromkeys(features, True)}}


# -- publish and subscribe


def test_an_event_reaches_the_subscribers_of_every_node(cluster: Cluster) -> None:
    """Once each, by each policy, with one publication id; and the publisher if it wants to."""
    there = [cluster[number].peer() for number in range(3)]
    exact = [peer.subscribe("com.a.b") for peer in there]
    prefix = there[1].subscribe("com.", match="prefix")
    wildcard = there[2].subscribe("com..b", match="wildcard")
    assert len(set(exact)) == 1
    publication = there[0].publish("com.a.b", 1, kwargs={"k": [None]})
    assert there[0].take() == []
    payload = [[1], {"k": [None]}]
    assert there[1].take() == [
        [EVENT, exact[0], publication, {}, *payload],
        [EVENT, prefix, publication, {"topic": "com.a.b"}, *payload],
    ]
    assert there[2].take() == [
        [EVENT, exact[0], publication, {}, *payload],
        [EVENT, wildcard, publication, {"topic": "com.a.b"}, *payload],
    ]
    there[0].publish("com.a.b", 2, exclude_me=False)
    assert [peer.events() for peer in there] == [[[[2]]], [[[2]], [[2]]], [[[2]], [[2]]]]


def test_who_publishes_is_disclosed(cluster: Cluster) -> None:
    """`disclose_me`: session, authid and authrole."""
    publisher, subscriber = cluster[0].known("ann", "author"), cluster[1].peer()
    subscriber.subscribe("com.t")
    publisher.publish("com.t", disclose_me=True)
    assert subscriber.one()[3] == {
        "publisher": publisher.id,
        "publisher_authid": "ann",
        "publisher_authrole": "author",
    }


def test_each_list_of_receivers_holds_everywhere(cluster: Cluster) -> None:
    """By session, authid and authrole."""
    publisher = cluster[0].peer()
    ann, bob = cluster[1].known("ann", "author"), cluster[2].known("bob", "reader")
    for peer in (ann, bob):
        peer.subscribe("com.t")

    def reached(**options: Any) -> str:
        publisher.publish("com.t", **options)
        return "".join(name for name, peer in (("a", ann), ("b", bob)) if peer.events())

    assert reached() == "ab"
    assert reached(exclude=[ann.id]) == reached(exclude_authid=["ann"]) == "b"
    assert reached(exclude_authrole=["reader"]) == "a"
    assert reached(eligible=[bob.id]) == reached(eligible_authid=["bob"]) == "b"
    assert reached(eligible_authrole=["author"], exclude=[bob.id]) == "a"
    assert reached(eligible=[]) == ""


def test_a_retained_event_is_there_on_every_node(cluster: Cluster) -> None:
    """On one that comes later too; only for those whom it was for; the last one counts."""
    publisher = cluster[0].known("ann")
    publisher.publish("com.t", "old", retain=True)
    publication = publisher.publish("com.t", "new", retain=True)
    publisher.publish("com.t", "secret", retain=True, eligible_authid=["bob"])
    later = cluster.start("later")
    cluster.settle()
    for world in (cluster[1], later):
        peer, bob = world.peer(), world.known("bob")
        subscription = peer.subscribe("com.t", get_retained=True)
        assert peer.one() == [EVENT, subscription, publication, {"retained": True}, ["new"]]
        bob.subscribe("com.", match="prefix", get_retained=True)
        assert bob.one()[4] == ["secret"]
    assert len(cluster.air.kept) == 2


def test_what_is_retained_no_longer_is_kept_no_longer(cluster: Cluster) -> None:
    """The bound on topics holds for what is kept for those who come later."""
    cluster = Cluster(2, max_retained=3)
    for number in range(10):
        cluster[number % 2].peer().publish(f"com.t{number}", retain=True)
    assert len(cluster.air.kept) == 3
    peer = cluster.start("later").peer()
    peer.subscribe("com.", match="prefix", get_retained=True)
    assert [raw[3]["topic"] for raw in peer.take()] == ["com.t7", "com.t8", "com.t9"]
    cluster.check()


def test_what_was_retained_survives_a_redis_that_forgot_it(cluster: Cluster) -> None:
    """Nodes put back what they know, and of two events the later stays."""
    publisher, other = cluster[0].peer(), cluster[1].peer()
    publisher.publish("com.t", "old", retain=True)
    cluster.cut("node2")
    cluster.clock.move(1)
    other.publish("com.t", "new", retain=True)
    cluster.air.kept.clear()
    for node in ("node0", "node1"):
        cluster.cut(node)
    for node in ("node2", "node0", "node1"):
        cluster.rejoin(node)
    cluster.settle()
    for world in (*cluster.worlds.values(), cluster.start("later")):
        peer = world.peer()
        peer.subscribe("com.t", get_retained=True)
        assert peer.events() == [[["new"]]]
    assert len(cluster.air.kept) == 1


def test_what_has_no_form_between_nodes_is_refused(cluster: Cluster) -> None:
    """And nobody has half of it."""
    publisher, subscriber = cluster[0].peer(), cluster[0].peer()
    subscriber.subscribe("com.t")
    answer = publisher.ask(PUBLISH, {"acknowledge": True}, "com.t", ["\ud800"])
    assert (answer[0], answer[4]) == (ERROR, "wamp.error.invalid_payload")
    assert subscriber.take() == []
    subscriber.register("com.p")
    other = cluster[1].peer()
    assert other.call("com.p", "\ud800")[4] == "wamp.error.invalid_payload"
    assert other.call("com.p") is None
    subscriber.send([YIELD, 1, {}, ["\ud800"]])
    assert other.one()[4] == "wamp.error.invalid_payload"


def test_a_testament_reaches_other_nodes(cluster: Cluster) -> None:
    """It is published when its session is gone."""
    heir, testator = cluster[1].peer(), cluster[0].peer()
    heir.subscribe("com.will")
    testator.result("wamp.session.add_testament", "com.will", ["x"], {})
    testator.session.lost()
    cluster.settle()
    assert heir.events() == [[["x"]]]


def heard(peer: Peer) -> list[Any]:
    """The first argument of each event that has come."""
    return [event[0][0] for event in peer.events()]


def bequeath(peer: Peer, *args: Any, topic: str = "com.will", **kwargs: Any) -> None:
    """Add a testament."""
    peer.result("wamp.session.add_testament", topic, list(args), {}, **kwargs)


def test_the_testaments_of_a_dead_node_are_published_once(cluster: Cluster) -> None:
    """In their order, by scope; not those that were flushed, or were published before."""
    heirs = [cluster[1].peer(), cluster[2].peer()]
    for heir in heirs:
        heir.subscribe("com.will")
    one, two, gone = (cluster[0].peer() for _ in range(3))
    for number in range(12):
        bequeath(one, number, scope="detached" if number % 2 else "destroyed")
    bequeath(two, "flushed", scope="detached")
    two.result("wamp.session.flush_testaments", scope="detached")
    bequeath(gone, "gone")
    gone.session.lost()
    cluster.settle()
    assert [heard(heir) for heir in heirs] == [["gone"], ["gone"]]
    cluster.kill("node0")
    cluster.settle()
    assert [heard(heir) for heir in heirs] == [[], []]
    cluster.bury("node0")
    cluster.settle()
    expected = [*range(1, 12, 2), *range(0, 12, 2)]
    assert [heard(heir) for heir in heirs] == [expected, expected]
    cluster.tell_who_lives()
    cluster.settle()
    assert [heard(heir) for heir in heirs] == [[], []]


def test_a_testament_of_a_dead_node_keeps_its_options(cluster: Cluster) -> None:
    """Who may have it, who it is from, and that it is retained."""
    testator = cluster[0].known("ann", "author")
    bob, eve = cluster[1].known("bob", "reader"), cluster[1].known("eve", "spy")
    for peer in (bob, eve):
        peer.subscribe("com.will")
    options = {"eligible_authid": ["bob"], "disclose_me": True, "retain": True}
    bequeath(testator, "x", publish_options=options)
    cluster.kill("node0")
    cluster.bury("node0")
    cluster.settle()
    [event] = bob.take()
    assert (event[3]["publisher_authid"], event[4]) == ("ann", ["x"])
    assert eve.take() == []
    later = cluster[2].known("bob", "reader")
    later.subscribe("com.will", get_retained=True)
    assert heard(later) == ["x"]


def test_a_node_that_was_only_away_publishes_no_testament_again(cluster: Cluster) -> None:
    """Nor does it what its sessions have flushed meanwhile; what they add then counts."""
    heir = cluster[1].peer()
    heir.subscribe("com.will")
    dead, ended, flushed = (cluster[0].peer() for _ in range(3))
    bequeath(dead, "dead")
    bequeath(ended, "ended")
    cluster.cut("node0")
    cluster.bury("node0")
    cluster.settle()
    assert sorted(heard(heir)) == ["dead", "ended"]
    ended.session.lost()
    cluster.rejoin("node0")
    cluster.settle()
    dead.session.lost()
    bequeath(flushed, "flushed")
    flushed.result("wamp.session.flush_testaments")
    flushed.session.lost()
    cluster.settle()
    assert heard(heir) == []
    assert not cluster.air.wills or not any(cluster.air.wills.values())


def test_a_testament_waits_until_it_can_be_published(cluster: Cluster) -> None:
    """Its session ended while the other nodes could not be reached."""
    heir = cluster[1].peer()
    heir.subscribe("com.will")
    testator, refused = cluster[0].peer(), cluster[0].peer()
    bequeath(testator, "x")
    cluster.cut("node0")
    assert refused.refused("wamp.session.add_testament", "com.will", ["y"], {}) == AWAY
    testator.session.lost()
    refused.session.lost()
    cluster.settle()
    assert heard(heir) == []
    cluster.rejoin("node0")
    cluster.settle()
    assert heard(heir) == ["x"]
    cluster.check()


@given(st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_each_testament_is_published_once_whatever_happens(dice: random.Random) -> None:
    """Sessions end, nodes are cut off, taken for dead while they live, and die midway."""
    cluster = Cluster(4)
    watcher = cluster[3].peer()
    watcher.subscribe("com.will")
    peers = {f"{node}/{number}": cluster[node].peer() for node in range(3) for number in range(3)}
    for name, peer in peers.items():
        bequeath(peer, name)
    for _ in range(dice.randrange(40)):
        happen(cluster, dice, peers)
    for node in [f"node{number}" for number in range(3)]:
        cluster.air.radios.pop(node, None)
        cluster.bury(node)
    for _ in range(3):
        cluster.settle()
        cluster.tell_who_lives()
    cluster.settle()
    assert sorted(heard(watcher)) == sorted(peers)


def happen(cluster: Cluster, dice: random.Random, peers: dict[str, Peer]) -> None:
    """Let something happen to a node or a session, or some of what is under way."""
    number = dice.randrange(3)
    node = f"node{number}"
    is_there, is_away = node in cluster.air.radios, cluster.radios[node].is_away
    act = dice.choice(["end", "cut", "bury", "rejoin", "kill", "step", "step", "step"])
    if act == "end" and (is_there or is_away):
        peers[f"{number}/{dice.randrange(3)}"].session.lost()
    elif act in {"cut", "kill"} and is_there:
        (cluster.cut if act == "cut" else cluster.kill)(node)
    elif act == "bury" and not is_there:
        cluster.bury(node)
    elif act == "rejoin" and is_away:
        cluster.rejoin(node)
    else:
        for _ in range(dice.randrange(20)):
            cluster.step(dice)


@given(st.randoms(use_true_random=False), st.lists(st.integers(0, 2), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_all_subscribers_see_one_order(dice: random.Random, publishers: list[int]) -> None:
    """Whatever order messages take; each acknowledged event once, each publisher's in turn."""
    cluster = Cluster(3)
    subscribers = [cluster[number].peer() for number in range(3)]
    speakers = [cluster[number].peer() for number in range(3)]
    for peer in subscribers:
        peer.subscribe("com.t")
    for count, number in enumerate(publishers):
        publish = [PUBLISH, count + 1, {"acknowledge": True}, "com.t", [number, count]]
        speakers[number].session.receive(publish)
        for _ in range(dice.randrange(4)):
            cluster.step(dice)
    while cluster.step(dice):
        pass
    seen = [[raw[4] for raw in peer.take()] for peer in subscribers]
    assert seen[0] == seen[1] == seen[2]
    assert sorted(count for _, count in seen[0]) == list(range(len(publishers)))
    for number in range(3):
        own = [count for publisher, count in seen[0] if publisher == number]
        assert own == sorted(own)
        assert len([raw for raw in speakers[number].take() if raw[0] == PUBLISHED]) == len(own)
    cluster.check()


# -- calls


def test_a_call_goes_to_another_node_and_back(cluster: Cluster) -> None:
    """Payload untouched; errors and unknown procedures too."""
    callee, caller = cluster[0].peer(), cluster[1].peer()
    registration = callee.register("com.p")
    assert caller.call("com.p", 1, kwargs={"k": {"v": None}}) is None
    assert callee.one() == [INVOCATION, 1, registration, {}, [1], {"k": {"v": None}}]
    callee.send([YIELD, 1, {}, ["r"], {"q": 3}])
    assert caller.one() == [RESULT, 1, {}, ["r"], {"q": 3}]
    caller.call("com.p")
    callee.send([ERROR, INVOCATION, 2, {}, "com.bad", ["why"], {"k": 1}])
    assert caller.take() == [[ERROR, CALL, 2, {}, "com.bad", ["why"], {"k": 1}]]
    assert caller.call("com.q")[4] == "wamp.error.no_such_procedure"
    assert caller.call("wamp.p")[4] == "wamp.error.no_such_procedure"
    assert not caller.session.calls
    assert not callee.session.invocations


def test_patterns_and_disclosure_cross_nodes(cluster: Cluster) -> None:
    """The procedure is named, and the caller where either end wants it."""
    callee, caller = cluster[0].peer(), cluster[1].known("ann", "author")
    callee.register("com.", match="prefix", disclose_caller=True)
    callee.register("org..x", match="wildcard")
    caller.call("com.p.q")
    who = {"caller": caller.id, "caller_authid": "ann", "caller_authrole": "author"}
    assert callee.one()[3] == {"procedure": "com.p.q", **who}
    caller.call("org.p.x")
    assert callee.one()[3] == {"procedure": "org.p.x"}
    caller.call("org.p.x", disclose_me=True)
    assert callee.one()[3] == {"procedure": "org.p.x", **who}


def test_progressive_results_come_in_order(cluster: Cluster) -> None:
    """The last one ends the call."""
    callee, caller = cluster[0].peer(), cluster[1].peer()
    callee.register("com.p")
    caller.call("com.p", receive_progress=True)
    assert callee.one()[3] == {"receive_progress": True}
    for number in range(3):
        callee.send([YIELD, 1, {"progress": True}, [number]])
    callee.send([YIELD, 1, {}, [3]])
    results = caller.take()
    assert [raw[3] for raw in results] == [[0], [1], [2], [3]]
    assert [raw[2] for raw in results] == [{"progress": True}] * 3 + [{}]
    caller.call("com.p")
    callee.send([YIELD, 2, {"progress": True}, [0]], [YIELD, 2, {}, [1]])
    assert [raw[3] for raw in caller.take()] == [[1]]


def test_progressive_calls_come_in_order(cluster: Cluster) -> None:
    """One INVOCATION for each CALL, and what comes after the end is let pass."""
    callee, caller = cluster[0].peer(), cluster[1].peer()
    callee.register("com.p")
    for number, options in enumerate([{"progress": True}, {"progress": True}, {}]):
        caller.send([CALL, 1, options, "com.p", [number]])
    invocations = callee.take()
    assert [raw[4] for raw in invocations] == [[0], [1], [2]]
    assert [raw[3] for raw in invocations] == [{"progress": True}] * 2 + [{}]
    assert {raw[1] for raw in invocations} == {1}
    caller.send([CALL, 2, {"progress": True}, "com.p"])
    callee.send([YIELD, 2, {}, ["enough"]])
    caller.session.receive([CALL, 2, {"progress": True}, "com.p"])
    caller.send([CALL, 2, {}, "com.p"])
    assert caller.take() == []
    assert callee.take()[1:] == []
    basic = cluster[0].peer(BASIC_ROLES)
    basic.register("com.basic")
    caller.session.receive([CALL, 3, {"progress": True}, "com.basic"])
    cluster.settle()
    assert caller.one()[4] == "wamp.error.feature_not_supported"


@pytest.mark.parametrize("mode", ["skip", "kill", "killnowait", None])
def test_a_call_may_be_canceled(cluster: Cluster, mode: str | None) -> None:
    """In each mode, as on one node."""
    callee, caller = cluster[0].peer(), cluster[1].peer()
    callee.register("com.p")
    caller.call("com.p")
    callee.take()
    caller.session.receive([CANCEL, 1, {} if mode is None else {"mode": mode}])
    cluster.settle()
    mode = mode or "killnowait"
    interrupts = [[*raw[:2], raw[2]["mode"]] for raw in callee.take()]
    assert interrupts == ([] if mode == "skip" else [[INTERRUPT, 1, mode]])
    if mode == "kill":
        callee.send([ERROR, INVOCATION, 1, {}, "com.stopped", ["x"]])
        assert caller.take() == [[ERROR, CALL, 1, {}, "com.stopped", ["x"]]]
        return
    assert caller.take() == [[ERROR, CALL, 1, {}, "wamp.error.canceled"]]
    callee.send([YIELD, 1, {}, ["late"]])
    assert not callee.session.invocations


def test_kill_of_a_callee_that_cannot_be_interrupted(cluster: Cluster) -> None:
    """It is as `skip`."""
    callee, caller = cluster[0].peer(BASIC_ROLES), cluster[1].peer()
    callee.register("com.p")
    caller.call("com.p")
    callee.take()
    assert caller.send([CANCEL, 1, {"mode": "kill"}])[0][4] == "wamp.error.canceled"
    assert callee.take() == []


def test_a_call_may_time_out(cluster: Cluster) -> None:
    """The callee is told why."""
    callee, caller = cluster[0].peer(), cluster[1].peer()
    callee.register("com.p")
    caller.call("com.p", timeout=1000)
    callee.take()
    cluster.clock.move(1)
    cluster.settle()
    assert caller.one() == [ERROR, CALL, 1, {}, "wamp.error.timeout"]
    [interrupt] = callee.take()
    assert interrupt[2] == {"mode": "killnowait", "reason": "wamp.error.timeout"}


def test_either_end_of_a_call_may_go(cluster: Cluster) -> None:
    """The other end learns of it."""
    callee, caller = cluster[0].peer(), cluster[1].peer()
    callee.register("com.p")
    caller.call("com.p")
    callee.take()
    caller.session.lost()
    cluster.settle()
    assert callee.one()[:2] == [INTERRUPT, 1]
    other = cluster[2].peer()
    other.call("com.p")
    callee.session.lost()
    cluster.settle()
    assert other.one()[4] == "wamp.error.canceled"
    assert other.call("com.p")[4] == "wamp.error.no_such_procedure"


def test_who_has_just_unregistered_is_not_invoked(cluster: Cluster) -> None:
    """A client would take that for a breach of the protocol."""
    callee, caller = cluster[0].peer(), cluster[1].peer()
    registration = callee.register("com.p")
    caller.session.receive([CALL, 1, {}, "com.p"])
    callee.request += 1
    callee.session.receive([UNREGISTER, callee.request, registration])
    cluster.settle()
    assert callee.take() == [[UNREGISTERED, callee.request]]
    assert caller.one()[4] == "wamp.error.no_such_procedure"


def test_news_of_a_registration_is_waited_for(cluster: Cluster) -> None:
    """Whoever hears from a callee that it is registered may call it at once, from anywhere."""
    callee, caller = cluster[0].peer(), cluster[1].peer()
    callee.session.receive([REGISTER, 1, {}, "com.p"])
    home = cluster.radios["node0"]
    while not (sent := callee.take()):
        # Nothing that node 1 is told is taken there meanwhile.
        (home.carry if home.outbox else home.take)()
    assert sent[0][0] == REGISTERED
    assert cluster.radios["node1"].inbox
    assert caller.call("com.p") is None
    assert callee.one()[0] == INVOCATION


# -- shared registrations


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


@given(st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
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


def serving(world: World) -> list[int]:
    """The sessions that a node would let a call go to, in their order."""
    found = world.realm.dealer.registrations.find("com.p", "exact")
    return [] if found is None else [callee.session.id for callee in found.callees]


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
    (one, two), dealer = remote_sessions, cluster[0].realm.dealer
    dealer.enter_remote_session(one, offered(one, 5))
    dealer.enter_remote_session(two, offered(two, 6))
    assert serving(cluster[0]) == [two.id]
    assert not one.registrations
    # A session of this node's has to make way as well, and is told.
    here = cluster[0].peer(callees("registration_revocation"))
    registration = here.register("com.here")
    later = attrs.evolve(offered(one, 99), uri="com.here")
    dealer.enter_remote_session(one, later)
    assert here.one() == [UNREGISTERED, 0, {"registration": registration, "reason": TAKEN}]
    # Where it may be shared nobody has to go.
    dealer.enter_remote_session(two, attrs.evolve(offered(two, 7, "random"), uri="com.many"))
    dealer.enter_remote_session(one, attrs.evolve(offered(one, 8, "random"), uri="com.many"))
    found = dealer.registrations.find("com.many", "exact")
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
    (one, two), dealer = remote_sessions, cluster[0].realm.dealer
    dealer.enter_remote_session(two, offered(two, 5, standing))
    dealer.enter_remote_session(one, offered(one, rank, late))
    assert serving(cluster[0]) == [two.id]
    assert not one.registrations


def test_news_of_an_earlier_callee_that_shares_comes_late(
    cluster: Cluster, remote_sessions: list[RemoteSession]
) -> None:
    """It stands before the others all the same: callees are in the order of their claims."""
    (one, two), dealer = remote_sessions, cluster[0].realm.dealer
    dealer.enter_remote_session(two, offered(two, 5, "first"))
    dealer.enter_remote_session(one, offered(one, 4, "first"))
    dealer.enter_remote_session(one, offered(one, 4, "first"))
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


def test_calls_do_not_overtake_one_another(cluster: Cluster) -> None:
    """Though one waits for its turn among all nodes; and it may be canceled meanwhile."""
    one, two, caller = cluster[0].peer(), cluster[1].peer(), cluster[0].peer()
    for peer in (one, two):
        peer.register("com.shared", invoke="roundrobin")
    one.register("com.own")
    caller.session.receive([CALL, 1, {"progress": True}, "com.shared", [0]])
    caller.session.receive([CALL, 2, {}, "com.own", [1]])
    caller.session.receive([CALL, 1, {}, "com.shared", [2]])
    caller.session.receive([CALL, 3, {}, "com.nothing"])
    assert one.take() == []
    cluster.settle()
    assert [raw[4] for raw in one.take()] == [[0], [2], [1]]
    assert caller.one()[4] == "wamp.error.no_such_procedure"
    caller.session.receive([CALL, 4, {}, "com.shared"])
    caller.session.receive([CALL, 5, {}, "com.own"])
    caller.session.receive([CANCEL, 4, {"mode": "kill"}])
    assert caller.one()[4] == "wamp.error.canceled"
    cluster.settle()
    assert [raw[0] for raw in one.take()] == [INVOCATION]
    assert two.take() == []


def test_the_same_asked_for_twice_at_once(cluster: Cluster) -> None:
    """Is registered once."""
    callee = cluster[0].peer()
    for number in (1, 2):
        callee.session.receive([REGISTER, number, {"invoke": "first"}, "com.p"])
    cluster.settle()
    assert sorted(raw[0] for raw in callee.take()) == [ERROR, REGISTERED]


# -- the meta API


def test_sessions_are_counted_over_all_nodes(cluster: Cluster) -> None:
    """Listed, looked at, and ended."""
    ann = cluster[0].known("ann", "author")
    bob, eve = cluster[1].known("bob", "reader"), cluster[2].known("eve", "reader")
    assert ann.result("wamp.session.count") == 3
    assert set(ann.result("wamp.session.list")) == {ann.id, bob.id, eve.id}
    assert ann.result("wamp.session.list", ["author"]) == [ann.id]
    assert ann.result("wamp.session.get", bob.id) == bob.result("wamp.session.get", bob.id)
    assert ann.refused("wamp.session.get", 1) == "wamp.error.no_such_session"
    assert ann.call("wamp.session.kill", bob.id, kwargs={"reason": "com.why"})[0] == RESULT
    assert bob.one() == [GOODBYE, {}, "com.why"]
    assert ann.result("wamp.session.kill_by_authrole", "reader") == 1
    assert eve.one()[0] == GOODBYE
    assert ann.result("wamp.session.count") == 1


def test_sessions_come_and_go_on_all_nodes(cluster: Cluster) -> None:
    """And everybody who watches is told once."""
    watching = cluster[0].peer()
    watching.subscribe("wamp.session.on_join")
    watching.subscribe("wamp.session.on_leave")
    bob = cluster[1].known("bob")
    assert [payload[0][0]["session"] for payload in watching.events()] == [bob.id]
    bob.session.lost()
    cluster.settle()
    assert watching.events() == [[[bob.id, "bob", "user"]]]


def test_subscriptions_are_counted_over_all_nodes(cluster: Cluster) -> None:
    """One, with one id, wherever its subscribers are."""
    one, two = cluster[0].peer(), cluster[1].peer()
    identifier = one.subscribe("com.t")
    assert two.result("wamp.subscription.lookup", "com.t") == identifier
    assert two.subscribe("com.t") == identifier
    for peer in (one, two, cluster[2].peer()):
        assert set(peer.result("wamp.subscription.list_subscribers", identifier)) == {
            *(one.id, two.id),
        }
        assert peer.result("wamp.subscription.count_subscribers", identifier) == 2
        assert peer.result("wamp.subscription.match", "com.t") == [identifier]
        assert peer.result("wamp.subscription.list")["exact"] == [identifier]
        assert peer.result("wamp.subscription.get", identifier)["uri"] == "com.t"
    one.ask(34, identifier)
    assert two.result("wamp.subscription.count_subscribers", identifier) == 1
    two.session.lost()
    cluster.settle()
    assert one.refused("wamp.subscription.get", identifier) == "wamp.error.no_such_subscription"


def test_registrations_are_counted_over_all_nodes(cluster: Cluster) -> None:
    """One, with one id and one date, wherever its callees are."""
    one, two, three = (cluster[number].peer() for number in range(3))
    one.request = 1
    one.session.receive([REGISTER, 1, {"invoke": "last"}, "com.p"])
    while cluster.radios["node0"].outbox:
        cluster.radios["node0"].carry()
        cluster.radios["node0"].take()
        cluster.clock.move(1)
    cluster.settle()
    [(_, _, identifier)] = one.take()
    assert two.register("com.p", invoke="last") == identifier
    for peer in (one, two, three):
        assert peer.result("wamp.registration.list_callees", identifier) == [one.id, two.id]
        assert peer.result("wamp.registration.match", "com.p") == identifier
        assert peer.result("wamp.registration.list")["exact"] == [identifier]
    assert three.result("wamp.registration.get", identifier) == one.result(
        "wamp.registration.get", identifier
    )
    one.ask(UNREGISTER, identifier)
    assert three.result("wamp.registration.count_callees", identifier) == 1


def test_what_is_made_and_deleted_is_told_once(cluster: Cluster) -> None:
    """The first subscriber or callee of all nodes makes it, the last deletes it."""
    watching = cluster[2].peer()
    watching.subscribe("wamp.subscription.", match="prefix")
    watching.subscribe("wamp.registration.", match="prefix")
    one, two = cluster[0].peer(), cluster[1].peer()
    for peer in (one, two):
        subscription = peer.subscribe("com.t")
        registration = peer.register("com.p", invoke="first")
    one.ask(34, subscription)
    one.ask(UNREGISTER, registration)
    two.session.lost()
    cluster.settle()
    told = [raw[3]["topic"].removeprefix("wamp.") for raw in watching.take()]
    assert told == [
        *("subscription.on_create", "subscription.on_subscribe"),
        *("registration.on_create", "registration.on_register"),
        *("subscription.on_subscribe", "registration.on_register"),
        *("subscription.on_unsubscribe", "registration.on_unregister"),
        *("subscription.on_unsubscribe", "subscription.on_delete"),
        *("registration.on_unregister", "registration.on_delete"),
    ]


def test_the_owner_of_topics_hears_of_its_own_node_alone() -> None:
    """A room has to be followed on each node that has a member."""
    owners = [Rooms(), Rooms()]
    cluster = Cluster(0)
    for number, owner in enumerate(owners):
        cluster._settings = {"owner": owner}
        owner.realm = cluster.start(f"node{number}").realm
    cluster.settle()
    peers = [cluster[number].peer() for number in (0, 1)]
    ids = {peer.subscribe("wsecho.room.a") for peer in peers}
    assert len(ids) == 1
    peers[0].publish("wsecho.room.a", "x", exclude_me=False)
    assert [peer.events() for peer in peers] == [[[["x"]]], []]
    for peer in peers:
        peer.session.lost()
    cluster.settle()
    for owner, peer in zip(owners, peers, strict=True):
        told = [entry for entry in owner.log if entry[0] in {"subscribed", "unsubscribed"}]
        assert told == [
            ("subscribed", peer.id, "wsecho.room.a", True),
            ("unsubscribed", peer.id, "wsecho.room.a", True),
        ]
    cluster.check_empty()


# -- nodes come, go, and are cut off


def filled(cluster: Cluster, node: int) -> Peer:
    """A session with a subscription and a registration on a node."""
    peer = cluster[node].known(f"at {node}")
    peer.subscribe(f"com.at{node}")
    peer.register(f"com.at{node}")
    return peer


def knows(world: World) -> tuple[Any, ...]:
    """What a node knows of all nodes."""
    realm = world.realm
    subscriptions = {
        (each.uri, each.match, each.id): {
            *(session.id for session in each.members),
            *(remote_session.id for remote_session in each.remote_sessions),
        }
        for each in realm.broker._by_id.values()
    }
    registrations = {
        (each.uri, each.match, each.id, each.invoke): [
            (callee.session.id, callee.rank) for callee in each.callees
        ]
        for each in realm.dealer.registrations._by_id.values()
    }
    return {*realm.sessions, *realm.remote_sessions}, subscriptions, registrations


def test_a_node_that_comes_later_knows_all(cluster: Cluster) -> None:
    """However much there is."""
    for number in range(450):
        filled(cluster, number % 3) if number < 3 else cluster[number % 3].peer()
    later = cluster.start("later")
    cluster.settle()
    assert knows(later) == knows(cluster[0])
    assert len(knows(later)[0]) == 450
    caller = later.peer()
    assert caller.call("com.at1") is None


def test_a_dead_node_goes_with_all_that_it_had(cluster: Cluster) -> None:
    """Calls fail, its procedures are free, and whoever watches is told."""
    watching, caller = cluster[0].peer(), cluster[0].peer()
    gone = filled(cluster, 1)
    watching.subscribe("wamp.session.on_leave")
    watching.subscribe("wamp.registration.on_delete")
    watching.subscribe("wamp.subscription.on_delete")
    caller.call("com.at1")
    busy = filled(cluster, 2)
    gone.call("com.at2")
    assert busy.one()[0] == INVOCATION
    cluster.kill("node1")
    # Redis knows at once that nobody listens there any more.
    assert caller.call("com.at1")[4] == "wamp.error.canceled"
    assert cluster[2].peer().ask(REGISTER, {}, "com.at1")[4] == TAKEN
    cluster.bury("node1")
    cluster.settle()
    assert [raw[4] for raw in caller.take()] == ["wamp.error.canceled"]
    assert busy.one()[0] == INTERRUPT
    assert len(watching.events()) == 3
    assert gone.id not in watching.result("wamp.session.list")
    cluster[2].peer().register("com.at1")
    assert not cluster.air.held["exact com.at1"][1:]


def test_while_a_node_is_cut_off_nothing_is_half_done(cluster: Cluster) -> None:
    """Publishing, calling, registering and the meta API are refused; sessions stay."""
    here, there = filled(cluster, 0), filled(cluster, 1)
    other = cluster[0].peer()
    other.subscribe("com.t")
    here.call("com.at1")
    there.call("com.at0")
    here.take()
    there.take()
    here.session.receive([PUBLISH, 90, {"acknowledge": True}, "com.t"])
    cluster.cut("node0")
    assert [raw[4] for raw in here.take() if raw[0] == ERROR] == [
        *("wamp.error.timeout", AWAY),
    ]
    here.request = 100
    for kind, rest in (
        (PUBLISH, ({"acknowledge": True}, "com.t")),
        (CALL, ({}, "com.at0")),
        (CALL, ({}, "com.at1")),
        (CALL, ({}, "com.nothing")),
        (CALL, ({}, "wamp.session.count")),
        (REGISTER, ({}, "com.new")),
    ):
        assert here.ask(kind, *rest)[4] == AWAY
    here.ask(PUBLISH, {}, "com.t")
    here.subscribe("com.late")
    assert other.take() == []
    cluster.rejoin("node0")
    cluster.settle()
    assert knows(cluster[0]) == knows(cluster[1]) == knows(cluster[2])
    assert here.call("com.at1") is None
    assert there.take()[-1][0] == INVOCATION
    assert there.result("wamp.subscription.lookup", "com.late") is not None


def test_after_a_short_outage_nobody_has_left(cluster: Cluster) -> None:
    """What has changed meanwhile is told, and no more."""
    watching = cluster[0].peer()
    stays, goes = filled(cluster, 1), cluster[1].peer()
    for topic in ("wamp.session.", "wamp.subscription.", "wamp.registration."):
        watching.subscribe(topic, match="prefix")
    goes_id = goes.id
    for node in ("node0", "node1", "node2"):
        cluster.cut(node)
    goes.session.lost()
    for node in ("node0", "node1", "node2"):
        cluster.rejoin(node)
    cluster.settle()
    left = [raw for raw in watching.take() if raw[3]["topic"] == "wamp.session.on_leave"]
    assert [raw[4][0] for raw in left] == [goes_id]
    assert stays.session.is_open
    assert knows(cluster[0]) == knows(cluster[1])


def test_a_node_that_does_not_come_back_is_given_up(cluster: Cluster) -> None:
    """Once it could have."""
    filled(cluster, 1)
    watching = cluster[0].peer()
    for node in ("node0", "node1", "node2"):
        cluster.cut(node)
    cluster.air.known.clear()
    cluster.rejoin("node0")
    cluster.rejoin("node2")
    cluster.settle()
    assert watching.result("wamp.session.count") == 2
    cluster.clock.move(PATIENCE)
    cluster.settle()
    assert watching.result("wamp.session.count") == 1


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


def test_who_goes_on_alone_serves_its_own() -> None:
    """`--when-bus-down local`; on return all is told again, and the first claim stands."""
    cluster = Cluster(2, goes_on_alone=True)
    here, there = filled(cluster, 0), filled(cluster, 1)
    cluster.cut("node0")
    caller = cluster[0].peer()
    assert caller.result("wamp.session.count") == 2
    caller.subscribe("com.t")
    here.publish("com.t", "local", retain=True)
    assert caller.events() == [[["local"]]]
    caller.call("com.at0")
    assert here.one()[0] == INVOCATION
    assert caller.call("com.at1")[4] == "wamp.error.no_such_procedure"
    doubled = cluster[0].peer(callees("registration_revocation"))
    doubled.register("com.at1")
    doubled.register("com.shared", invoke="roundrobin")
    here.register("com.shared", invoke="roundrobin")
    caller.call("com.shared")
    cluster.rejoin("node0")
    cluster.settle()
    assert [raw[0] for raw in doubled.take()] == [INVOCATION, UNREGISTERED]
    caller.call("com.at1")
    assert there.one()[0] == INVOCATION
    assert knows(cluster[0]) == knows(cluster[1])
    late = cluster[1].peer()
    late.subscribe("com.t", get_retained=True)
    assert late.events() == [[["local"]]]
    cluster.check()


def test_notices_of_another_version_are_passed_over() -> None:
    """And of a kind that is not known."""
    from wsecho.router.cluster import messages  # noqa: PLC0415

    left = messages.Left(1)
    assert messages.read(messages.write(left)) == left
    assert messages.read([messages.VERSION + 1, 3, 1]) is None
    assert messages.read([messages.VERSION, 99]) is None
    for malformed in ([messages.VERSION, 3], [messages.VERSION, 3, 1, 2], [], None):
        with pytest.raises((TypeError, ValueError)):
            messages.read(malformed)


class Story:
    """What may happen to three nodes, drawn by dice, and what must hold at the end."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.cluster = Cluster(3)
        self.peers: list[tuple[str, Peer]] = []
        self.fresh = 3

    def act(self) -> None:
        """Do something."""
        acts = [self.join, self.leave, self.subscribe, self.register, self.drop, self.blink]
        acts += [self.crash, *[self.wait] * 6]
        self.dice.choice(acts)()

    def join(self) -> None:
        """Somebody comes."""
        node = self.dice.choice(list(self.cluster.radios))
        transport = Identity(f"{len(self.peers)}", "user", "token")
        self.peers.append((node, self.cluster.worlds[node].raw_peer(identity=transport).hello()))

    def somebody(self) -> Peer | None:
        """One who is there."""
        there = [peer for _, peer in self.peers if not is_over(peer)]
        return self.dice.choice(there) if there else None

    def leave(self) -> None:
        """Somebody goes."""
        if peer := self.somebody():
            peer.session.lost()

    def subscribe(self) -> None:
        """Somebody subscribes."""
        if peer := self.somebody():
            peer.request += 1
            peer.session.receive([32, peer.request, {}, self.dice.choice(["com.a", "com.b"])])

    def register(self) -> None:
        """Somebody registers."""
        if peer := self.somebody():
            peer.request += 1
            invoke = self.dice.choice(["single", "first", "roundrobin"])
            uri = self.dice.choice(["com.a", "com.b", "com.c"])
            peer.session.receive([REGISTER, peer.request, {"invoke": invoke}, uri])

    def drop(self) -> None:
        """Somebody takes back what it has."""
        peer = self.somebody()
        for kind, held in (
            (34, peer.session.subscriptions if peer else {}),
            (UNREGISTER, peer.session.registrations if peer else {}),
        ):
            if peer is not None and held:
                peer.request += 1
                peer.session.receive([kind, peer.request, self.dice.choice(list(held))])

    def blink(self) -> None:
        """A node is cut off for a moment; the others may take it for dead."""
        node = self.dice.choice(list(self.cluster.radios))
        self.cluster.cut(node)
        if self.dice.random() < 0.5:
            self.cluster.bury(node)
        for _ in range(self.dice.randrange(12)):
            self.cluster.step(self.dice)
        self.cluster.rejoin(node)

    def crash(self) -> None:
        """A node dies, and another is started."""
        node = self.dice.choice(list(self.cluster.radios))
        self.cluster.kill(node)
        del self.cluster.radios[node], self.cluster.worlds[node]
        self.peers = [entry for entry in self.peers if entry[0] != node]
        self.cluster.bury(node)
        self.cluster.start(f"node{self.fresh}")
        self.fresh += 1

    def wait(self) -> None:
        """Something is carried."""
        self.cluster.step(self.dice)


@given(st.randoms(use_true_random=False), st.integers(1, 80))
@settings(max_examples=120, deadline=None, phases=(Phase.explicit, Phase.generate))
def test_in_the_end_all_nodes_agree(dice: random.Random, length: int) -> None:
    """Whatever happened, on who is there, who subscribed, who serves what, in which order."""
    story = Story(dice)
    for _ in range(length):
        story.act()
    cluster = story.cluster
    while cluster.step(dice):
        pass
    cluster.clock.move(PATIENCE)
    cluster.settle()
    cluster.check()
    known = [knows(world) for world in cluster.worlds.values()]
    assert known[0] == known[1] == known[2]
    sessions = {peer.id for _, peer in story.peers if not is_over(peer)}
    assert known[0][0] == sessions
    for _, _, _, invoke in known[0][2]:
        holders = [held for key, held in known[0][2].items() if key[3] == invoke == "single"]
        assert all(len(held) == 1 for held in holders)
    held = {
        (int(holder), node)
        for place in cluster.air.held.values()
        for node, holder, _, _ in place
        if node in cluster.worlds
    }
    serving = {session for callees in known[0][2].values() for session, _ in callees}
    assert {holder for holder, _ in held} == serving
    for _, peer in story.peers:
        if not is_over(peer):
            peer.session.lost()
    cluster.settle()
    for world in cluster.worlds.values():
        assert not world.realm.remote_sessions
        world.check_empty()
