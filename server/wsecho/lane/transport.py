# SPDX-License-Identifier: MIT
"""One connection on the lane: what Twisted's TCP transport is to a protocol, done by ourselves."""

from __future__ import annotations

import select
import socket
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.python.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twisted.internet.interfaces import IProtocol

    from wsecho.lane.lane import Lane

READ_SIZE: Final = 1 << 16
"""Octets that are read at a time; a socket that has more is ready again in the next turn."""

FULL: Final = 1 << 16
"""Octets that may wait here before the producer is told to pause."""

_HUNG_UP: Final = select.EPOLLHUP | select.EPOLLERR if hasattr(select, "epoll") else 0


class LaneTransport:
    """Writes straight to the socket; what it does not take waits here, up to `FULL` or one write.

    It has of `ITCPTransport`, `IConsumer` and `IPushProducer` what a WebSocket uses. The
    connection's own transport stays behind it, and ends the connection in the usual way.

    Args:
        lane: watches the socket.
        reactor: calls later what must not happen within a write.
        transport: the connection's own transport.
        protocol: is told what comes.
    """

    __slots__ = (
        "_descriptor",
        "_half_closing",
        "_is_gone",
        "_is_read",
        "_lane",
        "_producer",
        "_protocol",
        "_reactor",
        "_socket",
        "_transport",
        "_waiting",
        "disconnecting",
    )

    def __init__(self, lane: Lane, reactor: Any, transport: Any, protocol: IProtocol) -> None:
        self._lane = lane
        self._reactor = reactor
        self._transport = transport
        self._protocol: Any = protocol
        self._socket: socket.socket = transport.socket
        self._descriptor: int = transport.fileno()
        self._producer: Any = None
        self._waiting: bytearray | None = None
        self._is_read = True
        self._is_gone = False
        self._half_closing = False
        self.disconnecting = False

    def begin(self) -> None:
        """Take the socket, and what was yet to be written to it, out of the reactor's hands."""
        old = self._transport
        unsent = bytes(old.dataBuffer[old.offset :]) + b"".join(old._tempDataBuffer)  # noqa: SLF001
        old.dataBuffer, old.offset = b"", 0
        old._tempDataBuffer, old._tempDataLen = [], 0  # noqa: SLF001
        old.unregisterProducer()
        old.stopReading()
        old.stopWriting()
        if unsent:
            self.write(unsent)

    def __getattr__(self, name: str) -> Any:
        """Leave all else to the connection's own transport: addresses, socket options."""
        return getattr(self._transport, name)

    # -- what the lane calls

    def serve(self, events: int) -> None:
        """Read and write as far as the socket is ready."""
        if events & select.EPOLLIN:
            self._read()
        elif events & _HUNG_UP:
            self.lost(Failure(ConnectionLost()))
        if events & select.EPOLLOUT and not self._is_gone:
            self._flush()

    def lost(self, reason: Failure) -> None:
        """Let the connection be gone, and everybody behind it know."""
        if not self._is_gone:
            self.leave()
            producer, self._producer = self._producer, None
            if producer is not None:
                producer.stopProducing()
            self._transport.connectionLost(reason)

    def leave(self) -> None:
        """Have nothing to do with the socket any more; to do so again does no harm."""
        if not self._is_gone:
            self._is_gone = True
            self._waiting = None
            self._lane.release(self._descriptor)

    # -- what a protocol calls

    def write(self, data: bytes) -> None:
        """Send now what the socket takes now; the rest waits."""
        if self._is_gone or self._half_closing:
            return
        if self._waiting is None:
            try:
                sent = self._socket.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                # The protocol is in the middle of something; it hears of it afterwards.
                self._reactor.callLater(0, self.lost, Failure(ConnectionLost()))
                return
            if sent == len(data):
                return
            self._waiting = bytearray(memoryview(data)[sent:])
            self._watch()
        else:
            self._waiting += data
        if len(self._waiting) > FULL and self._producer is not None:
            self._producer.pauseProducing()

    def writeSequence(self, pieces: Iterable[bytes]) -> None:
        """Send several pieces as one."""
        self.write(b"".join(pieces))

    def loseConnection(self) -> None:
        """Close once all is sent."""
        self.disconnecting = True
        if self._waiting is None and not self._is_gone:
            self._reactor.callLater(0, self.lost, Failure(ConnectionDone()))

    def loseWriteConnection(self) -> None:
        """Send FIN once all is sent, and go on reading."""
        self._half_closing = True
        if self._waiting is None:
            self._send_fin()

    def abortConnection(self) -> None:
        """Cut the connection."""
        if not self._is_gone:
            self.leave()
            self._producer = None
            self._transport.abortConnection()

    def registerProducer(self, producer: Any, streaming: bool) -> None:  # noqa: FBT001
        """Have somebody told when to pause and when to go on."""
        self._producer = producer
        if self._waiting is not None and len(self._waiting) > FULL:
            producer.pauseProducing()

    def unregisterProducer(self) -> None:
        """Tell nobody any more."""
        self._producer = None

    def pauseProducing(self) -> None:
        """Read no more."""
        self._is_read = False
        self._watch()

    def resumeProducing(self) -> None:
        """Read again."""
        self._is_read = True
        self._watch()

    # -- the rest is our own

    def _read(self) -> None:
        try:
            data = self._socket.recv(READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            self.lost(Failure(ConnectionLost()))
            return
        if data:
            self._protocol.dataReceived(data)
        else:
            self.lost(Failure(ConnectionDone()))

    def _flush(self) -> None:
        if self._waiting is None:
            return
        try:
            sent = self._socket.send(self._waiting)
        except BlockingIOError:
            return
        except OSError:
            self.lost(Failure(ConnectionLost()))
            return
        del self._waiting[:sent]
        if not self._waiting:
            self._waiting = None
            self._all_sent()

    def _all_sent(self) -> None:
        self._watch()
        if self._producer is not None:
            self._producer.resumeProducing()
        if self._waiting is not None or self._is_gone:
            return
        if self._half_closing:
            self._send_fin()
        if self.disconnecting:
            self.lost(Failure(ConnectionDone()))

    def _send_fin(self) -> None:
        if self._is_gone:
            return
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self._reactor.callLater(0, self.lost, Failure(ConnectionLost()))

    def _watch(self) -> None:
        if not self._is_gone:
            self._lane.watch(self._descriptor, read=self._is_read, write=self._waiting is not None)
