# SPDX-License-Identifier: MIT
"""The node that a session lives on: what it takes of other nodes, and what it does not."""

from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from zope.interface import implementer

from tests.unit.doors.forwarding.harness import KEY
from tests.unit.doors.forwarding.pairs import HELLO, JSON, Pair
from wsecho.access.signatures import Signed, sign_request


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
