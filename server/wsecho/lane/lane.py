# SPDX-License-Identifier: MIT
"""All sockets on the lane, as one reader of the reactor."""

import select
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from time import perf_counter
from typing import Any, Final

from twisted.internet.interfaces import IProtocol, IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from wsecho.lane.accepted import PLAIN
from wsecho.lane.transport import LaneTransport

BATCH: Final = 256
"""Sockets that are looked for at a time."""

TURN: Final = 0.002
"""Seconds, about, that are spent on sockets before the reactor's timers and other readers."""

LINGER: Final = 50e-6
"""Seconds that are waited for a socket to get ready, without falling asleep."""

HOPE: Final = 8
"""How often in a row that may be in vain before it is left off."""

RARELY: Final = 64
"""After how many turns it is then tried again."""


def _by_itself(serve: Callable[[], None]) -> None:
    serve()


@implementer(IReadDescriptor)
class Lane:
    """Reads all its sockets when the reactor says that any is ready.

    Args:
        reactor: Twisted's reactor; any that can watch a descriptor.
        together: calls what serves several sockets that are ready at once. What has to be sent
            because of them to many others may wait until all are served.
    """

    _log = Logger()

    def __init__(
        self,
        reactor: Any,
        together: Callable[[Callable[[], None]], None] = _by_itself,
    ) -> None:
        self._reactor = reactor
        self._together = together
        self._epoll: Any = None
        # Above 0: how often waiting may be in vain yet. Below: since how many turns it is left off.
        self._hope = HOPE
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
        """Let a socket go that is about to be closed: with that it leaves the epoll."""
        self._transports.pop(descriptor, None)

    def forget(self, descriptor: int) -> None:
        """Let a socket go that stays open for now."""
        if self._transports.pop(descriptor, None) is not None:
            # One that was closed elsewhere has left the epoll with that.
            with suppress(OSError):
                self._epoll.unregister(descriptor)

    # -- what the reactor calls

    def fileno(self) -> int:
        """Return the descriptor that is readable while any socket is ready."""
        return int(self._epoll.fileno())

    def doRead(self) -> None:
        """Serve the sockets that are ready, and those that get ready meanwhile.

        Peers that answer what they get do so soon, and to look a little longer costs less than to
        fall asleep and be woken. Where that was in vain for a while, it is left off, and tried
        again now and then.
        """
        poll = self._epoll.poll
        now = perf_counter()
        end, awake_until, is_waiting = now + TURN, now, False
        while True:
            ready = poll(0, BATCH)
            if ready:
                if is_waiting:
                    self._hope, is_waiting = HOPE, False
                self._serve(ready)
                now = perf_counter()
                if now > end:
                    return
                awake_until = now + LINGER if self._hope > 0 else now
            elif perf_counter() < awake_until:
                is_waiting = True
            else:
                break
        self._hope = self._hope - 1 if self._hope > -RARELY else 1

    def _serve(self, ready: list[tuple[int, int]]) -> None:
        if len(ready) == 1:
            self._serve_each(ready)
            return
        try:
            self._together(partial(self._serve_each, ready))
        except Exception:  # noqa: BLE001  # the boundary: the reactor would serve no socket again
            self._log.failure("what came on the lane could not be taken to others")

    def _serve_each(self, ready: list[tuple[int, int]]) -> None:
        transports = self._transports
        for descriptor, events in ready:
            # Serving one may have closed another.
            transport = transports.get(descriptor)
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
