# SPDX-License-Identifier: MIT
"""Octets sent to a server in memory, however they are cut, and what came of them."""

import re
from collections.abc import Callable
from typing import Final

from attrs import frozen

from tests.unit.doors.harness import Peer, Server
from tests.unit.doors.test_front import status
from wsecho.config.config import Config
from wsecho.doors.http.upgrade_only import UpgradeOnly

HOST: Final = b"Host: localhost\r\n"


POST: Final = b"POST /broadcast/a HTTP/1.1\r\n" + HOST


HI: Final = b"Content-Length: 2\r\n\r\nhi"


CHUNKED: Final = b"Transfer-Encoding: chunked\r\n\r\n"


CHUNKS: Final = b"1\r\nh\r\n1\r\ni\r\n0\r\n\r\n"


MAX_SIZE: Final = 200_000


_STATUS: Final = re.compile(rb"^HTTP/1\.[01] (\d+) ", re.MULTILINE)


_OF_THE_MOMENT: Final = re.compile(rb"[0-9A-Za-z_-]{12}:(?=\d)|Date: [^\r]*")


@frozen
class Outcome:
    """What came of some octets.

    Attributes:
        answers: all of them, but for epochs and dates.
        ends: whether the server has ended the connection.
    """

    answers: bytes
    ends: bool

    @property
    def statuses(self) -> list[int]:
        """The status of each answer."""
        return [int(found) for found in _STATUS.findall(self.answers)]


def serve() -> Server:
    """A server that answers plain HTTP at `/echo`, too."""
    server = Server(Config(max_message_size=MAX_SIZE))
    server.root.putChild(b"echo", UpgradeOnly())
    return server


def outcome(
    octets: bytes,
    *,
    send: Callable[[Peer, bytes], None] = Peer.send,
    before: bytes = b"",
    half_closes: bool = False,
) -> Outcome:
    """Send some octets on a connection of their own, `before` in front of them."""
    peer = serve().connect()
    if before:
        peer.send(before)
        assert status(peer.received()) == 404
    send(peer, octets)
    if half_closes:
        peer.half_close()
    ends = peer.wire.half_closed or peer.wire.disconnecting
    answers = _OF_THE_MOMENT.sub(b"", peer.received())
    peer.lose()
    return Outcome(answers, ends)


def trickle(peer: Peer, octets: bytes) -> None:
    """Send octets one by one, but the many of a long field."""
    while octets:
        cut = 1 if len(octets) < 1_000 else 777
        peer.send(octets[:cut])
        octets = octets[cut:]


def everyhow(octets: bytes, *, half_closes: bool = False) -> Outcome:
    """Send some octets in each way, which has to come to the same."""
    first = outcome(octets, half_closes=half_closes)
    assert outcome(octets, send=trickle, half_closes=half_closes) == first
    other = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for send in (Peer.send, trickle):
        second = outcome(octets, send=send, before=other, half_closes=half_closes)
        assert (second.statuses, second.ends) == (first.statuses, first.ends)
    return first


def get(target: bytes = b"/broadcast/a", fields: bytes = HOST, version: bytes = b"1.1") -> bytes:
    """A request without a body."""
    return b"GET %b HTTP/%b\r\n%b\r\n" % (target, version, fields)
