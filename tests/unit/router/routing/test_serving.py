# SPDX-License-Identifier: MIT
"""The requests of an open session: their ids, and how each is refused alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.router.peers import (
    ABORT,
    CALL,
    ERROR,
    PUBLISH,
    RESULT,
    SUBSCRIBE,
    SUBSCRIBED,
    YIELD,
    World,
    takes_no_more_than,
)


@pytest.mark.parametrize("second", [1, 4, 5])
def test_request_ids_must_not_go_back(world: World, second: int) -> None:
    """Backwards or repeated is a protocol violation."""
    peer = world.peer()
    peer.send([SUBSCRIBE, 5, {}, "a.b"])
    [abort] = peer.send([CALL, second, {}, "wamp.session.count"])
    assert (abort[0], abort[2]) == (ABORT, "wamp.error.protocol_violation")


def test_a_gap_in_request_ids_is_let_pass(world: World) -> None:
    """AutobahnJS leaves one where a request fails before it is sent."""
    peer = world.peer()
    answers = peer.send([SUBSCRIBE, 1, {}, "a.b"], [SUBSCRIBE, 70, {}, "a.c"])
    assert [raw[:2] for raw in answers] == [[SUBSCRIBED, 1], [SUBSCRIBED, 70]]


def test_a_refused_request_uses_its_id(world: World) -> None:
    """An id that was answered with ERROR cannot come again."""
    peer = world.peer()
    [error] = peer.send([SUBSCRIBE, 1, {}, "a..b"])
    assert error[:3] == [ERROR, SUBSCRIBE, 1]
    [abort] = peer.send([SUBSCRIBE, 1, {}, "a.b"])
    assert abort[0] == ABORT


def test_unordered_transports_may_send_ids_in_any_order(world: World) -> None:
    """Unbatched long-poll: any order, but never twice."""
    peer = world.peer(ordered=False)
    requests: list[Any] = [[SUBSCRIBE, number, {}, "a.b"] for number in (3, 1, 2)]
    assert [raw[1] for raw in peer.send(*requests)] == [3, 1, 2]
    assert peer.send([SUBSCRIBE, 2, {}, "a.b"])[0][0] == ABORT


@pytest.mark.parametrize(
    ("raw", "uri"),
    [
        ([SUBSCRIBE, 1, {}, "a..b"], "wamp.error.invalid_uri"),
        ([SUBSCRIBE, 1, {}, ""], "wamp.error.invalid_uri"),
        ([SUBSCRIBE, 1, {"match": "prefix"}, "a..b"], "wamp.error.invalid_uri"),
        ([SUBSCRIBE, 1, {"match": "regex"}, "a.b"], "wamp.error.invalid_argument"),
        ([64, 1, {}, "a..b"], "wamp.error.invalid_uri"),
        ([64, 1, {"invoke": "all"}, "a.b"], "wamp.error.invalid_argument"),
        ([64, 1, {"match": "glob"}, "a.b"], "wamp.error.invalid_argument"),
        ([CALL, 1, {}, "a.b\n"], "wamp.error.invalid_uri"),
        ([CALL, 1, {"timeout": -1}, "a.b"], "wamp.error.invalid_argument"),
        ([49, 1, {"mode": "murder"}], "wamp.error.invalid_argument"),
        ([PUBLISH, 1, {"acknowledge": True}, "a#b"], "wamp.error.invalid_uri"),
    ],
)
def test_a_wrong_uri_or_option_is_an_error_and_the_session_goes_on(
    world: World, raw: list[Any], uri: str
) -> None:
    """ERROR for that request; the next one is served."""
    peer = world.peer()
    [error] = peer.send(raw)
    assert error[:5] == [ERROR, raw[0], 1, {}, uri]
    assert peer.send([CALL, 2, {}, "wamp.session.count"]) == [[RESULT, 2, {}, [1]]]


def test_an_unacknowledged_publish_is_refused_in_silence(world: World) -> None:
    """Nobody waits for the ERROR: Autobahn would take it for a protocol violation."""
    peer = world.peer()
    raws = [[PUBLISH, 1, {}, "a..b"], [PUBLISH, 2, {}, "wamp.x"]]
    assert peer.send(*raws) == []
    assert peer.session.is_open


def test_a_fault_of_a_procedure_is_not_told() -> None:
    """What our own procedures raise becomes `wamp.error.runtime_error`, without a word of it."""
    world = World()

    def broken(_call: object) -> Any:
        raise ValueError("secret")

    world.realm.provide("wsecho.broken", broken)
    peer = world.peer()
    assert peer.call("wsecho.broken") == [ERROR, CALL, 1, {}, "wamp.error.runtime_error"]
    assert peer.session.is_open
    assert len(world.faults) == 1


def test_an_answer_has_no_answer() -> None:
    """What fails over a YIELD or an ERROR is our fault, and no ERROR to a callee ("ERROR")."""
    world = World()
    caller, callee = world.peer(), world.peer()
    callee.register("com.p")
    for answer in ([YIELD, 1, {}, [1]], [ERROR, 68, 2, {}, "com.bad"]):
        caller.call("com.p")
        callee.take()
        caller.session.calls.clear()  # so that the tables contradict one another
        for call in callee.session.invocations.values():
            call.caller = None  # type: ignore[assignment]
        assert callee.send(answer) == []
        assert callee.session.is_open
    assert len(world.faults) == 2


@pytest.mark.parametrize("octets", [512, 600])
def test_a_caller_always_has_its_answer(world: World, octets: int) -> None:
    """However long the URI that a callee fails with: a RawSocket may take 512 octets alone."""
    caller, callee = world.peer(), world.peer()
    callee.register("com.p")
    takes_no_more_than(caller, octets)
    caller.call("com.p")
    callee.take()
    assert callee.send([ERROR, 68, 1, {}, "com." + "x" * 540, ["why" * 30]]) == []
    expected = "wamp.error.invalid_payload" if octets == 512 else "com." + "x" * 540
    assert caller.one() == [ERROR, CALL, 1, {}, expected]
    assert not caller.session.calls
    assert not callee.session.invocations
