# SPDX-License-Identifier: MIT
"""The answer to a first request that is refused: whole, readable for pages, and the last."""

import json

import pytest
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent

from tests.unit.doors.harness import Server, Wire
from tests.unit.doors.test_front import status
from wsecho.core.http.requests import RequestHead
from wsecho.core.wire.errors import BadRequest, OverLimit
from wsecho.doors.refusing import Refusing, head_of

PEER = "192.0.2.1:5"
OWN, FOREIGN = "http://localhost", "http://evil.example"


def head(target: str = "/broadcast/a", origin: str = OWN) -> RequestHead:
    """A page's request."""
    found = head_of(
        f"GET {target} HTTP/1.1\r\nHost: localhost\r\nOrigin: {origin}\r\n\r\n".encode()
    )
    assert found is not None
    return found


def refusing() -> tuple[Server, Refusing]:
    """A server's own."""
    server = Server()
    return server, server.factory.refusing


def test_it_is_told_counted_and_logged_once() -> None:
    """With a body, as JSON, and the connection ends without a reset."""
    server, refuser = refusing()
    wire = Wire()
    with capturedLogs() as events:
        refuser.refuse(wire, PEER, OverLimit('as "many" as may be'), has_body=True, has_ended=False)
    answer = wire.value()
    assert status(answer) == 503
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "over_limit"
    assert (wire.half_closed, wire.disconnecting) == (True, False)
    assert server.state.stats.refusals == {(503, "over_limit"): 1}
    [line] = [formatEvent(event) or "" for event in events]
    assert line.startswith(f"refused {PEER}: 503 as ")
    server.clock.advance(60)
    assert wire.aborted


def test_who_has_closed_its_half_is_not_waited_for() -> None:
    """There is nothing that could come."""
    wire = Wire()
    refusing()[1].refuse(wire, PEER, BadRequest("bad"), has_body=True, has_ended=True)
    assert wire.disconnecting


def test_a_head_has_no_body() -> None:
    """But the length that one would have."""
    whole, bare = Wire(), Wire()
    for wire, has_body in ((whole, True), (bare, False)):
        refusing()[1].refuse(wire, PEER, BadRequest("bad"), has_body=has_body, has_ended=False)
    before, _, body = whole.value().partition(b"\r\n\r\n")
    assert body
    assert bare.value() == before + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("request_", "is_readable"),
    [
        (head(), True),
        (head("/lp/open"), True),
        (head("/healthz"), False),
        (head(origin=FOREIGN), False),
        (None, False),
    ],
)
def test_a_page_that_may_come_can_read_why_not(
    request_: RequestHead | None, *, is_readable: bool
) -> None:
    """At the addresses that pages ask; one that may not come cannot."""
    wire = Wire()
    refusing()[1].refuse(wire, PEER, OverLimit("full"), request_, has_body=True, has_ended=False)
    allowed = f"Access-Control-Allow-Origin: {OWN}".encode()
    assert (allowed in wire.value()) is is_readable


def test_a_lost_connection_leaves_nothing_on_the_clock() -> None:
    """Before its time is over."""
    server, refuser = refusing()
    outbound = refuser.refuse(Wire(), PEER, BadRequest("bad"), has_body=True, has_ended=False)
    assert isinstance(server.clock, Clock)
    outbound.connection_lost()
    assert not server.clock.getDelayedCalls()


@pytest.mark.parametrize("octets", [b"", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\0\0"])
def test_a_malformed_head_is_none(octets: bytes) -> None:
    """It is refused for something else already."""
    assert head_of(octets) is None
