# SPDX-License-Identifier: MIT
"""One room from a client's side, across all of its connections."""

from typing import Any

import pytest

from tests.unit.client.protocol.simulated import Simulation
from wsecho.client.errors import (
    Closed,
    Error,
    Forbidden,
    NotWsecho,
    OverLimit,
    TooLarge,
    Unauthorized,
    Unavailable,
    Unknown,
)
from wsecho.client.model import Position, Status
from wsecho.client.protocol.inbox import MAX_UNREAD
from wsecho.client.protocol.machine import JOIN_PATIENCE, TOKEN_PATIENCE
from wsecho.client.protocol.outbox import MAX_SECONDS
from wsecho.client.protocol.phases import Phase
from wsecho.client.protocol.plan import EVERYTHING, Plan
from wsecho.client.protocol.refusals import (
    Refusal,
    passing,
    refused_by_close,
    refused_by_frame,
    refused_by_http,
)

FUNCTION = {"has_token": True, "can_ask_again": True}


def joined(**plan: Any) -> Simulation:
    """A client that has joined."""
    simulation = Simulation(Plan(**plan))
    simulation.start()
    if simulation.asked:
        simulation.machine.token("first", 1_000.0, simulation.now)
        simulation.perform()
    simulation.open()
    simulation.deliver()
    assert simulation.machine.phase is Phase.OPEN
    return simulation


def entering(**plan: Any) -> Simulation:
    """A client that has not."""
    simulation = Simulation(Plan(**plan))
    simulation.start()
    return simulation


def refuse(simulation: Simulation, refusal: Refusal) -> None:
    """Let a connection be refused, or end."""
    simulation.connection = simulation.connecting = None
    simulation.machine.disconnected(refusal, simulation.now)
    simulation.perform()


def error(simulation: Simulation) -> Error:
    """Why it ended."""
    assert simulation.machine.phase is Phase.ENDED
    assert simulation.machine.error is not None
    assert simulation.machine.deadline() is None
    return simulation.machine.error


# -- entering


def test_what_is_asked_for_at_first_and_after_a_break() -> None:
    """What the program wants; then what follows what came, or all that is kept."""
    simulation = entering(history=3)
    assert simulation.connecting is not None
    assert (simulation.connecting.after, simulation.connecting.history) == (None, 3)
    simulation.room.say("x")
    simulation.step()
    simulation.cut()
    simulation.pass_time(1.0)
    assert simulation.connecting is not None
    asked = (simulation.connecting.after, simulation.connecting.history)
    assert asked == (Position("e0", 1), EVERYTHING)


@pytest.mark.parametrize(("history", "asked"), [(None, EVERYTHING), (0, 0), (5, 5)])
def test_a_place_that_cannot_be_had_begins_with_what_is_kept(history: Any, asked: int) -> None:
    """Or with as much of it as the program wants."""
    connecting = entering(after=Position("old", 3), history=history).connecting
    assert connecting is not None
    assert (connecting.after, connecting.history) == (Position("old", 3), asked)


@pytest.mark.parametrize("patience", [None, 5.0, 90.0])
def test_what_passes_is_waited_for_so_long(patience: float | None) -> None:
    """30 s where nothing else is asked for; then it says what went wrong at last."""
    simulation = entering(give_up_after=patience)
    began = simulation.now
    for _ in range(1_000):
        if simulation.machine.phase is Phase.ENDED:
            break
        if simulation.connecting is not None:
            refuse(simulation, passing("connection refused"))
        simulation.pass_time(0.1)
    seconds = simulation.now - began
    assert (patience or 30.0) - 11.0 < seconds <= (patience or 30.0) + 0.2
    assert isinstance(error(simulation), Unavailable)
    assert "connection refused" in error(simulation).reason


def test_a_server_that_never_answers_is_given_up_in_time() -> None:
    """Though no attempt ends."""
    simulation = entering()
    simulation.pass_time(31.0)
    assert isinstance(error(simulation), Unavailable)


