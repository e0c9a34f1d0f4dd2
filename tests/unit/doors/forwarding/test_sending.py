# SPDX-License-Identifier: MIT
"""A request at one node for a session of another: what its client is told."""

import errno
from collections.abc import Iterator

import pytest
from twisted.internet.error import ConnectError
from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent, globalLogPublisher
from zope.interface import implementer

from tests.unit.doors.forwarding.pairs import HELLO, JSON, Pair
from wsecho.doors.forwarding.relay import Relay
from wsecho.doors.forwarding.sending import ANSWER_WITHIN


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


def test_an_allowed_page_may_read_it() -> None:
    """The node that it reached says so."""
    pair = Pair(origin=("https://a.example",))
    answer = pair.ask("send", HELLO, origin="https://a.example")
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "https://a.example"


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
