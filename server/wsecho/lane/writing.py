# SPDX-License-Identifier: MIT
"""A connection on the lane, but for its reading: how it is written to, and how it ends."""

from __future__ import annotations

import socket
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Protocol

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.python.failure import Failure

from wsecho.core.websocket.frames import message_head
from wsecho.lane import speedups

if TYPE_CHECKING:
    from collections.abc import Iterable

FULL: Final = 1 << 16
"""Octets that may wait here before the producer is told to pause."""

_MAX_PIECES: Final = 64
"""Pieces that are sent at a time; systems have a limit (IOV_MAX), of at least 16."""

# Nobody looks where they came from.
DONE: Final = Failure(ConnectionDone())
"""The peer has ended it, or all is sent."""
LOST: Final = Failure(ConnectionLost())
"""It broke."""


class Watcher(Protocol):
    """What watches a connection's socket."""

    def watch(self, descriptor: int, *, read: bool, write: bool) -> None:
        """Say what a socket waits for."""

    def release(self, descriptor: int) -> None:
        """Let a socket go that is about to be closed."""

    def forget(self, descriptor: int) -> None:
        """Let a socket go that stays open for now."""


class Group(Protocol):
    """Connections that are sent the same together."""

    def take_out(self, transport: WritingTransport) -> None:
        """Let a connection go that is sent to by itself from now on."""


class WritingTransport:
    """Writes straight to the socket; what it does not take waits here, up to `FULL` or one write.

    It has of `ITCPTransport`, `IConsumer` and `IPushProducer` what a WebSocket uses. The
    connection's own transport stays behind it, and ends the connection in the usual way.

    Args:
        lane: watches the socket.
        reactor: calls later what must not happen within a write.
        transport: the connection's own transport.
    """

    __slots__ = (
        "_descriptor",
        "_half_closing",
        "_is_gone",
        "_is_read",
        "_is_sealed",
        "_lane",
        "_producer",
        "_reactor",
        "_socket",
        "_transport",
        "_waiting",
        "_waiting_size",
        "disconnecting",
        "group",
        "is_clear",
    )

    is_clear: bool
    """Whether what is sent now goes to the socket: nothing waits, and all is open."""

    def __init__(self, lane: Watcher, reactor: Any, transport: Any) -> None:
        self._lane = lane
        self._reactor = reactor
        self._transport = transport
        self._socket: socket.socket = transport.socket
        self._descriptor: int = transport.fileno()
        self._producer: Any = None
        self._waiting: deque[memoryview] | None = None
        self._waiting_size = 0
        self._is_read = True
        self._is_gone = False
        self._is_sealed = False
        self._half_closing = False
        self.disconnecting = False
        self.is_clear = True
        self.group: Group | None = None

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

    @property
    def waiting(self) -> int:
        """Octets that wait here for the socket."""
        return self._waiting_size

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._descriptor

    def __getattr__(self, name: str) -> Any:
        """Leave all else to the connection's own transport: addresses, socket options."""
        return getattr(self._transport, name)

    # -- what the lane calls

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
            self.seal()
            self._waiting = None
            self._lane.release(self._descriptor)

    # -- what a protocol calls

    def write(self, data: bytes) -> None:
        """Send now what the socket takes now; the rest waits."""
        if self.is_clear:
            try:
                sent = self._socket.send(data)
            except OSError as error:
                sent = self.failed(error)
            if sent != len(data):
                self.keep(data, sent)
        else:
            self.keep(data, 0)

    def writeSequence(self, pieces: Iterable[bytes]) -> None:
        """Send several pieces as one."""
        self.write(b"".join(pieces))

    def send_message(self, payload: bytes | memoryview, *, is_binary: bool) -> None:
        """Send a message as one frame. What waits of it is not copied."""
        rest = None
        if self.is_clear:
            try:
                rest = speedups.send_message(self._descriptor, payload, is_binary)
            except OSError as error:
                self.failed(error)
            if not rest:
                return
        head = message_head(len(payload), is_binary=is_binary)
        sent = 0 if rest is None else len(head) + len(payload) - rest
        if sent < len(head):
            self.keep(head, sent)
        self.keep(payload, max(sent - len(head), 0))

    def failed(self, error: OSError) -> int:
        """Take note of what sending raised; return how many octets were taken."""
        if not isinstance(error, BlockingIOError):
            self.seal()
            # The protocol is in the middle of something; it hears of it afterwards.
            self._reactor.callLater(0, self.lost, LOST)
        return 0

    def keep(self, data: bytes | memoryview, sent: int) -> None:
        """Keep data of which the socket took the first `sent` octets, until it takes the rest."""
        if self._is_sealed:
            return
        if self._waiting is None:
            self._waiting = deque()
            self.is_clear = False
            self.leave_group()
            self._watch()
        rest = memoryview(data)[sent:]
        self._waiting.append(rest)
        self._waiting_size += len(rest)
        if self._waiting_size > FULL and self._producer is not None:
            self._producer.pauseProducing()

    def leave_group(self) -> None:
        """Be sent to by itself."""
        if self.group is not None:
            self.group.take_out(self)

    def seal(self) -> None:
        """Take nothing more to send; what waits is sent yet."""
        self._is_sealed = True
        self.is_clear = False
        self.leave_group()

    def loseConnection(self) -> None:
        """Close once all is sent."""
        self.disconnecting = True
        if self._waiting is None and not self._is_gone:
            self._reactor.callLater(0, self.lost, DONE)

    def loseWriteConnection(self) -> None:
        """Send FIN once all is sent, and go on reading."""
        self.seal()
        self._half_closing = True
        if self._waiting is None:
            self._send_fin()

    def abortConnection(self) -> None:
        """Cut the connection."""
        if not self._is_gone:
            # Twisted closes it in its next turn.
            self._lane.forget(self._descriptor)
            self.leave()
            self._producer = None
            self._transport.abortConnection()

    def registerProducer(self, producer: Any, streaming: bool) -> None:  # noqa: FBT001
        """Have somebody told when to pause and when to go on."""
        self._producer = producer
        if self._waiting_size > FULL:
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

    def _flush(self) -> None:
        waiting = self._waiting
        if waiting is None:
            return
        try:
            sent = self._socket.sendmsg(list(islice(waiting, _MAX_PIECES)))
        except BlockingIOError:
            return
        except OSError:
            self.lost(LOST)
            return
        self._waiting_size -= sent
        while waiting and sent >= len(waiting[0]):
            sent -= len(waiting.popleft())
        if waiting:
            waiting[0] = waiting[0][sent:]
        else:
            self._waiting = None
            self._all_sent()

    def _all_sent(self) -> None:
        self._watch()
        self.is_clear = not self._is_sealed
        if self._producer is not None:
            self._producer.resumeProducing()
        if self._waiting is not None or self._is_gone:
            return
        if self._half_closing:
            self._send_fin()
        if self.disconnecting:
            self.lost(DONE)

    def _send_fin(self) -> None:
        if self._is_gone:
            return
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self._reactor.callLater(0, self.lost, LOST)

    def _watch(self) -> None:
        if not self._is_gone:
            self._lane.watch(self._descriptor, read=self._is_read, write=self._waiting is not None)
