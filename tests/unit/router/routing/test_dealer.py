# SPDX-License-Identifier: MIT
"""Remote procedure calls, and the dealer's advanced features."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

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
    UNREGISTER,
    UNREGISTERED,
    YIELD,
    Peer,
    World,
)
from wsecho.router import Answer, ProcedureCall, Reply, WampError


def roles(*features: str) -> dict[str, Any]:
    """Roles whose callee has these features."""
    return {**BASIC_ROLES, "callee": {"features": dict.fromkeys(features, True)}}


def pair(world: World, procedure: str = "com.p", **options: Any) -> tuple[Peer, Peer]:
    """A caller, and a callee that serves a procedure."""
    caller, callee = world.peer(), world.peer()
    callee.register(procedure, **options)
    return caller, callee


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


def share(world: World, invoke: str, count: int = 3) -> tuple[Peer, list[Peer]]:
    """A caller, and callees that share a procedure."""
    callees = [world.peer() for _ in range(count)]
    for callee in callees:
        callee.register("com.p", invoke=invoke)
    return world.peer(), callees


def served(caller: Peer, callees: list[Peer], calls: int) -> list[int]:
    """Who gets each of some calls."""
    order = []
    for _ in range(calls):
        caller.call("com.p")
        order += [place for place, callee in enumerate(callees) if callee.take()]
    return order


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


def test_cancel_skip(world: World) -> None:
    """ERROR at once, no INTERRUPT, the late result is discarded."""
    caller, callee = pair(world)
    caller.call("com.p")
    callee.take()
    assert caller.send([CANCEL, 1, {"mode": "skip"}]) == [
        [ERROR, CALL, 1, {}, "wamp.error.canceled"]
    ]
    assert callee.send([YIELD, 1, {}, [1]]) == []
    assert caller.take() == []


@pytest.mark.parametrize("options", [{}, {"mode": "killnowait"}, {"mode": None}])
def test_cancel_killnowait_is_the_default(world: World, options: dict[str, Any]) -> None:
    """ERROR at once, INTERRUPT to the callee, whose answer is discarded."""
    caller, callee = pair(world)
    caller.call("com.p")
    callee.take()
    assert caller.send([CANCEL, 1, options]) == [[ERROR, CALL, 1, {}, "wamp.error.canceled"]]
    interrupt = callee.one()
    assert (interrupt[:2], interrupt[2]["mode"]) == ([INTERRUPT, 1], "killnowait")
    callee.send([ERROR, 68, 1, {}, "wamp.error.canceled"])
    assert caller.take() == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([ERROR, 68, 1, {}, "wamp.error.canceled"], [ERROR, CALL, 1, {}, "wamp.error.canceled"]),
        ([YIELD, 1, {}, ["just in time"]], [RESULT, 1, {}, ["just in time"]]),
    ],
)
def test_cancel_kill_waits_for_the_callee(
    world: World, answer: list[Any], expected: list[Any]
) -> None:
    """INTERRUPT, and the caller gets whatever the callee then says."""
    caller, callee = pair(world)
    caller.call("com.p")
    callee.take()
    assert caller.send([CANCEL, 1, {"mode": "kill"}], [CANCEL, 1, {"mode": "kill"}]) == []
    interrupt = callee.one()
    assert (interrupt[:2], interrupt[2]["mode"]) == ([INTERRUPT, 1], "kill")
    callee.send(answer)
    assert caller.one() == expected


@pytest.mark.parametrize("mode", ["kill", "killnowait", "skip"])
def test_a_callee_without_call_canceling_is_skipped(world: World, mode: str) -> None:
    """Whatever the mode: ERROR at once, and no INTERRUPT."""
    caller, callee = world.peer(), world.peer(roles())
    callee.register("com.p")
    caller.call("com.p")
    callee.take()
    assert caller.send([CANCEL, 1, {"mode": mode}])[0][4] == "wamp.error.canceled"
    assert callee.take() == []


def test_a_cancel_that_comes_too_late_is_ignored(world: World) -> None:
    """The result was on its way; the same for a call that never was."""
    caller, callee = pair(world)
    caller.call("com.p")
    callee.send([YIELD, 1, {}])
    caller.take()
    assert caller.send([CANCEL, 1, {}], [CANCEL, 77, {}]) == []


def test_a_cancel_of_unknown_mode_leaves_the_call_alone(world: World) -> None:
    """ERROR for the CANCEL; the call ends as it would have."""
    caller, callee = pair(world)
    caller.call("com.p")
    [error] = caller.send([CANCEL, 1, {"mode": "maim"}])
    assert error[:5] == [ERROR, CANCEL, 1, {}, "wamp.error.invalid_argument"]
    callee.send([YIELD, 1, {}, [1]])
    assert caller.one() == [RESULT, 1, {}, [1]]


def test_a_call_times_out(world: World) -> None:
    """After `timeout` milliseconds: ERROR `wamp.error.timeout`, INTERRUPT to the callee."""
    caller, callee = pair(world)
    caller.call("com.p", timeout=1500)
    callee.take()
    world.clock.move(1.4)
    assert caller.take() == []
    world.clock.move(0.1)
    assert caller.one() == [ERROR, CALL, 1, {}, "wamp.error.timeout"]
    assert callee.one()[:2] == [INTERRUPT, 1]
    callee.send([YIELD, 1, {}, [1]])
    assert caller.take() == []


def test_a_call_in_time_stops_the_clock(world: World) -> None:
    """And a timeout of 0 is none."""
    caller, callee = pair(world)
    caller.call("com.p", timeout=1000)
    caller.call("com.p", timeout=0)
    callee.send([YIELD, 1, {}, [1]])
    assert world.clock.waiting == []
    world.clock.move(10)
    assert caller.take() == [[RESULT, 1, {}, [1]]]


def test_the_timeout_of_progressive_results_is_between_them(world: World) -> None:
    """Every result starts it anew."""
    caller, callee = pair(world)
    caller.call("com.p", timeout=1000, receive_progress=True)
    for _ in range(3):
        world.clock.move(0.9)
        callee.send([YIELD, 1, {"progress": True}])
    assert len(caller.take()) == 3
    world.clock.move(1.0)
    assert caller.one()[4] == "wamp.error.timeout"


def test_a_callee_that_leaves_fails_its_calls(world: World) -> None:
    """ERROR `wamp.error.canceled` for every one of them."""
    caller, callee = pair(world)
    caller.call("com.p")
    caller.call("com.p", timeout=1000)
    callee.session.lost()
    assert [raw[:5] for raw in caller.take()] == [
        [ERROR, CALL, number, {}, "wamp.error.canceled"] for number in (1, 2)
    ]
    assert world.clock.waiting == []
    assert caller.call("com.p")[4] == "wamp.error.no_such_procedure"


def test_a_caller_that_leaves_interrupts_its_calls(world: World) -> None:
    """INTERRUPT `killnowait`, where the callee understands it; its answers are discarded."""
    caller, callee = pair(world)
    simple = world.peer(roles())
    simple.register("com.q")
    caller.call("com.p", timeout=1000)
    caller.call("com.q")
    for peer in (callee, simple):
        peer.take()
    caller.session.lost()
    interrupt = callee.one()
    assert (interrupt[:2], interrupt[2]["mode"]) == ([INTERRUPT, 1], "killnowait")
    assert simple.send([YIELD, 1, {}]) == []
    assert callee.send([ERROR, 68, 1, {}, "wamp.error.canceled"]) == []
    assert world.clock.waiting == []


def test_a_session_may_call_itself_and_leave(world: World) -> None:
    """Nothing is left of it."""
    peer = world.peer()
    peer.register("com.p")
    peer.call("com.p")
    assert peer.one()[0] == INVOCATION
    peer.session.lost()
    world.check_empty()


def test_an_answer_to_no_invocation_breaks_the_protocol(world: World) -> None:
    """An id that was never given; one whose call is over is let pass."""
    caller, callee = pair(world)
    caller.call("com.p")
    callee.send([YIELD, 1, {}])
    assert callee.take() == []
    assert callee.send([YIELD, 1, {}], [ERROR, 68, 1, {}, "a"]) == []
    assert callee.send([YIELD, 2, {}])[0][0] == ABORT


def test_an_invocation_that_cannot_be_carried_fails_the_call(world: World) -> None:
    """The caller is told; the callee never hears of it and stays."""
    caller, callee = pair(world)
    callee.transport.cannot_carry = lambda raw: raw[0] == INVOCATION
    assert caller.call("com.p", "NaN")[:5] == [ERROR, CALL, 1, {}, "wamp.error.invalid_payload"]
    assert callee.session.is_open
    assert not callee.session.invocations


def test_a_result_that_cannot_be_carried_becomes_an_error(world: World) -> None:
    """Final or progressive; of an ERROR the payload is left out."""
    caller, callee = pair(world)
    caller.transport.cannot_carry = lambda raw: "NaN" in str(raw)
    for number in (1, 2, 3):
        caller.send([CALL, number, {"receive_progress": True}, "com.p"])
    callee.take()
    interrupts = callee.send(
        [YIELD, 1, {}, ["NaN"]],
        [YIELD, 2, {"progress": True}, ["NaN"]],
        [ERROR, 68, 3, {}, "com.bad", ["NaN"]],
    )
    assert [(raw[2], raw[4]) for raw in caller.take()] == [
        (1, "wamp.error.invalid_payload"),
        (2, "wamp.error.invalid_payload"),
        (3, "com.bad"),
    ]
    assert [raw[:2] for raw in interrupts] == [[INTERRUPT, 2]]


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
    answers: list[Answer[Reply]] = []

    def slow(_call: ProcedureCall) -> Answer[Reply]:
        answers.append(Answer())
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
