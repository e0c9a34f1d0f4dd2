# SPDX-License-Identifier: MIT
"""A `receive` that waits: it is answered once, whatever comes first."""

import pytest

from tests.unit.doors.harness import Exchange, Server
from tests.unit.doors.wamp.harness import Poller, make_server, write
from wsecho.doors.wamp.fetches import RECEIVE_WAIT


def waiting() -> tuple[Server, Poller, Exchange]:
    """A session whose `receive` finds nothing."""
    server = make_server()
    poller = Poller.join(server)
    return server, poller, server.ask("POST", f"{poller.address}/receive")


def test_it_says_that_there_was_nothing_before_its_client_gives_up() -> None:
    """AutobahnJS waits for 12 s."""
    server, _, receive = waiting()
    server.clock.advance(RECEIVE_WAIT - 1)
    assert receive.status is None
    server.clock.advance(1)
    assert receive.status == 204


def test_what_comes_answers_it_and_stops_its_clock() -> None:
    """Nothing is said a second time."""
    server, poller, receive = waiting()
    poller.send(write("wamp.2.json", [48, 1, {}, "wsecho.echo", ["x"]]))
    server.clock.advance(0)
    assert receive.json == [50, 1, {}, ["x"]]
    assert receive.headers["content-type"] == "application/json"
    server.clock.advance(RECEIVE_WAIT)
    assert receive.json == [50, 1, {}, ["x"]]


@pytest.mark.parametrize("is_lost", [False, True])
def test_one_whose_client_goes_takes_nothing_along(*, is_lost: bool) -> None:
    """The next one gets what came."""
    server, poller, receive = waiting()
    if is_lost:
        receive.peer.lose()
    else:
        receive.peer.half_close()
        assert receive.status == 204
    poller.send(write("wamp.2.json", [48, 1, {}, "wsecho.echo", ["x"]]))
    server.clock.advance(0)
    assert poller.receive().json() == [50, 1, {}, ["x"]]