def test_a_server_that_asks_for_more_time_than_there_is_ends_it_at_once() -> None:
    """In its own words."""
    simulation = entering(give_up_after=5.0)
    body = b'{"error":{"code":"over_limit","reason":"too many"}}'
    refuse(simulation, refused_by_http(503, 60.0, body))
    assert isinstance(error(simulation), OverLimit)
    assert "too many" in error(simulation).reason


@pytest.mark.parametrize(
    "refusal",
    [
        refused_by_http(404, 0.0, b"<html>"),
        refused_by_http(200, 0.0, b"{}"),
        refused_by_http(403, 0.0, b'{"error":{"code":"forbidden","reason":"no"}}'),
        refused_by_http(401, 0.0, b'{"error":{"code":"unauthorized","reason":"no"}}'),
        refused_by_close(4403, "no"),
        refused_by_close(4401, "no"),
    ],
    ids=lambda refusal: refusal.error.code,
)
def test_what_does_not_pass_ends_it_at_once(refusal: Refusal) -> None:
    """While entering."""
    simulation = entering()
    refuse(simulation, refusal)
    assert error(simulation) is refusal.error


def test_what_is_between_may_answer_anything_once_it_was_a_wsecho() -> None:
    """A proxy whose server restarts says 404, for one."""
    simulation = joined()
    refuse(simulation, refused_by_http(404, 0.0, b"<html>"))
    assert simulation.machine.status.state == "offline"
    simulation.settle()
    assert simulation.machine.phase is Phase.OPEN


@pytest.mark.parametrize(
    "text", ["hello", "{}", '{"type":"message","position":"a:1","data":"x"}', '{"type":"joined"}']
)
def test_who_begins_otherwise_is_no_wsecho(text: str) -> None:
    """The reason names the argument; once it was one, it may be again."""
    simulation = entering()
    simulation.open()
    simulation.machine.receive(text, simulation.now)
    simulation.perform()
    assert isinstance(error(simulation), NotWsecho)
    assert error(simulation).reason.startswith("url")
    assert simulation.connection is None
    known = joined()
    known.cut()
    known.pass_time(1.0)
    known.open()
    known.machine.receive(text, known.now)
    known.perform()
    assert (known.machine.phase, known.connection) == (Phase.WAITING, None)


def test_a_server_that_does_not_greet_is_left() -> None:
    """And tried again."""
    simulation = entering()
    simulation.open()
    simulation.pass_time(JOIN_PATIENCE + 1.0)
    assert simulation.connection is None
    assert simulation.connecting is not None


def test_leaving_ends_everything() -> None:
    """Whatever waits to be said is told."""
    simulation = joined()
    simulation.publish("x")
    simulation.machine.stop()
    simulation.perform()
    assert isinstance(error(simulation), Closed)
    assert [type(settled.outcome) for settled in simulation.said] == [Closed]
    with pytest.raises(Closed):
        simulation.publish("y")
    simulation.machine.stop()
    simulation.machine.disconnected(passing("late"), simulation.now)
    assert isinstance(error(simulation), Closed)


# -- when it breaks


def test_an_outage_is_endured_for_as_long_as_asked() -> None:
    """For ever, where nothing is."""
    for patience in (None, 100.0):
        simulation = joined(give_up_after=patience)
        simulation.cut()
        for _ in range(400):
            simulation.pass_time(1.0)
            if simulation.connecting is not None:
                refuse(simulation, passing("away"))
        if patience is None:
            assert simulation.machine.error is None
        else:
            assert isinstance(error(simulation), Unavailable)


def test_a_server_that_stops_is_left_alone_as_it_asks() -> None:
    """For the time of its `closing` frame."""
    simulation = joined()
    simulation.deliver_frame(type="closing", retry=7_000)
    refuse(simulation, refused_by_close(1001, "stopping"))
    simulation.pass_time(6.9)
    assert simulation.connecting is None
    simulation.pass_time(0.3)
    assert simulation.connecting is not None
    status = simulation.machine.status
    assert status == Status("connecting")


