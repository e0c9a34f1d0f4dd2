# SPDX-License-Identifier: MIT
"""A request at one node for a session of another."""

import errno
import json
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import UNIXClientEndpoint
from twisted.internet.error import ConnectError
from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent, globalLogPublisher
from zope.interface import implementer

from tests.unit.doors.forwarding.harness import KEY, Everywhere, Inner, Net, make_node
from tests.unit.doors.harness import Exchange, Server
from wsecho.access.signatures import Signed, sign_request
from wsecho.app.drain import MOMENT, Drain
from wsecho.core.wire.errors import OverLimit
from wsecho.core.wire.nodes import NodeAddress
from wsecho.doors.forwarding import routes
from wsecho.doors.forwarding.passage import Relay
from wsecho.doors.forwarding.sending import ANSWER_WITHIN

HELLO = b'[1,"realm1",{"roles":{"caller":{}}}]'
JSON = "application/json"


@pytest.fixture
def errors() -> Iterator[list[str]]:
    """What is logged as an error."""
    found: list[str] = []

    @implementer(ILogObserver)
    def observe(event: LogEvent) -> None:
        if event["log_level"] >= LogLevel.error:
            found.append(formatEvent(event))

    globalLogPublisher.addObserver(observe)
    yield found
    globalLogPublisher.removeObserver(observe)


class Pair:
    """Two nodes of one machine, and a session at the first."""

    def __init__(self, **options: Any) -> None:
        self.net = Net()
        theirs = options.pop("theirs", {})
        self.owner = make_node(self.net, "a", ("a", "b"), **options)
        self.other = make_node(self.net, "b", ("a", "b"), **{**options, **theirs})
        self.session = self.open()

    def open(self) -> str:
        """Open a session at the owner."""
        opened = self.owner.ask("POST", "/lp/open", b'{"protocols":["wamp.2.json"]}')
        found = str(opened.json["transport"])
        assert found.startswith("a.")
        return found

    def ask(self, verb: str, body: bytes = b"", /, **headers: str) -> Exchange:
        """Ask the other node."""
        method = "GET" if verb.startswith("events") else "POST"
        fields = {} if method == "GET" else {"content_type": JSON}
        path = f"/lp/{self.session}/{verb}"
        exchange = self.other.ask(method, path, body, **{**fields, **headers})
        self.net.run()
        return exchange

    def join(self) -> None:
        """Open the WAMP session, at the other node."""
        assert self.ask("send", HELLO).status == 204
        assert self.ask("receive").json[0] == 2


def test_what_is_asked_elsewhere_is_answered_by_the_owner() -> None:
    """Status, type, length and body; nothing is opened where it is passed on."""
    pair = Pair()
    pair.join()
    assert pair.ask("send", b'[48,1,{},"wsecho.echo",["x"]]').status == 204
    answer = pair.ask("receive")
    assert (answer.status, answer.json) == (200, [50, 1, {}, ["x"]])
    assert answer.headers["content-type"] == JSON
    assert answer.headers["content-length"] == str(len(answer.body))
    assert len(pair.owner.router.sessions) == 1
    assert not pair.other.router.sessions
    assert len(pair.owner.state.admissions) == 2
    assert pair.other.state.stats.forwarded["answered"] == 4
    assert not any(isinstance(one, Relay) for one in pair.other.state.connections)


def test_one_that_is_asked_at_home_is_not_forwarded() -> None:
    """Nor is one that names no node."""
    pair = Pair()
    assert pair.owner.ask("POST", f"/lp/{pair.session}/send", HELLO).status == 204
    for unknown in ("a.AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAA", "..", "a.b.c"):
        assert pair.owner.ask("POST", f"/lp/{unknown}/receive").status == 404
    assert pair.net.attempts == []


def test_it_waits_and_is_answered_as_soon_as_there_is_something() -> None:
    """And by 204 if there is nothing for a while, as at home."""
    pair = Pair()
    pair.join()
    waiting = pair.ask("receive")
    assert waiting.status is None
    pair.ask("send", b'[48,1,{},"wsecho.echo"]')
    pair.net.run()
    assert waiting.json[:2] == [50, 1]
    empty = pair.ask("receive")
    pair.net.run(8)
    assert empty.status == 204


