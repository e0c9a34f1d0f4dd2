# SPDX-License-Identifier: MIT
"""A whole server whose WebSockets and event streams are real sockets on a lane.

The rest is as in `harness`.
"""

import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from attrs import define, field
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from tests.unit.doors.harness import Peer, Server, Wire
from tests.unit.doors.turns import TurningClock
from tests.unit.lane.implementations import take
from wsecho.config.config import Config
from wsecho.doors.front import Front
from wsecho.lane.lane import Lane
from wsecho.lane.transport import LaneTransport

Socket: TypeAlias = socket.socket


class SocketWire(Wire):
    """A transport that is a real socket from when the lane takes it on."""

    dataBuffer = b""
    offset = 0
    front: Front
    clock: TurningClock
    takes_little: bool
    socket: Socket
    peer: Socket | None = None

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self._tempDataBuffer: list[bytes] = []
        self._tempDataLen = 0

    def join(self) -> None:
        """Be a socket from now on."""
        self.peer, self.socket = socket.socketpair()
        self.peer.setblocking(False)
        self.socket.setblocking(False)
        if self.takes_little:
            # The system makes it the least that there is.
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)

    def fileno(self) -> int:
        """The socket's."""
        return self.socket.fileno()

    def stopReading(self) -> None:
        """Be the reactor's no more."""

    stopWriting = stopReading

    def unregisterProducer(self) -> None:
        """Tell nobody any more."""
        self.producer = None

    def value(self) -> bytes:
        """What came at the other end; to ask is to read."""
        late = b"" if self.peer is None or self.peer.fileno() < 0 else take(self.peer)
        return bytes(super().value()) + late

    def abortConnection(self) -> None:
        """Be gone in the next turn, as with Twisted's own."""
        super().abortConnection()
        self.clock.callLater(0, self.connectionLost, Failure(ConnectionLost()))

    def connectionLost(self, reason: Failure) -> None:
        """Close, and tell."""
        if self.socket.fileno() >= 0:
            self.socket.close()
            self.front.connectionLost(reason)


class CrowdLane(Lane):
    """A lane that takes these sockets, in turns that the test takes."""

    def take(self, transport: Any, protocol: Any) -> LaneTransport:
        """Take a connection's socket over."""
        transport.join()
        self._transports[transport.fileno()] = taken = LaneTransport(
            self, self._reactor, transport, protocol
        )
        self._epoll.register(transport.fileno(), select.EPOLLIN)
        taken.begin()
        return taken

    def turn(self) -> bool:
        """Serve the sockets until none is ready; tell whether any was."""
        was_any = False
        while ready := self._epoll.poll(0):
            self._serve(ready)
            was_any = True
        return was_any


@define
class LanePeer(Peer):
    """One connection, whose bytes go over the socket where there is one."""

    lane: CrowdLane

    @property
    def socket(self) -> Socket | None:
        """The client's end."""
        assert isinstance(self.wire, SocketWire)
        return self.wire.peer

    def send(self, data: bytes) -> None:
        """Send bytes."""
        if self.socket is None:
            self.front.dataReceived(data)
        elif self.socket.fileno() >= 0:
            assert self.socket.send(data) == len(data)
            self.lane.turn()

    def hang_up(self) -> None:
        """Be gone without a word; the server has yet to find out."""
        assert self.socket is not None
        self.socket.close()


@define
class LaneServer(Server):
    """All of the server but its ports, with a lane."""

    clock: TurningClock = field(factory=TurningClock)
    lane: CrowdLane = field(init=False)
    wires: list[SocketWire] = field(factory=list)
    take_little: bool = False
    """Whether the sockets of those who connect from now on take as little as there is."""

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        self.lane = CrowdLane(self.clock, self.rooms.fanout.together)
        self.lane._epoll = select.epoll()
        self.websockets.lane = self.factory.site.lane = self.lane

    def connect(self, address: str = "192.168.1.1") -> LanePeer:
        """Open a connection; it is a socket once it is a WebSocket or an event stream."""
        front = self.factory.buildProtocol(None)
        assert isinstance(front, Front)
        wire = SocketWire(address)
        wire.front, wire.clock, wire.takes_little = front, self.clock, self.take_little
        self.wires.append(wire)
        front.makeConnection(wire)
        return LanePeer(front, wire, self.lane)

    def turn(self) -> bool:
        """Have the reactor take a turn; tell whether there was anything to do."""
        return any([self.lane.turn(), self.clock.turn()])

    def fanned(self, room: str = "a") -> dict[str, int]:
        """How many are in each of a room's groups, by their form."""
        groups = self.rooms.fanout._groups.get(room, {})
        return {form: len(group) for form, group in groups.items()}

    def sent(self, door: str) -> int:
        """How many messages were sent by a door, as the metrics say."""
        self.state.stats.count()
        return self.state.stats.doors[door].total("messages_out")


@contextmanager
def crowd(config: Config | None = None) -> Iterator[LaneServer]:
    """A server, whose sockets are closed behind it."""
    server = LaneServer(config or Config(auto_ping=0))
    try:
        yield server
    finally:
        for wire in server.wires:
            if wire.peer is not None:
                wire.peer.close()
                wire.socket.close()
        server.lane._epoll.close()