def test_how_it_stands_is_told() -> None:
    """In order, with what went wrong."""
    simulation = joined()
    simulation.take(9)
    simulation.cut()
    simulation.take(9)
    simulation.settle()
    states = [item.state for item in simulation.read if isinstance(item, Status)]
    assert states == ["open", "offline", "open"]
    offline = simulation.read[1]
    assert (offline.why, offline.retry_in) == ("cut", 0.125)


def test_a_silent_server_is_asked_and_then_left() -> None:
    """Within 60 s."""
    simulation = joined()
    simulation.pass_time(30.0)
    assert simulation.pings == 1
    simulation.machine.heard(simulation.now)
    simulation.pass_time(30.0)
    assert (simulation.pings, simulation.connection is None) == (2, False)
    simulation.pass_time(30.0)
    assert simulation.connection is None
    assert simulation.connecting is not None


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "message", "data": "x"},
        {"type": "message", "position": "a:1"},
        {"type": "joined"},
        {"type": "skipped"},
        {"type": "presence"},
    ],
    ids=str,
)
def test_a_frame_that_is_none_costs_the_connection(frame: Any) -> None:
    """And what follows is asked for again."""
    simulation = joined()
    simulation.deliver_frame(**frame)
    assert (simulation.connection, simulation.machine.phase) == (None, Phase.WAITING)


def test_a_frame_of_tomorrow_is_let_pass() -> None:
    """As are more fields than are known."""
    simulation = joined()
    simulation.deliver_frame(type="something new")
    simulation.deliver_frame(type="pong", more=1)
    assert simulation.machine.phase is Phase.OPEN


# -- tokens


def test_a_token_function_is_asked_first_and_before_it_expires() -> None:
    """The fresh one goes as a frame."""
    simulation = joined(**FUNCTION)
    for _ in range(41):
        simulation.pass_time(20.0)
        simulation.machine.heard(simulation.now)
    assert simulation.asked == 2
    simulation.machine.token("second", 1_000.0, simulation.now)
    simulation.perform()
    assert simulation.connection is not None
    assert simulation.connection.to_server == [{"type": "token", "token": "second"}]


def test_a_token_that_does_not_count_is_asked_for_once_more() -> None:
    """Then that is it; in between it may have counted."""
    simulation = joined(**FUNCTION)
    refuse(simulation, refused_by_close(4401, "expired"))
    simulation.pass_time(1.0)
    assert simulation.asked == 2
    simulation.machine.token("second", 1_000.0, simulation.now)
    simulation.perform()
    assert simulation.connecting is not None
    assert simulation.connecting.token == "second"
    refuse(simulation, refused_by_http(401, 0.0, b'{"error":{"code":"unauthorized","reason":"x"}}'))
    assert isinstance(error(simulation), Unauthorized)


def test_a_string_is_not_asked_for_again() -> None:
    """There is nothing better."""
    simulation = joined(has_token=True)
    simulation.pass_time(20.0)
    refuse(simulation, refused_by_close(4401, "the token has expired"))
    assert isinstance(error(simulation), Unauthorized)
    assert "expired" in error(simulation).reason
    assert simulation.asked == 1


def test_a_token_function_that_fails_ends_entering_at_once() -> None:
    """The reason names the argument."""
    simulation = entering(**FUNCTION)
    simulation.machine.no_token("the function failed: KeyError", simulation.now)
    assert error(simulation).reason == "token: the function failed: KeyError"


def test_a_token_function_may_fail_for_a_while_later() -> None:
    """It is asked again, as long as the old one counts, and a minute longer."""
    simulation = joined(**FUNCTION)
    refuse(simulation, refused_by_close(4401, "expired"))
    began = simulation.now
    while simulation.machine.error is None:
        asked = simulation.asked
        simulation.pass_time(0.5)
        if simulation.asked > asked:
            simulation.machine.no_token("nobody there", simulation.now)
            simulation.perform()
        assert simulation.now < began + 2 * TOKEN_PATIENCE
    assert simulation.now - began >= TOKEN_PATIENCE
    assert isinstance(error(simulation), Unauthorized)