def test_a_client_that_goes_away_is_gone_for_the_owner_too() -> None:
    """So the session's time begins to run there."""
    pair = Pair(lp_timeout=5.0)
    pair.join()
    pair.ask("receive").peer.lose()
    pair.net.run()
    pair.net.run(5)
    assert pair.ask("receive").status == 404


def test_a_stream_comes_as_it_comes() -> None:
    """And goes on at another request behind the last event."""
    pair = Pair()
    pair.join()
    stream = pair.ask("events")
    assert stream.headers["content-type"] == "text/event-stream"
    assert stream.body.startswith(b"retry: ")
    pair.ask("send", b'[48,1,{},"wsecho.echo",[1]]')
    pair.net.run()
    [event] = [one for one in stream.events if one.data]
    assert json.loads(event.data)[:2] == [50, 1]
    assert not stream.is_over
    stream.peer.lose()
    again = pair.ask("events", last_event_id=event.last_id)
    pair.ask("send", b'[48,2,{},"wsecho.echo",[2]]')
    pair.net.run()
    assert [json.loads(one.data)[1] for one in again.events if one.data] == [2]


def test_a_client_that_reads_slowly_slows_the_owner_down() -> None:
    """What is forwarded never piles up where it is passed on."""
    pair = Pair()
    pair.join()
    stream = pair.ask("events")
    inner = pair.net.pumps[-1].clientIO
    assert isinstance(inner, Inner)
    assert not inner.is_paused
    stream.peer.wire.fill()
    assert inner.is_paused
    stream.peer.wire.empty()
    assert not inner.is_paused


def test_errors_are_the_owners() -> None:
    """Their bodies too; what is wrong before that, the first node says itself."""
    pair = Pair(max_message_size=100)
    assert pair.ask("send?seq=2", b"[]").status == 409
    assert pair.ask("send?seq=x", b"[]").json["error"]["code"] == "bad_request"
    assert pair.ask("send", b"[]", content_type="text/html").status == 415
    attempts = len(pair.net.attempts)
    assert pair.ask("send", b"x" * 101).status == 413
    assert pair.ask("send", b"[]", origin="https://evil.example").status == 403
    assert pair.other.ask("GET", f"/lp/{pair.session}/send").status == 405
    assert len(pair.net.attempts) == attempts


def test_an_allowed_page_may_read_it() -> None:
    """The node that it reached says so."""
    pair = Pair(origin=("https://a.example",))
    answer = pair.ask("send", HELLO, origin="https://a.example")
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "https://a.example"


@pytest.mark.parametrize("target", ["send?", "send?seq=1", "send?a=%2F;b", "send?x%23y", "send;p"])
def test_the_target_arrives_as_it_was_signed(target: str) -> None:
    """Whatever a library makes of it on the way."""
    answer = Pair().ask(target, b"[999]")
    assert answer.status in {204, 404}
    assert "wsecho-refused" not in answer.headers


def test_a_node_that_is_gone_is_an_unknown_session() -> None:
    """Refused, unknown, or lost in the middle."""
    pair = Pair()
    pair.session = "c.AAAAAAAAAAAAAAAAAAAAAA"
    reference = pair.ask("receive")
    assert (reference.status, reference.json["error"]["code"]) == (404, "not_found")
    pair.session = pair.open()
    waiting = pair.ask("receive")
    for pump in pair.net.pumps:
        pump.server.transport.abortConnection()
        pump.client.transport.abortConnection()
    pair.net.run()
    assert (waiting.status, waiting.json) == (404, reference.json)
    del pair.net.sites["/run/a"]
    gone = pair.ask("receive")
    assert (gone.status, gone.json) == (404, reference.json)


def test_a_queue_that_is_full_is_waited_for(errors: list[str]) -> None:
    """The session lives, so it is never called unknown; for long, it is unreachable."""
    pair = Pair()
    pair.net.failures = [ConnectError(string="the queue is full"), OSError(errno.EMFILE, "")]
    exchange = pair.ask("send", HELLO)
    for _ in range(3):
        pair.net.run(0.1)
    assert exchange.status == 204
    pair.net.failures = [ConnectError(string="the queue is full") for _ in range(9)]
    exchange = pair.ask("send", b"[]")
    for _ in range(9):
        pair.net.run(0.1)
    assert (exchange.status, exchange.json["error"]["code"]) == (502, "node_unreachable")
    assert len(errors) == 1


