# SPDX-License-Identifier: MIT
"""One connection of the lab: a thin shell around its session, on the transport as it is."""

from collections.abc import Callable
from typing import Any, Final

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IDelayedCall,
    IPushProducer,
    IReactorTime,
    ISSLTransport,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from wsecho.core.lab.outflow import HalfEnd
from wsecho.core.lab.session import LabSession
from wsecho.doors.lab.hangups import LOOK_EVERY, hung_up
from wsecho.server.stats import ABNORMAL, ConnectionStats, Stats

DOOR: Final = "lab"

_PIECES: Final = 2
"""Pieces that are sent in one turn."""


@implementer(IPushProducer)
class LabConnection(Protocol):
    """Drives a session.

    Args:
        begin: makes what says what is sent when, given whether it is by TLS.
        clock: the time.
        stats: counts it.
        peer: the client's address, for the log.
    """

    transport: Any
    is_paced = False
    is_idle = False
    _log = Logger()

    _session: LabSession

    def __init__(
        self,
        begin: Callable[[bool], LabSession],
        clock: IReactorTime,
        stats: Stats,
        peer: str,
    ) -> None:
        self._make = begin
        self._clock = clock
        self._stats = stats
        self._peer = peer
        self._own_stats: ConnectionStats | None = None
        self._timer: IDelayedCall | None = None
        self._look: IDelayedCall | None = None
        self._is_full = self._is_held_back = self._is_turning = False
        self._has_ended = self._is_cut = self._is_lost = False
        self._how: str | None = None

    def connectionMade(self) -> None:
        """Begin, with the next turn: what came with the request is before the answer."""
        self._session = self._make(ISSLTransport.providedBy(self.transport))
        self._own_stats = self._stats.open(DOOR, self._peer)
        set_no_delay = getattr(self.transport, "setTcpNoDelay", None)
        if set_no_delay is not None:
            set_no_delay(True)
        self.transport.registerProducer(self, True)
        self._hold_back()
        self._timer = self._clock.callLater(0, self._wake)

    def dataReceived(self, data: bytes) -> None:
        """Have the session take it."""
        self._session.receive(data, self._clock.seconds())
        self._turn()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell the session, once."""
        self._is_lost = True
        for call in (self._timer, self._look):
            if call is not None and call.active():
                call.cancel()
        how = self._how
        if how is None:
            how = "fin" if reason.check(ConnectionDone) else "reset"
        self._session.lost(how, self._clock.seconds())
        self._stats.limits.update(self._session.limits_met)
        own_stats, counts = self._own_stats, self._session.counts
        if own_stats is not None:
            own_stats.messages_in, own_stats.bytes_in = counts.messages_in, counts.bytes_in
            own_stats.messages_out, own_stats.bytes_out = counts.messages_out, counts.bytes_out
            own_stats.end(self._session.close_code or ABNORMAL, f"by the {self._session.ended_by}")

    def drain(self, retry: float) -> None:
        """Close, for the server stops."""
        self._session.stop(self._clock.seconds())
        self._turn()

    # -- what the transport calls

    def pauseProducing(self) -> None:
        """The transport's buffer is full."""
        self._is_full = True
        self._session.take_room(self._clock.seconds(), full=True)
        self._turn()

    def resumeProducing(self) -> None:
        """The transport's buffer is empty."""
        self._is_full = False
        self._session.take_room(self._clock.seconds(), full=False)
        self._turn()

    def stopProducing(self) -> None:
        """The transport is closing."""

    # -- turns

    def _wake(self) -> None:
        self._session.wake(self._clock.seconds())
        self._turn()

    def _turn(self) -> None:
        """Do what the session says now."""
        # Writing may fill the transport, which then tells so at once.
        if self._is_turning or self._is_lost or self._is_cut:
            return
        self._is_turning = True
        try:
            self._send()
            self._end()
        except Exception:  # noqa: BLE001  # the boundary: a fault of ours ends this one connection
            self._log.failure("lab {peer}: our own fault", peer=self._peer)
            self._abort()
        finally:
            self._is_turning = False
        # Whoever is cut is told so in another turn.
        if not (self._is_lost or self._is_cut):
            self._hold_back()
            self._wait()

    def _send(self) -> None:
        # A piece may be a thousand frames: the rest is for another turn, for others wait, too.
        for _ in range(_PIECES):
            if self._is_full or self._has_ended:
                break
            data = self._session.data_to_send(self._clock.seconds())
            if not data:
                break
            self.transport.write(data)

    def _end(self) -> None:
        if self._session.is_over or self._session.end is HalfEnd.RESET:
            self._abort()
        elif self._session.end is HalfEnd.FIN and not self._has_ended:
            self._has_ended = True
            # A registered producer would keep Twisted from ending its half.
            self.transport.unregisterProducer()
            self.transport.loseWriteConnection()

    def _abort(self) -> None:
        self._has_ended = self._is_cut = True
        self._how = self._how or "open"
        self.transport.abortConnection()

    def _hold_back(self) -> None:
        """Read, or not, as the session wants; look then whether the client has gone away."""
        holds_back = not self._session.reads
        if holds_back is not self._is_held_back:
            self._is_held_back = holds_back
            (self.transport.pauseProducing if holds_back else self.transport.resumeProducing)()
        if holds_back and self._look is None:
            self._look = self._clock.callLater(LOOK_EVERY, self._look_for_end)

    def _look_for_end(self) -> None:
        self._look = None
        if not self._is_held_back or self._is_cut:
            return
        self._how = hung_up(self.transport)
        if self._how is not None:
            self._abort()
        else:
            self._hold_back()

    def _wait(self) -> None:
        delay = max(0.0, self._session.next_time - self._clock.seconds())
        if self._timer is not None and self._timer.active():
            self._timer.reset(delay)
        else:
            self._timer = self._clock.callLater(delay, self._wake)
