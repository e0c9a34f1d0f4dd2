# SPDX-License-Identifier: MIT
"""Remote procedure calls, and the dealer's advanced features."""

from __future__ import annotations

from tests.unit.router.callees import pair, roles, share
from tests.unit.router.peers import (
    ABORT,
    BASIC_ROLES,
    CALL,
    CANCEL,
    ERROR,
    INTERRUPT,
    INVOCATION,
    REGISTER,
    RESULT,
    YIELD,
    World,
)
from wsecho.core.promise import Promise
from wsecho.router import ProcedureCall, Reply, WampError


def test_a_call_goes_to_the_callee_and_back(world: World) -> None:
    """CALL → INVOCATION → YIELD → RESULT, payload untouched."""
    caller, callee = world.peer(), world.peer()
    registration = callee.register("com.p")
    assert caller.call("com.p", 1, [2], kwargs={"k": {"v": None}}) is None
    assert callee.one() == [INVOCATION, 1, registration, {}, [1, [2]], {"k": {"v": None}}]
    callee.send([YIELD, 1, {}, ["r"], {"q": 3}])
    assert caller.one() == [RESULT, 1, {}, ["r"], {"q": 3}]


def test_an_empty_call_and_an_empty_result_are_short(world: World) -> None:
    """No payload, no element for it; keywords alone follow an empty list."""
    caller, callee = pair(world)
    caller.send([CALL, 1, {}, "com.p"], [CALL, 2, {}, "com.p", [], {"k": 1}])
    first, second = callee.take()
    assert (len(first), second[4:]) == (4, [[], {"k": 1}])
    callee.send([YIELD, 1, {}], [YIELD, 2, {}, None, {"k": 1}])
    assert caller.take() == [[RESULT, 1, {}], [RESULT, 2, {}, [], {"k": 1}]]


def test_an_error_of_the_callee_reaches_the_caller(world: World) -> None:
    """ERROR with its URI and payload; an invalid URI becomes `wamp.error.invalid_uri`."""
    caller, callee = pair(world)
    caller.send([CALL, 1, {}, "com.p"], [CALL, 2, {}, "com.p"])
    callee.send([ERROR, 68, 1, {}, "com.bad", ["why"], {"k": 1}], [ERROR, 68, 2, {}, "no uri"])
    assert caller.take() == [
        [ERROR, CALL, 1, {}, "com.bad", ["why"], {"k": 1}],
        [ERROR, CALL, 2, {}, "wamp.error.invalid_uri"],
    ]
    assert callee.session.is_open


def test_a_call_of_nothing_fails(world: World) -> None:
    """ERROR `wamp.error.no_such_procedure`."""
    assert world.peer().call("com.p") == [ERROR, CALL, 1, {}, "wamp.error.no_such_procedure"]


def test_a_caller_is_disclosed_if_either_asks(world: World) -> None:
    """`disclose_me` of the call, or `disclose_caller` of the registration; else nothing is told."""
    caller, callee = world.known("ann"), world.peer()
    callee.register("com.p")
    callee.register("com.q", disclose_caller=True)
    caller.call("com.p")
    caller.call("com.p", disclose_me=True)
    caller.call("com.q")
    told = {"caller": caller.id, "caller_authid": "ann", "caller_authrole": "user"}
    assert [raw[3] for raw in callee.take()] == [{}, told, told]


def test_progressive_results(world: World) -> None:
    """Each progressive YIELD is a RESULT at once; the last one ends the call."""
    caller, callee = pair(world)
    caller.call("com.p", receive_progress=True)
    assert callee.one()[3] == {"receive_progress": True}
    callee.send([YIELD, 1, {"progress": True}, [1]], [YIELD, 1, {"progress": True}])
    assert caller.take() == [[RESULT, 1, {"progress": True}, [1]], [RESULT, 1, {"progress": True}]]
    callee.send([YIELD, 1, {}, [3]])
    assert caller.one() == [RESULT, 1, {}, [3]]


