# SPDX-License-Identifier: MIT
"""One connection on the lane: what Twisted's TCP transport is to a protocol, done by ourselves."""

from __future__ import annotations

import select
import socket
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.python.failure import Failure

from wsecho.core.frames import message_head
from wsecho.lane import wire

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twisted.internet.interfaces import IProtocol

    from wsecho.core.large import LargeMessage
    from wsecho.lane.fan import Fan
    from wsecho.lane.lane import Lane

FULL: Final = 1 << 16
"""Octets that may wait here before the producer is told to pause."""

_FLOOD: Final = 1 << 14
"""Octets that are read at a time of small messages: each costs time that others wait."""

_LARGE: Final = 1 << 18
"""Octets that are read at a time once a message, of no more than that, was larger than a read."""

_HEAD: Final = 14
"""Octets that are read once a message was larger: its head (RFC 6455 section 5.2), so that all of
its payload is received where it belongs."""

_STRETCH: Final = 1 << 20
"""Octets of a large message that are read at a time, while others wait."""

_WAKE: Final = 1 << 17
"""Octets of a large message that are waited for before they are read."""

_MOST_PIECES: Final = 64
"""Pieces that are sent at a time; systems have a limit (IOV_MAX), of at least 16."""

# Nobody looks where they came from.
_DONE: Final = Failure(ConnectionDone())
_LOST: Final = Failure(ConnectionLost())

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
        "_appetite",
        "_descriptor",
        "_half_closing",
        "_into",
        "_is_gone",
        "_is_read",
        "_is_sealed",
        "_lane",
        "_least",
        "_producer",
        "_protocol",
        "_reactor",
        "_socket",
        "_transport",
        "_waiting",
        "_waiting_size",
        "disconnecting",
        "echoes",
        "fan",
        "is_clear",
        "messages_up_to",
    )

    is_clear: bool
    """Whether what is sent now goes to the socket: nothing waits, and all is open."""

    echoes: bool
    """Whether messages are sent back here, and `echoed` called with their number and octets in
    place of `messages_received`."""

    messages_up_to: int
    """Octets of the longest message that `messages_received` is called with. While it is 0, and
    with whatever is no whole message, `dataReceived` is called."""

    def __init__(self, lane: Lane, reactor: Any, transport: Any, protocol: IProtocol) -> None:
        self._lane = lane
        self._reactor = reactor
        self._transport = transport
        self._protocol: Any = protocol
        self._socket: socket.socket = transport.socket
        self._descriptor: int = transport.fileno()
        self._producer: Any = None
        self._waiting: deque[memoryview] | None = None
        self._waiting_size = 0
        self._appetite = _FLOOD
        self._least = 1
        self._into: LargeMessage | None = None
        self._is_read = True
        self._is_gone = False
        self._is_sealed = False
        self._half_closing = False
        self.disconnecting = False
        self.is_clear = True
        self.messages_up_to = 0
        self.echoes = False
        self.fan: Fan[Any] | None = None

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

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._descriptor

    def __getattr__(self, name: str) -> Any:
        """Leave all else to the connection's own transport: addresses, socket options."""
        return getattr(self._transport, name)

    # -- what the lane calls

    def serve(self, events: int) -> None:
        """Read and write as far as the socket is ready."""
        if events & select.EPOLLIN:
            if self.messages_up_to:
                if self.echoes and self.is_clear:
                    self._echo()
                else:
                    self._read_messages()
            else:
                self._read()
        elif events & _HUNG_UP:
            self.lost(_LOST)
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
            self.seal()
            self._waiting = None
            self._into = None
            self._lane.release(self._descriptor)

    # -- what a protocol calls

    def read_into(self, large: LargeMessage) -> None:
        """Have what comes put there until it is whole, and `large_filled` called with it."""
        if self._is_gone:
            return
        self._into = large
        # The next is likely as large: then it comes at once, or is not copied at its beginning.
        length = large.head.length
        self._appetite = _FLOOD if length <= _FLOOD else _LARGE if length <= _LARGE else _HEAD

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
                rest = wire.send_message(self._descriptor, payload, is_binary)
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
            self._reactor.callLater(0, self.lost, _LOST)
        return 0

    def keep(self, data: bytes | memoryview, sent: int) -> None:
        """Keep data of which the socket took the first `sent` octets, until it takes the rest."""
        if self._is_sealed:
            return
        if self._waiting is None:
            self._waiting = deque()
            self.is_clear = False
            self.leave_fan()
            self._watch()
        rest = memoryview(data)[sent:]
        self._waiting.append(rest)
        self._waiting_size += len(rest)
        if self._waiting_size > FULL and self._producer is not None:
            self._producer.pauseProducing()

    def leave_fan(self) -> None:
        """Be sent to by itself."""
        if self.fan is not None:
            self.fan.take_out(self)

    def seal(self) -> None:
        """Take nothing more to send; what waits is sent yet."""
        self._is_sealed = True
        self.is_clear = False
        self.leave_fan()

    def loseConnection(self) -> None:
        """Close once all is sent."""
        self.disconnecting = True
        if self._waiting is None and not self._is_gone:
            self._reactor.callLater(0, self.lost, _DONE)

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

    def _read_messages(self) -> None:
        try:
            received = wire.receive(self._descriptor, self._appetite, self.messages_up_to)
        except OSError:
            self.lost(_LOST)
            return
        if received is None:
            return
        messages, rest, octets = received
        if messages:
            self._protocol.messages_received(messages)
        self._read_rest(rest, octets)

    def _echo(self) -> None:
        try:
            echoed = wire.echo(self._descriptor, self._appetite, self.messages_up_to)
        except OSError:
            self.lost(_LOST)
            return
        if echoed is None:
            return
        messages, payloads, rest, unsent, octets = echoed
        if messages:
            self._protocol.echoed(messages, payloads)
        if unsent:
            self.keep(unsent, 0)
        self._read_rest(rest, octets)

    def _read_rest(self, rest: bytes, octets: int) -> None:
        if octets == self._appetite:
            self._appetite = _FLOOD
        if rest:
            self._protocol.dataReceived(rest)
            # Of a message that has begun, more is mostly there.
            if self._into is not None and self._is_read:
                self._read_into(self._into)
        elif not octets:
            self.lost(_DONE)

    def _read(self) -> None:
        if self._into is not None:
            self._read_into(self._into)
            return
        try:
            data = self._socket.recv(self._appetite)
        except BlockingIOError:
            return
        except OSError:
            self.lost(_LOST)
            return
        self._read_rest(data, len(data))

    def _read_into(self, large: LargeMessage) -> None:
        try:
            received = wire.receive_masked(self._descriptor, *large.place(_STRETCH))
        except OSError:
            self.lost(_LOST)
            return
        if received is None:
            self._wait_for(large.missing)
        elif not received[0]:
            self.lost(_DONE)
        else:
            is_valid = large.received(*received)
            if large.is_whole or not is_valid:
                self._into = None
            self._wait_for(1 if self._into is None else large.missing)
            self._protocol.large_filled(is_valid=is_valid)

    def _wait_for(self, octets: int) -> None:
        """Be told of octets only once so many are there, or a good part of them."""
        least = min(max(octets, 1), _WAKE)
        if least != self._least and not self._is_gone:
            self._least = least
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, least)

    def _flush(self) -> None:
        waiting = self._waiting
        if waiting is None:
            return
        try:
            sent = self._socket.sendmsg(list(islice(waiting, _MOST_PIECES)))
        except BlockingIOError:
            return
        except OSError:
            self.lost(_LOST)
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
            self.lost(_DONE)

    def _send_fin(self) -> None:
        if self._is_gone:
            return
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self._reactor.callLater(0, self.lost, _LOST)

    def _watch(self) -> None:
        if not self._is_gone:
            self._lane.watch(self._descriptor, read=self._is_read, write=self._waiting is not None)