def test_a_node_that_does_not_answer(errors: list[str]) -> None:
    """502 after a while, and one line in the log a minute."""
    pair = Pair()
    pair.net.silent.add("/run/a")
    for _ in range(2):
        waiting = pair.ask("receive")
        pair.net.run(ANSWER_WITHIN)
        assert (waiting.status, waiting.json["error"]["code"]) == (502, "node_unreachable")
    assert len(errors) == 1


def test_another_secret_is_told_to_the_log_and_by_a_code(errors: list[str]) -> None:
    """At both nodes; the client cannot help it."""
    pair = Pair(theirs={"key": b"other" * 8})
    answer = pair.ask("send", HELLO)
    assert (answer.status, answer.json["error"]["code"]) == (502, "cluster_secret")
    assert len(errors) == 2
    assert all("--cluster-secret" in line for line in errors)
    assert pair.owner.ask("POST", f"/lp/{pair.session}/receive").status is None


def test_nobody_else_gets_in() -> None:
    """Where nodes come, without a signature or with somebody else's; and not where clients come."""
    pair = Pair()
    head = f"POST /lp/{pair.session}/close HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
    request = Signed(
        node="a", method="POST", target=f"/lp/{pair.session}/close", fields=("", ""), body=b""
    )
    line = sign_request(request, b"guess" * 8, client="x", now=pair.net.seconds(), nonce="n" * 16)
    for signature in ("", f"Wsecho-Forwarded: {line}\r\n", "Wsecho-Forwarded: v1\r\n"):
        channel = pair.net.sites["/run/a"].buildProtocol(None)
        wire = pair.owner.connect().wire
        channel.makeConnection(wire)
        channel.dataReceived(f"{head}{signature}\r\n".encode())
        assert wire.value().startswith(b"HTTP/1.1 403 ")
    assert pair.owner.ask("POST", f"/lp/{pair.session}/send", HELLO).status == 204
    # At the public port a signature is a header like any.
    good = sign_request(request, KEY, client="x", now=pair.net.seconds(), nonce="m" * 16)
    answer = pair.owner.ask("POST", "/lp/a.nothing/close", wsecho_forwarded=good)
    assert answer.status == 404


def test_the_owner_logs_the_client_and_not_the_node() -> None:
    """By the address that the first node saw."""
    pair = Pair()
    found: list[str] = []

    @implementer(ILogObserver)
    def observe(event: LogEvent) -> None:
        found.append(formatEvent(event))

    globalLogPublisher.addObserver(observe)
    pair.ask("send?seq=x", b"[]")
    globalLogPublisher.removeObserver(observe)
    assert [line for line in found if "400" in line] == [
        "refused 192.168.1.1:54321: 400 seq is no whole number from 1"
    ]


