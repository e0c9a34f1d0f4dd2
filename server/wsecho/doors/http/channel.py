# SPDX-License-Identifier: MIT
"""HTTP/1.1 on one connection: who has it, how it goes on, and how it ends."""

from typing import Any

from twisted.internet.interfaces import IProtocol
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from wsecho.core.limits.admissions import Place
from wsecho.core.limits.progress import Progress
from wsecho.doors.http.reading import ReadingChannel
from wsecho.lane.progress import progress
from wsecho.lane.transport import LaneTransport
from wsecho.server.connections import Drainable


class HttpChannel(ReadingChannel):
    """One connection, which a WebSocket may take over later.

    A proxy that keeps connections to its upstream alive (nginx) sends an upgrade as any
    request of such a connection.
    """

    place: Place
    _successor: IProtocol | None = None
    _tenant: Drainable | None = None
    _lane: LaneTransport | None = None
    _seen: Progress | None = None

    @property
    def is_paced(self) -> bool:
        """As the successor; a plain request is answered, which is all there is to tell."""
        return self._tenant is not None and self._tenant.is_paced

    @property
    def is_idle(self) -> bool:
        """Whether no request is under way."""
        return not self.requests if self._tenant is None else self._tenant.is_idle

    @property
    def speaks_http(self) -> bool:
        """Whether nobody has taken the connection over."""
        return self._successor is None

    def drain(self, retry: float) -> None:
        """Tell the successor; requests are told by what answers them, and then it is over."""
        if self._tenant is not None:
            self._tenant.drain(retry)
        elif self.is_idle and self.site.state.connections.is_replaced:
            # Its client comes back to the process that serves now.
            self.loseConnection()
        else:
            self.persistent = False

    def abort(self) -> None:
        """Cut the connection."""
        self.transport.abortConnection()

    def hand_over(self, protocol: Any) -> None:
        """Give the connection to another protocol, with what came behind the request."""
        self.setTimeout(None)
        self._networkProducer.resumeProducing()
        self.transport.unregisterProducer()
        self._successor = self._tenant = protocol
        held = self.stop_reading()
        protocol.makeConnection(self.transport)
        if held:
            protocol.dataReceived(held)
        if self.has_ended:
            self.transport.loseConnection()

    def take_the_lane(self) -> LaneTransport | None:
        """Have an answer that is the connection's last go straight to the socket.

        Returns:
            what it is written to; None where the connection stays in the reactor's hands.
        """
        lane = self.site.lane
        taken = None if lane is None or self.has_ended else lane.take(self.transport, self)
        if taken is not None:
            self.transport = self._networkProducer = self._lane = taken
            taken.registerProducer(self, True)
        return taken

    # -- what the connection calls

    def dataReceived(self, data: bytes) -> None:
        """Read requests, or what the successor reads."""
        if self._successor is None:
            self.read(data)
        else:
            self._successor.dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell the successor, or the requests that wait."""
        if self._lane is not None:
            self._lane.leave()
        self.stop_clocks()
        if self._successor is None:
            super().connectionLost(reason)
        else:
            self._successor.connectionLost(reason)

    def timeoutConnection(self) -> None:
        """End an idle connection; one whose last answer is still being taken is none yet."""
        before, self._seen = self._seen, progress(self.transport, 0)
        gets_on = before is None or self._seen.taken > before.taken
        if self._seen.waiting and gets_on:
            self.setTimeout(self.timeOut)
        else:
            super().timeoutConnection()