def test_a_callee_needs_only_progressive_call_results(world: World) -> None:
    """AutobahnJS does not announce `call_canceling` beside it; one without it is not asked."""
    caller = world.peer()
    able, unable = world.peer(roles("progressive_call_results")), world.peer(roles())
    able.register("com.p")
    unable.register("com.q")
    caller.call("com.p", receive_progress=True)
    caller.call("com.q", receive_progress=True)
    assert (able.one()[3], unable.one()[3]) == ({"receive_progress": True}, {})


def test_progress_that_nobody_asked_for_is_dropped(world: World) -> None:
    """The caller gets its one result."""
    caller, callee = pair(world)
    caller.call("com.p")
    callee.send([YIELD, 1, {"progress": True}, [1]], [YIELD, 1, {}, [2]])
    assert caller.take() == [[RESULT, 1, {}, [2]]]


def test_an_answer_to_no_invocation_breaks_the_protocol(world: World) -> None:
    """An id that was never given; one whose call is over is let pass."""
    caller, callee = pair(world)
    caller.call("com.p")
    callee.send([YIELD, 1, {}])
    assert callee.take() == []
    assert callee.send([YIELD, 1, {}], [ERROR, 68, 1, {}, "a"]) == []
    assert callee.send([YIELD, 2, {}])[0][0] == ABORT


def test_progressive_call_invocations(world: World) -> None:
    """One call in several CALLs: one INVOCATION id, the same callee, the first one's options."""
    caller, callees = share(world, "roundrobin")
    chunk = {"progress": True}
    caller.send([CALL, 1, {"progress": True, "disclose_me": True}, "com.p", [1]])
    caller.send([CALL, 1, chunk, "com.p", [2]], [CALL, 1, {}, "com.p", [3]])
    told = {"caller": caller.id}
    taken = callees[0].take()
    assert [raw[:2] for raw in taken] == [[INVOCATION, 1]] * 3
    assert [raw[4] for raw in taken] == [[1], [2], [3]]
    assert [raw[3].get("progress") for raw in taken] == [True, True, None]
    assert all(raw[3]["caller"] == told["caller"] for raw in taken)
    assert callees[1].take() == []
    callees[0].send([YIELD, 1, {}, [6]])
    assert caller.one() == [RESULT, 1, {}, [6]]


def test_progressive_calls_and_results_together(world: World) -> None:
    """Results may come before the last chunk."""
    caller, callee = pair(world)
    caller.send([CALL, 1, {"progress": True, "receive_progress": True}, "com.p", [1]])
    callee.send([YIELD, 1, {"progress": True}, ["one"]])
    caller.send([CALL, 1, {}, "com.p", [2]])
    callee.send([YIELD, 1, {}, ["two"]])
    assert world.faults == []
    assert caller.session.is_open


def test_chunks_of_a_call_that_ended_are_ignored(world: World) -> None:
    """The caller may not know yet; they are no repeated request ids."""
    caller, callee = pair(world)
    caller.send([CALL, 1, {"progress": True}, "com.p"])
    callee.take()
    callee.send([ERROR, 68, 1, {}, "com.enough"])
    assert caller.take() == [[ERROR, CALL, 1, {}, "com.enough"]]
    chunk = [CALL, 1, {"progress": True}, "com.p"]
    assert caller.send(chunk, [CALL, 1, {"timeout": -1}, "com.p"]) == []
    assert callee.take() == []
    assert caller.send([CALL, 1, {}, "com.p"])[0][0] == ABORT


def test_chunks_of_a_call_that_was_refused_are_ignored(world: World) -> None:
    """From its first CALL on."""
    caller = world.peer()
    chunk = [CALL, 1, {"progress": True}, "com.p"]
    assert caller.send(chunk)[0][4] == "wamp.error.no_such_procedure"
    assert caller.send(chunk, chunk) == []
    assert caller.send([CALL, 2, {"progress": True, "timeout": -1}, "com.p"])[0][0] == ERROR
    assert caller.send([CALL, 2, {"progress": True}, "com.p"]) == []