class Machines:
    """A node alone on its machine, and two on another."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.net = Net()
        self.directory = Everywhere()
        more: dict[str, Any] = {"directory": self.directory}
        self.alone = make_node(self.net, "a", **more)
        self.first = make_node(self.net, "b", ("b", "c"), **more)
        self.second = make_node(self.net, "c", ("b", "c"), **more)
        self.directory.places = {name: NodeAddress(f"{name}.example", 1) for name in "abc"}
        # Both nodes of the other machine share one address; whoever accepts there is not the owner.
        self.directory.places["c"] = self.directory.places["b"]

        def endpoint(route: routes.Route, reactor: Any) -> Any:
            to = route.to
            path = to if isinstance(to, str) else f"/tcp/{to.host.partition('.')[0]}"
            return UNIXClientEndpoint(reactor, path)

        monkeypatch.setattr(routes.Route, "endpoint", endpoint)

    def open(self, node: Server) -> str:
        """Open a session."""
        opened = node.ask("POST", "/lp/open", b'{"protocols":["wamp.2.json"]}')
        return str(opened.json["transport"])

    def ask(self, node: Server, session: str, verb: str, body: bytes = b"") -> Exchange:
        """Ask a node."""
        exchange = node.ask("POST", f"/lp/{session}/{verb}", body, content_type=JSON)
        self.net.run()
        return exchange


def test_between_machines_it_takes_one_step_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """By their address to any node there, and from that by the Unix socket to the owner."""
    machines = Machines(monkeypatch)
    session = machines.open(machines.second)
    assert machines.ask(machines.alone, session, "send", HELLO).status == 204
    assert machines.net.attempts == ["/tcp/b", "/run/c"]
    assert machines.ask(machines.alone, session, "receive").json[0] == 2
    own = machines.open(machines.alone)
    machines.net.attempts.clear()
    assert machines.ask(machines.first, own, "send", HELLO).status == 204
    assert machines.net.attempts == ["/tcp/a"]


def test_nothing_goes_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the directory is wrong about a node, it is gone."""
    machines = Machines(monkeypatch)
    machines.directory.places["gone"] = machines.directory.places["b"]
    answer = machines.ask(machines.alone, "gone.AAAAAAAAAAAAAAAAAAAAAA", "receive")
    assert answer.status == 404
    assert machines.net.attempts == ["/tcp/b"]
    assert machines.directory.asked == ["gone"]


def test_a_directory_that_cannot_tell_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its error is the client's."""
    machines = Machines(monkeypatch)
    machines.directory.failure = OverLimit("the bus is away")
    answer = machines.ask(machines.alone, "x.AAAAAAAAAAAAAAAAAAAAAA", "receive")
    assert (answer.status, answer.json["error"]["reason"]) == (503, "the bus is away")


def test_a_client_that_leaves_while_the_directory_thinks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is asked for it."""
    machines = Machines(monkeypatch)
    later: Deferred[NodeAddress | None] = Deferred()
    monkeypatch.setattr(machines.directory.__class__, "find", lambda *_: later)
    exchange = machines.ask(machines.alone, "b.AAAAAAAAAAAAAAAAAAAAAA", "receive")
    exchange.peer.lose()
    assert later.called
    machines.net.run()
    assert machines.net.attempts == []


def test_the_end_of_the_first_node_ends_streams_and_lets_the_rest_be_answered() -> None:
    """So nothing that was on its way is lost."""
    pair = Pair()
    pair.join()
    done: list[object] = []
    stream = pair.ask("events")
    Drain([], pair.other.state, pair.net, 10.0).run().addBoth(done.append)
    pair.net.run()
    assert stream.is_over
    pair.net.run(MOMENT)
    assert done


def test_a_receive_whose_client_half_closes_is_answered_and_takes_nothing() -> None:
    """The client may as well have gone away: what comes later waits for the next one."""
    pair = Pair()
    pair.join()
    waiting = pair.ask("receive")
    waiting.peer.half_close()
    pair.net.run()
    assert waiting.status == 204
    assert waiting.peer.wire.disconnecting
    assert not any(isinstance(one, Relay) for one in pair.other.state.connections)
    assert pair.ask("send", b'[48,1,{},"wsecho.echo",["x"]]').status == 204
    assert pair.ask("receive").json == [50, 1, {}, ["x"]]


def test_what_is_brought_by_who_half_closes_is_taken() -> None:
    """And answered, once the other node has."""
    pair = Pair()
    pair.join()
    path = f"/lp/{pair.session}/send"
    exchange = pair.other.ask("POST", path, b'[48,1,{},"wsecho.echo"]', content_type=JSON)
    exchange.peer.half_close()
    assert exchange.status is None
    pair.net.run()
    assert exchange.status == 204
    assert pair.ask("receive").json[:2] == [50, 1]


def test_a_stream_whose_client_half_closes_ends() -> None:
    """There and here."""
    pair = Pair()
    pair.join()
    stream = pair.ask("events")
    assert stream.status == 200
    stream.peer.half_close()
    pair.net.run()
    assert stream.is_over
    assert not any(isinstance(one, Relay) for one in pair.other.state.connections)
    assert not any(one.is_paced for one in pair.owner.state.connections)
