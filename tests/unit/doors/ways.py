# SPDX-License-Identifier: MIT
"""The ways in which a WebSocket's octets may go: Autobahn's own, ours, and the lane's."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final

from attrs import Factory, define, field, frozen
from autobahn.twisted.websocket import WebSocketServerProtocol

from tests.unit.doors.harness import Peer, Server
from tests.unit.lane.implementations import IMPLEMENTATIONS, take, using
from tests.unit.lane.joined import OneLane, joined
from wsecho.config.config import Config
from wsecho.doors.websocket.connection import WebSocketConnection
from wsecho.doors.websocket.opened import opened_class

_HEAD_END: Final = b"\r\n\r\n"
_CLOSE: Final = 0x88
_PLENTY: Final = 1 << 21


class Gathered(WebSocketConnection):
    """A connection that leaves every frame to Autobahn, and gathers what they bring."""

    def _read(self, data: bytes) -> bytes:
        """Read none."""
        return data

    def processData(self) -> bool:
        """Read a frame as Autobahn does, unless this connection failed."""
        return not self.failedByMe and bool(WebSocketServerProtocol.processData(self))


class Theirs(Gathered):
    """A connection that leaves all to Autobahn. It cannot inflate."""

    onFrameBegin = WebSocketServerProtocol.onFrameBegin
    onFrameData = WebSocketServerProtocol.onFrameData
    onFrameEnd = WebSocketServerProtocol.onFrameEnd

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """Take what Autobahn has read."""
        self._message_received(payload, is_binary=isBinary)


@frozen
class Way:
    """One of them.

    Args:
        kind: what reads the messages.
        implementation: of the functions that do; None where it does not matter.
        is_lane: whether that is from a socket.
    """

    kind: type[WebSocketConnection]
    implementation: ModuleType = IMPLEMENTATIONS[0]
    is_lane: bool = False


AUTOBAHN: Final = Way(Theirs)
GATHERED: Final = Way(Gathered)
OURS: Final = tuple(
    Way(WebSocketConnection, implementation, is_lane)
    for implementation in IMPLEMENTATIONS
    for is_lane in (False, True)
)


@frozen
class Talk:
    """What a client says, and to whom.

    Attributes:
        stream: all it sends behind its request.
        ends: where the pieces end that it is sent in.
        at_once: whether the first piece comes in one segment with the request.
        path: the door's.
        extensions: what the request offers.
        config: the server's.
    """

    stream: bytes
    ends: tuple[int, ...] = ()
    at_once: bool = False
    path: str = "/echo"
    extensions: str = ""
    config: Config = Factory(Config)

    def request(self) -> bytes:
        """The upgrade."""
        offer = f"Sec-WebSocket-Extensions: {self.extensions}\r\n" if self.extensions else ""
        return (
            f"GET {self.path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\n{offer}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n"
        ).encode()

    def pieces(self) -> list[bytes]:
        """What is sent at once, each; the request is in the first."""
        ends = [end for end in sorted(self.ends) if end < len(self.stream)]
        bounds = zip([0, *ends], [*ends, len(self.stream)], strict=True)
        pieces = [piece for a, b in bounds if (piece := self.stream[a:b])]
        if self.at_once and pieces:
            return [self.request() + pieces[0], *pieces[1:]]
        return [self.request(), *pieces]


@frozen
class Outcome:
    """What came of a talk.

    Attributes:
        answers: all octets behind the handshake's head.
        is_aborted: the connection was cut.
        is_closed: it was closed, all being sent.
        has_fin: nothing more is sent on it, but what comes is read.
        counts: messages and octets, in and out.
        limits: how often each was met.
        closes: how the log and the metrics say it ended.
    """

    answers: bytes
    is_aborted: bool
    is_closed: bool
    has_fin: bool
    counts: tuple[int, ...]
    limits: dict[str, int]
    closes: list[tuple[str, str]]

    def frames(self) -> list[tuple[int, bytes]]:
        """The answers' frames, each by its first octet and, of a Close frame, its code alone."""
        return [(f, p[:2] if f == _CLOSE else p) for f, p in read_frames(self.answers)]


def read_frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Read what a server sent: the first octet and the payload of each frame."""
    while data:
        length, size = data[1], 2
        if length > 125:
            size += 2 if length == 126 else 8
            length = int.from_bytes(data[2:size])
        yield data[0], data[size : size + length]
        data = data[size + length :]


def hold(way: Way, talk: Talk) -> Outcome:
    """Hold a talk one way."""
    server = Server(talk.config)
    if way.kind is not server.websockets.kind:
        server.websockets._opened = opened_class(way.kind, server.websockets)
    peer = server.connect()
    with using(way.implementation), _line(way, server, peer) as line:
        for piece in talk.pieces():
            line.send(piece)
        server.clock.advance(0)
        line.read()
        ends = line.ends()
        peer.lose()
    [stats] = server.state.stats.doors.values()
    counts = (
        *(stats.total("messages_in"), stats.total("messages_out")),
        *(stats.total("bytes_in"), stats.total("bytes_out")),
    )
    head, _, answers = bytes(line.answers).partition(_HEAD_END)
    assert head.startswith(b"HTTP/1.1 101 ")
    met = server.state.stats
    return Outcome(answers, *ends, counts, dict(met.limits), list(met.closes))


@contextmanager
def _line(way: Way, server: Server, peer: Peer) -> Iterator["InMemory"]:
    if not way.is_lane:
        yield InMemory(peer)
        return
    with joined(server.clock) as (client, lane):
        for end in (client, lane.connection.socket):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _PLENTY)
        stand_in: Any = lane
        server.websockets.lane = stand_in
        yield OnTheLane(peer, lane, client)


@define
class InMemory:
    """A connection over a string transport."""

    peer: Peer
    answers: bytearray = field(factory=bytearray, init=False)

    def send(self, piece: bytes) -> None:
        """Send a piece, unless the connection was cut."""
        if not self.peer.wire.aborted:
            self.peer.send(piece)

    def read(self) -> None:
        """Read what was answered."""
        self.answers += self.peer.received()

    def ends(self) -> tuple[bool, bool, bool]:
        """Whether it was cut, closed, closed by half."""
        wire = self.peer.wire
        return wire.aborted, wire.disconnecting, wire.half_closed


@define
class OnTheLane(InMemory):
    """A connection that goes to a socket as soon as it is open."""

    _lane: OneLane
    _client: socket.socket
    _has_fin: bool = field(default=False, init=False)

    def send(self, piece: bytes) -> None:
        """Send a piece, and have the lane take turns until it has read it."""
        if self._lane.transport is None:
            super().send(piece)
        elif self._lane.events:
            assert self._client.send(piece) == len(piece)
            while self._lane.turn():
                self.read()

    def read(self) -> None:
        """Read what was answered: before the lane was taken, and after."""
        super().read()
        self.answers += take(self._client)

    def ends(self) -> tuple[bool, bool, bool]:
        """The same of the socket."""
        transport, ends = self._lane.transport, self._lane.connection.ends
        assert transport is not None
        assert set(ends) <= {"aborted", "ConnectionDone"}, ends
        return "aborted" in ends, transport.disconnecting, transport._half_closing