def test_a_renewal_that_fails_is_tried_again_while_the_old_token_counts() -> None:
    """Whether the function or the server refuses."""
    simulation = joined(**FUNCTION)
    simulation.pass_time(39.0)
    simulation.machine._renewal.renew_at = simulation.now
    simulation.machine.wake(simulation.now)
    simulation.perform()
    assert simulation.asked == 2
    simulation.machine.no_token("not now", simulation.now)
    simulation.machine.heard(simulation.now)
    simulation.pass_time(6.0)
    assert simulation.asked == 3
    simulation.machine.token("bad", 500.0, simulation.now)
    simulation.perform()
    simulation.deliver_frame(type="error", code="unauthorized", reason="bad")
    simulation.pass_time(6.0)
    assert simulation.asked == 4
    simulation.machine.token("worse", 500.0, simulation.now)
    simulation.deliver_frame(type="error", code="bad_request", reason="no tokens are asked for")
    simulation.machine.heard(simulation.now)
    simulation.pass_time(15.0)
    assert simulation.asked == 4
    assert simulation.machine.phase is Phase.OPEN


# -- what is said


def test_what_the_server_refuses_is_told() -> None:
    """Or said again, where that passes."""
    simulation = joined()
    simulation.publish("a")
    simulation.publish("b")
    simulation.deliver_frame(type="error", id=1, code="forbidden", reason="no")
    simulation.deliver_frame(type="error", id=2, code="over_rate", reason="slowly")
    assert [type(settled.outcome) for settled in simulation.said] == [Forbidden]
    assert simulation.connection is not None
    simulation.connection.to_server.clear()
    simulation.pass_time(1.0)
    simulation.settle()
    assert [settled.outcome for settled in simulation.said[1:]] == [Position("e0", 1)]
    assert simulation.room.log == ["b"]


def test_an_acknowledgement_that_is_none_loses_nothing() -> None:
    """The connection is given up, and the message is said again."""
    simulation = joined()
    simulation.publish("a")
    simulation.deliver_frame(type="published", id=1)
    assert (simulation.connection, simulation.said) == (None, [])
    simulation.settle()
    assert [settled.outcome for settled in simulation.said] == [Position("e0", 1)]


def test_a_frame_that_is_too_large_is_refused_here_where_the_bound_is_known() -> None:
    """Also where a restarted server takes less than the one before."""
    simulation = joined()
    simulation.publish("x" * 100)
    simulation.cut()
    simulation.pass_time(1.0)
    simulation.open()
    simulation.connection = None
    position = "e0:0"
    simulation.deliver_frame(
        type="joined", member="me", position=position, recovered=True, max_message_size=100
    )
    assert [type(settled.outcome) for settled in simulation.said] == [TooLarge]
    with pytest.raises(TooLarge):
        simulation.publish("x" * 100)


def test_a_frame_that_is_too_large_is_found_where_the_bound_is_not_known() -> None:
    """The server closes with 1009: the largest is meant, the others are said again."""
    simulation = joined()
    for data in ("a", "x" * 100, "b"):
        simulation.publish(data)
    refuse(simulation, refused_by_close(1009, ""))
    assert [type(settled.outcome) for settled in simulation.said] == [TooLarge]
    simulation.settle()
    assert simulation.room.log == ["a", "b"]


def test_what_cannot_be_said_for_long_is_given_up() -> None:
    """Unknown where it may have arrived."""
    simulation = joined()
    simulation.publish("a")
    simulation.cut()
    simulation.publish("b")
    for _ in range(int(MAX_SECONDS) + 10):
        simulation.pass_time(1.0)
        if simulation.connecting is not None:
            refuse(simulation, passing("away"))
    assert [type(settled.outcome) for settled in simulation.said] == [Unknown, Unavailable]


