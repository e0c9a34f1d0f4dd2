# SPDX-License-Identifier: MIT
"""A lane's transport on a real socket, whose other end is in the test's hands."""

import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar

from attrs import define, field
from twisted.internet.task import Clock

from wsecho.lane.transport import LaneTransport


class _Socket(Protocol):
    def fileno(self) -> int: ...


S = TypeVar("S", bound=_Socket)


@define
class Connection(Generic[S]):
    """The reactor's own transport, as far as the lane touches it."""

    socket: S
    dataBuffer: bytes = b""
    offset: int = 0
    _tempDataBuffer: list[bytes] = field(factory=list)
    _tempDataLen: int = 0
    ends: list[str] = field(factory=list)
    is_watched: bool = True

    def fileno(self) -> int:
        """The socket's."""
        return self.socket.fileno()

    def unregisterProducer(self) -> None:
        """Tell nobody any more."""

    def stopReading(self) -> None:
        """Be the reactor's no more."""
        self.is_watched = False

    stopWriting = stopReading

    def connectionLost(self, reason: Any) -> None:
        """Note why."""
        self.ends.append(reason.type.__name__)

    def abortConnection(self) -> None:
        """Note that it was cut."""
        self.ends.append("aborted")


@define
class OneLane:
    """A lane for one socket, whose turns the test takes."""

    connection: Connection[socket.socket]
    clock: Clock = field(factory=Clock)
    transport: LaneTransport | None = None
    events: int = 0

    def take(self, _transport: Any, protocol: Any) -> LaneTransport:
        """Give a protocol the socket in place of what it has."""
        self.events = select.EPOLLIN
        self.transport = LaneTransport(
            self,  # it is one, as far as a transport knows
            self.clock,
            self.connection,
            protocol,
        )
        self.transport.begin()
        return self.transport

    def watch(self, _descriptor: int, *, read: bool, write: bool) -> None:
        """Note what is waited for."""
        self.events = (select.EPOLLIN if read else 0) | (select.EPOLLOUT if write else 0)

    def forget(self, descriptor: int) -> None:
        """It stays open for now."""
        self.release(descriptor)

    def release(self, _descriptor: int) -> None:
        """Wait for nothing more."""
        self.events = 0

    def turn(self) -> bool:
        """Serve the socket if it is ready; tell whether it was."""
        assert self.transport is not None
        if not self.events:
            return False
        with select.epoll() as epoll:
            epoll.register(self.connection.fileno(), self.events)
            ready = epoll.poll(0)
        for _, events in ready:
            self.transport.serve(events)
        return bool(ready)


@contextmanager
def joined(clock: Clock | None = None) -> Iterator[tuple[socket.socket, OneLane]]:
    """A peer's socket, and the lane of the other end."""
    peer, server = socket.socketpair()
    with peer, server:
        peer.setblocking(False)
        server.setblocking(False)
        yield peer, OneLane(Connection(server), clock or Clock())
