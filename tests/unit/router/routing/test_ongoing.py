# SPDX-License-Identifier: MIT
"""The ways in which a call ends: canceled, in time or too late, with either end gone, uncarried."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.router.callees import pair, roles
from tests.unit.router.peers import (
    CALL,
    CANCEL,
    ERROR,
    INTERRUPT,
    INVOCATION,
    RESULT,
    YIELD,
    World,
)


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