# -- too much unread


def full() -> Simulation:
    """A client that nobody reads from, while much comes and something is on its way."""
    simulation = joined()
    for _ in range(MAX_UNREAD + 100):
        simulation.room.say("x")
    assert simulation.connection is not None
    simulation.connection.follow()
    simulation.publish("on its way")
    simulation.deliver(10_000)
    assert simulation.machine.phase is Phase.HELD
    return simulation


def test_where_nobody_reads_nothing_is_read_and_it_goes_by_post() -> None:
    """One at a time, under the same keys; what was on its way too."""
    simulation = full()
    simulation.publish("another")
    [post] = simulation.posts
    assert post.entry.data == "on its way"
    simulation.pass_time(100.0)
    assert simulation.pings == 0
    assert simulation.connection is not None
    simulation.posts.clear()
    simulation.machine.posted(post.entry, Position("e0", 9), simulation.now)
    simulation.perform()
    [post] = simulation.posts
    simulation.machine.not_posted(post.entry, passing("eaten"), simulation.now)
    simulation.perform()
    assert [each.outcome for each in simulation.said] == [Position("e0", 9)]
    simulation.pass_time(1.0)
    assert simulation.posts[-1].entry.key == post.entry.key
    simulation.settle()
    assert simulation.machine.phase is Phase.OPEN
    assert simulation.room.log.count("another") == 1


def test_what_ends_while_nobody_reads_is_not_opened_before_somebody_does() -> None:
    """And then goes on behind what was read."""
    simulation = full()
    simulation.cut()
    simulation.pass_time(1_000.0)
    assert (simulation.machine.phase, simulation.connecting) == (Phase.FULL, None)
    simulation.settle()
    assert [message.position.offset for message in simulation.messages] == list(
        range(1, len(simulation.room.log) + 1)
    )


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [
        (refused_by_frame("forbidden", "no"), Forbidden),
        (refused_by_http(413, 0.0, b'{"error":{"code":"too_large","reason":"x"}}'), TooLarge),
        (refused_by_http(404, 0.0, b"<html>"), None),
        (refused_by_http(503, 1.0, b""), None),
    ],
    ids=["forbidden", "too_large", "between", "passes"],
)
def test_a_post_is_refused(refusal: Refusal, outcome: type[Error] | None) -> None:
    """Told where it does not pass."""
    simulation = full()
    post = simulation.posts.pop()
    simulation.machine.not_posted(post.entry, refusal, simulation.now)
    simulation.perform()
    assert [type(each.outcome) for each in simulation.said] == (
        [] if outcome is None else [outcome]
    )
    simulation.pass_time(5.0)
    assert len(simulation.posts) == (outcome is None)


def test_a_post_whose_token_does_not_count_asks_for_another() -> None:
    """Once."""
    simulation = joined(**FUNCTION)
    for _ in range(MAX_UNREAD + 1):
        simulation.room.say("x")
    assert simulation.connection is not None
    simulation.connection.follow()
    simulation.deliver(10_000)
    simulation.publish("x")
    for token in ("second", None):
        post = simulation.posts.pop()
        refusal = refused_by_http(401, 0.0, b'{"error":{"code":"unauthorized","reason":"x"}}')
        simulation.machine.not_posted(post.entry, refusal, simulation.now)
        simulation.perform()
        if token is not None:
            simulation.machine.token(token, 1_000.0, simulation.now)
            simulation.perform()
            simulation.pass_time(5.0)
            assert simulation.posts[-1].token == token
    assert [type(each.outcome) for each in simulation.said] == [Unauthorized]


def test_a_fault_of_the_shell_is_told() -> None:
    """To whoever reads or writes."""
    simulation = joined()
    fault = Error("a fault", "internal")
    simulation.machine.fail(fault)
    simulation.perform()
    assert error(simulation) is fault
    assert simulation.connection is None
