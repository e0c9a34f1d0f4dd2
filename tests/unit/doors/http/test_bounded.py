# SPDX-License-Identifier: MIT
"""HTTP on a port of its own: for so many connections, and for nobody who is counted as a client."""

from typing import Any

from attrs import define, field
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.web.resource import Resource

from tests.unit.doors.harness import Server, Wire
from tests.unit.doors.test_front import UPGRADE, status
from wsecho.doors.http.bounded import BoundedSite
from wsecho.doors.http.request import HttpRequest

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"


class Told(Resource):
    """Answers with the body that it is sent."""

    isLeaf = True

    def render(self, request: HttpRequest) -> bytes:
        """Say it again."""
        assert request.content is not None
        body: bytes = request.content.read()
        return b"told " + body


@define
class Port:
    """Such a port, for two at a time."""

    server: Server = field(factory=Server)
    clock: Clock = field(factory=Clock)
    site: BoundedSite = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.site = BoundedSite(
            *(Told(), self.server.state, self.clock), open_timeout=10.0, max_body=99, max_open=2
        )

    def connect(self) -> tuple[Any, Wire] | None:
        """Open a connection, if it is taken."""
        channel = self.site.buildProtocol(None)
        if channel is None:
            return None
        wire = Wire()
        channel.makeConnection(wire)
        return channel, wire


def test_so_many_are_taken() -> None:
    """Whoever leaves makes place, once."""
    port = Port()
    first, second = port.connect(), port.connect()
    assert first is not None
    assert second is not None
    assert port.connect() is None
    first[0].connectionLost(Failure(ConnectionDone()))
    assert port.connect() is not None
    assert port.connect() is None


def test_requests_follow_each_other() -> None:
    """On one connection, and none of it takes a client's place."""
    port = Port()
    connection = port.connect()
    assert connection is not None
    channel, wire = connection
    for _ in range(2):
        wire.clear()
        channel.dataReceived(GET)
        assert status(wire.value()) == 200
        assert wire.value().endswith(b"told ")
    assert not len(port.server.state.admissions)
    assert not port.server.state.connections


def test_a_body_is_asked_for() -> None:
    """Whatever it is sent to: what the request is may depend on it."""
    connection = Port().connect()
    assert connection is not None
    channel, wire = connection
    channel.dataReceived(POST)
    assert status(wire.value()) == 100
    channel.dataReceived(b"hi")
    assert wire.value().endswith(b"told hi")


def test_no_websocket_is_opened() -> None:
    """The request is one as any other."""
    connection = Port().connect()
    assert connection is not None
    channel, wire = connection
    channel.dataReceived(UPGRADE)
    assert status(wire.value()) == 200
    channel.dataReceived(GET)
    assert wire.value().count(b"HTTP/1.1 200") == 2


def test_a_slow_head_and_a_large_body_are_refused() -> None:
    """By the bounds of this port."""
    port = Port()
    slow, large = port.connect(), port.connect()
    assert slow is not None
    assert large is not None
    slow[0].dataReceived(GET[:9])
    large[0].dataReceived(POST.replace(b"h: 2", b"h: 100"))
    assert status(large[1].value()) == 413
    port.clock.advance(10)
    assert slow[1].aborted
