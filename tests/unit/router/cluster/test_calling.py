# SPDX-License-Identifier: MIT
"""Calls over several nodes: there and back, in order, whoever goes meanwhile."""

from __future__ import annotations

import pytest

from tests.unit.router.cluster.air import Cluster
from tests.unit.router.cluster.nodes import callees
from tests.unit.router.peers import (
    BASIC_ROLES,
    CALL,
    CANCEL,
    ERROR,
    INTERRUPT,
    INVOCATION,
    REGISTER,
    REGISTERED,
    RESULT,
    UNREGISTER,
    UNREGISTERED,
    YIELD,
)
from wsecho.router import WampError


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


CANCELING = ("call_canceling", "progressive_call_invocations")


def test_a_question_that_has_no_answer_fails_its_call_alone(cluster: Cluster) -> None:
    """The calls that waited behind it go on; one that ended meanwhile has its answer already."""
    callee, caller = cluster[0].peer(), cluster[0].peer()
    callee.register("com.own")
    for number, procedure in enumerate(["com.none", "com.own", "com.nothing"], 1):
        caller.session.receive([CALL, number, {}, procedure])
    caller.session.receive([CANCEL, 3, {}])
    assert caller.one()[2:] == [3, {}, "wamp.error.canceled"]
    asked = cluster.radios["node0"].asked
    assert len(asked) == 2
    for question in list(asked):
        question.fail(WampError("wamp.error.timeout"))
    assert caller.one()[2:] == [1, {}, "wamp.error.timeout"]
    assert callee.one()[0] == INVOCATION
    cluster.check()


def test_chunks_that_waited_are_not_sent_once_the_call_has_failed(cluster: Cluster) -> None:
    """The callee could not take the first ("Progressive Call Invocations")."""
    callee, caller = cluster[0].peer(), cluster[0].peer()
    callee.register("com.shared", invoke="roundrobin")
    other = cluster[1].peer()
    other.register("com.shared", invoke="roundrobin")
    callee.transport.cannot_carry = lambda raw: raw[-1] == ["bad"]
    caller.session.receive([CALL, 1, {"progress": True}, "com.shared", ["bad"]])
    caller.session.receive([CALL, 1, {}, "com.shared", ["good"]])
    cluster.settle()
    assert callee.take() == []
    assert caller.one()[4] == "wamp.error.invalid_payload"


def test_a_chunk_that_cannot_be_told_fails_its_call(cluster: Cluster) -> None:
    """The bus went away, and this router does not know of it yet."""
    callee, caller = cluster[0].peer(), cluster[1].peer()
    callee.register("com.p")
    caller.session.receive([CALL, 1, {"progress": True}, "com.p", [1]])
    cluster.settle()
    cluster.radios["node1"].is_away = True
    caller.session.receive([CALL, 1, {}, "com.p", [2]])
    assert caller.one()[2:5] == [1, {}, "wamp.error.network_failure"]
    assert not caller.session.calls


@pytest.mark.parametrize("is_canceled", [False, True])
def test_a_node_that_is_gone_by_then_fails_the_call(cluster: Cluster, *, is_canceled: bool) -> None:
    """Before this one knows that it died; a caller that has its answer gets no other."""
    callee, caller = cluster[0].peer(), cluster[1].peer()
    callee.register("com.p")
    cluster.kill("node0")
    caller.session.receive([CALL, 1, {}, "com.p"])
    if is_canceled:
        caller.session.receive([CANCEL, 1, {"mode": "skip"}])
    cluster.settle()
    expected = "wamp.error.canceled"
    assert caller.one()[2:5] == [1, {}, expected]
    cluster.check()


def test_what_comes_for_a_call_that_is_over_is_ignored(cluster: Cluster) -> None:
    """Both nodes may end a call, and what one said of it is on its way to the other."""
    callee, caller = cluster[0].peer(callees(*CANCELING)), cluster[1].peer()
    callee.register("com.p")
    caller.session.receive([CALL, 1, {"progress": True}, "com.p", [1]])
    cluster.settle()
    [invocation] = callee.take()
    caller.session.receive([CALL, 1, {"progress": True}, "com.p", [2]])
    caller.session.receive([CANCEL, 1, {"mode": "kill"}])
    callee.session.receive([YIELD, invocation[1], {}, ["done"]])
    cluster.settle()
    assert caller.one() == [RESULT, 1, {}, ["done"]]
    assert callee.take() == []
    cluster.check()