def test_a_chunk_that_cannot_be_read_ends_the_call(world: World) -> None:
    """ERROR to the caller, INTERRUPT to the callee."""
    caller, callee = pair(world)
    caller.send([CALL, 1, {"progress": True}, "com.p"])
    callee.take()
    [error] = caller.send([CALL, 1, {"progress": True}, "com..p"])
    assert error[:5] == [ERROR, CALL, 1, {}, "wamp.error.invalid_uri"]
    assert callee.one()[0] == INTERRUPT


def test_a_chunk_while_the_call_is_killed_is_ignored(world: World) -> None:
    """The callee has been told to stop."""
    caller, callee = pair(world)
    caller.send([CALL, 1, {"progress": True}, "com.p"], [CANCEL, 1, {"mode": "kill"}])
    callee.take()
    assert caller.send([CALL, 1, {}, "com.p"]) == []
    callee.send([ERROR, 68, 1, {}, "wamp.error.canceled"])
    assert caller.one()[4] == "wamp.error.canceled"


def test_progressive_calls_must_be_announced(world: World) -> None:
    """By the caller, or it breaks the protocol; by the callee, or the feature is not supported."""
    callee = world.peer(roles("call_canceling"))
    callee.register("com.p")
    answer = world.peer().call("com.p", progress=True)
    assert answer[4] == "wamp.error.feature_not_supported"
    assert world.peer().call("wamp.session.count", progress=True)[4] == answer[4]
    [abort] = world.peer(BASIC_ROLES).send([CALL, 1, {"progress": True}, "com.p"])
    assert abort[2] == "wamp.error.protocol_violation"


def test_procedures_of_our_own(world: World) -> None:
    """They are called like any other, and nobody can register them."""

    def echo(call: ProcedureCall) -> Reply:
        return Reply(call.args, call.kwargs)

    world.realm.provide("wsecho.echo", echo)
    peer = world.peer()
    assert peer.call("wsecho.echo", 1, kwargs={"k": 2}) == [RESULT, 1, {}, [1], {"k": 2}]
    assert peer.ask(REGISTER, {}, "wsecho.echo")[4] == "wamp.error.procedure_already_exists"
    peer.register("wsecho.", match="prefix")
    assert peer.call("wsecho.echo", 3) == [RESULT, 4, {}, [3]]


def test_a_procedure_of_our_own_may_answer_later(world: World) -> None:
    """By an `Answer`: with a result, with an error, or too late."""
    answers: list[Promise[Reply]] = []

    def slow(_call: ProcedureCall) -> Promise[Reply]:
        answers.append(Promise())
        return answers[-1]

    world.realm.provide("wsecho.slow", slow)
    caller = world.peer()
    for number in range(1, 6):
        assert caller.send([CALL, number, {"timeout": 1000}, "wsecho.slow"]) == []
    answers[0].give(Reply([1]))
    answers[1].fail(WampError("wamp.error.network_failure", "away"))
    assert caller.send([CANCEL, 3, {"mode": "kill"}])[-1][4] == "wamp.error.canceled"
    world.clock.move(1)
    caller_gone = world.peer()
    caller_gone.call("wsecho.slow")
    caller_gone.session.lost()
    for answer in answers:
        answer.give(Reply([2]))
        answer.fail(WampError("a.b"))
    assert [raw[:3] for raw in caller.take()] == [
        [ERROR, CALL, 4],
        [ERROR, CALL, 5],
    ]


def test_a_session_that_ends_leaves_nothing(world: World) -> None:
    """No registration, no call, no timer."""
    caller, callee = pair(world)
    callee.register("a", match="prefix", invoke="roundrobin")
    callee.register("a..", match="wildcard")
    caller.call("com.p", timeout=1000)
    caller.call("a.b.c", timeout=1000, progress=True)
    callee.session.lost()
    caller.session.lost()
    world.check_empty()
