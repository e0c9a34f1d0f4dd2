# SPDX-License-Identifier: MIT
"""All sockets on the lane, as one reader of the reactor."""

import select
from contextlib import suppress
from typing import Any, Final

from twisted.internet.interfaces import IProtocol, IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from wsecho.lane.accepted import PLAIN
from wsecho.lane.transport import LaneTransport

BATCH: Final = 256
"""Sockets that are served in one turn of the reactor: its timers and other readers come between."""


@implementer(IReadDescriptor)
class Lane:
    """Reads all its sockets when the reactor says that any is ready.

    Args:
        reactor: Twisted's reactor; any that can watch a descriptor.
    """

    _log = Logger()

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._epoll: Any = None
        self._transports: dict[int, LaneTransport] = {}

    def __len__(self) -> int:
        return len(self._transports)

    @staticmethod
    def is_possible() -> bool:
        """Tell whether this system has what it takes (Linux)."""
        return hasattr(select, "epoll")

    def take(self, transport: Any, protocol: IProtocol) -> LaneTransport | None:
        """Take over a connection's socket.

        Args:
            transport: the connection, as the reactor has it until now.
            protocol: is told what comes.

        Returns:
            the transport to write to from now on; None where this is no plain TCP, or it is
            already closing: then all stays as it was.
        """
        # TLS, Unix sockets and whatever wraps a connection have transports of other classes.
        if type(transport) not in PLAIN or transport.TLS or transport.disconnecting:
            return None
        if self._epoll is None:
            self._epoll = select.epoll()
            self._reactor.addReader(self)
        taken = LaneTransport(self, self._reactor, transport, protocol)
        self._transports[transport.fileno()] = taken
        self._epoll.register(transport.fileno(), select.EPOLLIN)
        taken.begin()
        return taken

    def watch(self, descriptor: int, *, read: bool, write: bool) -> None:
        """Say what a socket waits for."""
        events = (select.EPOLLIN if read else 0) | (select.EPOLLOUT if write else 0)
        self._epoll.modify(descriptor, events)

    def release(self, descriptor: int) -> None:
        """Let a socket go, before it is closed."""
        if self._transports.pop(descriptor, None) is not None:
            # One that was closed elsewhere has left the epoll with that.
            with suppress(OSError):
                self._epoll.unregister(descriptor)

    # -- what the reactor calls

    def fileno(self) -> int:
        """Return the descriptor that is readable while any socket is ready."""
        return int(self._epoll.fileno())

    def doRead(self) -> None:
        """Serve the sockets that are ready."""
        for descriptor, events in self._epoll.poll(0, BATCH):
            # Serving one may have closed another.
            transport = self._transports.get(descriptor)
            if transport is None:
                continue
            try:
                transport.serve(events)
            except Exception:  # noqa: BLE001  # the boundary: one connection's fault is its own
                self._log.failure("a connection on the lane failed")
                transport.abortConnection()

    def connectionLost(self, reason: Failure) -> None:
        """Let all connections be lost: the reactor ends."""
        for transport in list(self._transports.values()):
            transport.lost(reason)

    def logPrefix(self) -> str:
        """Name this in the log."""
        return "lane"
