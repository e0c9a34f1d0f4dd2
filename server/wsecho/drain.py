# SPDX-License-Identifier: MIT
"""The server's end: stop listening, say goodbye to each peer, wait for their answers."""

import signal
from types import FrameType
from typing import Any, Final

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.interfaces import IDelayedCall, IListeningPort
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from wsecho.core.errors import STOPPING
from wsecho.doors.peers import describe
from wsecho.doors.websocket import WebSocketFactory
from wsecho.router import Router

_LOOK: Final = 0.05


class Drain:
    """Ends a running server.

    Args:
        ports: what listens.
        router: knows the WAMP sessions.
        websockets: knows the open connections.
        reactor: the clock.
        within: seconds that the peers have to answer.
    """

    _log = Logger()

    def __init__(
        self,
        ports: list[IListeningPort],
        router: Router,
        websockets: WebSocketFactory,
        reactor: Any,
        within: float,
    ) -> None:
        self._router = router
        self._ports = ports
        self._websockets = websockets
        self._reactor = reactor
        self._within = within
        self._all = 0
        self._cut = 0
        self._limit: IDelayedCall | None = None
        self._done: Deferred[None] = Deferred()

    def announce(self) -> None:
        """Log where the server listens."""
        for port in self._ports:
            self._log.info("listening on {address}", address=describe(port.getHost()))

    def run(self) -> Deferred[None]:
        """Begin the end; the result comes when every connection is gone."""
        closed = DeferredList([maybeDeferred(port.stopListening) for port in self._ports])
        self._all = len(self._websockets.connections)
        self._end_quietly_on_a_second_signal()
        self._router.close()
        for connection in list(self._websockets.connections):
            connection.close(STOPPING)
        self._limit = self._reactor.callLater(self._within, self._cut_the_rest)
        self._look = LoopingCall(self._finish_if_all_gone)
        self._look.clock = self._reactor
        self._look.start(_LOOK)
        return closed.addCallback(lambda _: self._done)

    def _finish_if_all_gone(self) -> None:
        # A session without a WebSocket has its GOODBYE to read, and some seconds to answer it.
        if self._websockets.connections or self._router.sessions:
            return
        self._look.stop()
        if self._limit is not None and self._limit.active():
            self._limit.cancel()
        self._log.info(
            "stopped: {all} WebSockets closed, {cut} of them cut off", all=self._all, cut=self._cut
        )
        self._done.callback(None)

    def _cut_the_rest(self) -> None:
        self._cut = len(self._websockets.connections)
        for connection in list(self._websockets.connections):
            connection.abort()
        for session in list(self._router.sessions):
            session.lost()

    def _end_quietly_on_a_second_signal(self) -> None:
        """Let a second SIGTERM or SIGINT cut the peers off; Twisted's own answer is a traceback."""

        def again(_number: int, _frame: FrameType | None) -> None:
            self._reactor.callFromThread(self._cut_the_rest)

        for number in (signal.SIGTERM, signal.SIGINT):
            if signal.getsignal(number) not in {signal.SIG_DFL, signal.SIG_IGN, None}:
                signal.signal(number, again)
