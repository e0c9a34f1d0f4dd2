# SPDX-License-Identifier: MIT
"""One connection on the lane: what Twisted's TCP transport is to a protocol, done by ourselves."""

from __future__ import annotations

import select
import socket
from typing import TYPE_CHECKING, Any, Final

from wsecho.lane import speedups
from wsecho.lane.writing import DONE, LOST, Watcher, WritingTransport

if TYPE_CHECKING:
    from twisted.internet.interfaces import IProtocol

    from wsecho.core.websocket.large import LargeMessage

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

_HUNG_UP: Final = select.EPOLLHUP | select.EPOLLERR if hasattr(select, "epoll") else 0


class LaneTransport(WritingTransport):
    """Reads its socket when the lane says that it is ready; writes as `WritingTransport` does.

    Args:
        lane: watches the socket.
        reactor: calls later what must not happen within a write.
        transport: the connection's own transport.
        protocol: is told what comes.
    """

    __slots__ = ("_appetite", "_into", "_least", "_protocol", "echoes", "messages_up_to")

    echoes: bool
    """Whether messages are sent back here, and `echoed` called with their number and octets in
    place of `messages_received`."""

    messages_up_to: int
    """Octets of the longest message that `messages_received` is called with. While it is 0, and
    with whatever is no whole message, `dataReceived` is called."""

    def __init__(self, lane: Watcher, reactor: Any, transport: Any, protocol: IProtocol) -> None:
        super().__init__(lane, reactor, transport)
        self._protocol: Any = protocol
        self._appetite = _FLOOD
        self._least = 1
        self._into: LargeMessage | None = None
        self.messages_up_to = 0
        self.echoes = False

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
            self.lost(LOST)
        if events & select.EPOLLOUT and not self._is_gone:
            self._flush()

    def leave(self) -> None:
        """Have nothing to do with the socket any more; to do so again does no harm."""
        super().leave()
        self._into = None

    # -- what a protocol calls

    def read_into(self, large: LargeMessage) -> None:
        """Have what comes put there until it is whole, and `large_filled` called with it."""
        if self._is_gone:
            return
        self._into = large
        # The next is likely as large: then it comes at once, or is not copied at its beginning.
        length = large.head.length
        self._appetite = _FLOOD if length <= _FLOOD else _LARGE if length <= _LARGE else _HEAD

    # -- the rest is our own

    def _read_messages(self) -> None:
        try:
            received = speedups.receive(self._descriptor, self._appetite, self.messages_up_to)
        except OSError:
            self.lost(LOST)
            return
        if received is None:
            return
        messages, rest, octets = received
        if messages:
            self._protocol.messages_received(messages)
        self._read_rest(rest, octets)

    def _echo(self) -> None:
        try:
            echoed = speedups.echo(self._descriptor, self._appetite, self.messages_up_to)
        except OSError:
            self.lost(LOST)
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
            self._ended()

    def _ended(self) -> None:
        """Take the peer's FIN for the end, unless the protocol has something yet to answer."""
        told = getattr(self._protocol, "readConnectionLost", None)
        if told is None:
            self.lost(DONE)
        else:
            self.pauseProducing()
            told()

    def _read(self) -> None:
        if self._into is not None:
            self._read_into(self._into)
            return
        try:
            data = self._socket.recv(self._appetite)
        except BlockingIOError:
            return
        except OSError:
            self.lost(LOST)
            return
        self._read_rest(data, len(data))

    def _read_into(self, large: LargeMessage) -> None:
        try:
            received = speedups.receive_masked(self._descriptor, *large.place(_STRETCH))
        except OSError:
            self.lost(LOST)
            return
        if received is None:
            self._wait_for(_awaited(large))
        elif not received[0]:
            self.lost(DONE)
        else:
            is_valid = large.received(*received)
            if large.is_whole or not is_valid:
                self._into = None
            self._wait_for(1 if self._into is None else _awaited(large))
            self._protocol.large_filled(is_valid=is_valid)

    def _wait_for(self, octets: int) -> None:
        """Be told of octets only once so many are there, or a good part of them."""
        least = min(max(octets, 1), _WAKE)
        if least != self._least and not self._is_gone:
            self._least = least
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, least)


def _awaited(large: LargeMessage) -> int:
    """Tell how many octets of a message to wait for at a time; each of a text may be its last.

    An octet that is no text's fails the connection (RFC 6455 section 8.1), and a peer that sends
    nothing behind it is to hear of that, too.
    """
    return 1 if large.is_text else large.missing
