# SPDX-License-Identifier: MIT
"""The server's end: stop listening, say goodbye to each peer in turn, wait for their answers.

A server that closes thousands at once sends them all to its neighbours at once. So they are told
by and by, over the first half of `--drain`, and each is given a time of its own to come back at;
the second half is for the closing handshakes.
"""

import signal
from collections.abc import Callable
from math import inf
from random import Random
from types import FrameType
from typing import Any, Final

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger

from wsecho.loops import Loop
from wsecho.server.connections import Drainable
from wsecho.server.state import ServerState

FEW: Final = 100
"""As many connections are told at once: nobody notices them coming back together."""

SOONEST: Final = 1.0
"""Seconds after which the first may come back."""

MOMENT: Final = 1.0
"""Seconds in which who is connected may still ask: requests may be on their way."""

_LOOK: Final = 0.05
# Who comes back when is no secret.
_RANDOM: Final = Random()  # noqa: S311


class Drain:
    """Ends a running server.

    Args:
        ports: what listens.
        state: knows all that is open.
        reactor: the clock.
        within: seconds that the end may take; 0 to wait for nobody.
        draw: a number from 0 to 1, another each time.
    """

    _log = Logger()

    def __init__(
        self,
        ports: list[IListeningPort],
        state: ServerState,
        reactor: Any,
        within: float,
        draw: Callable[[], float] = _RANDOM.random,
    ) -> None:
        self._ports = ports
        self._state = state
        self._reactor = reactor
        self._within = within
        self._draw = draw
        self._told: set[Drainable] = set()
        self._turns_taken = 0
        self._begun = 0.0
        self._spread = 0.0
        self._pace = 0.0
        self._all = 0
        self._cut: int | None = None
        self._done: Deferred[None] = Deferred()

    def run(self, *, is_replaced: bool = False) -> Deferred[None]:
        """Begin the end; the result comes when all is closed, after `within` at the latest.

        Args:
            is_replaced: whether another process listens at the same sockets already. Whoever came
                here a moment ago is then served before this one says goodbye.
        """
        closed = DeferredList([maybeDeferred(port.stopListening) for port in self._ports])
        self._state.connections.is_replaced = is_replaced
        if is_replaced:
            self._reactor.callLater(MOMENT, self._begin)
        else:
            self._begin()
        return closed.addCallback(lambda _: self._done)

    def _begin(self) -> None:
        self._all = self._open()
        many = sum(connection.is_paced for connection in self._state.connections)
        self._begun = self._reactor.seconds()
        self._spread = self._within / 2 if many > FEW else 0.0
        self._pace = (many - FEW) / self._spread if self._spread else 0.0
        self._state.connections.retry = SOONEST + self._spread
        self._look = Loop("taking leave of connections", self._go_on, self._reactor)
        self._look.start(_LOOK, now=True)

    def _go_on(self) -> None:
        passed = self._reactor.seconds() - self._begun
        self._tell_some(passed)
        if self._cut is not None or self._is_over(passed):
            self._finish()
        elif passed >= self._within:
            self.cut()

    def _is_over(self, passed: float) -> bool:
        """Whether nobody waits for anything, and nobody who is connected is about to ask."""
        connections = self._state.connections
        if any(not one.is_idle for one in connections):
            return False
        return not len(connections) or passed >= MOMENT

    def _tell_some(self, passed: float) -> None:
        """Tell those whose turn has come; who opened only now is told like everybody."""
        turns = FEW + passed * self._pace if passed < self._spread else inf
        for connection in self._state.connections:
            if connection in self._told:
                continue
            if connection.is_paced:
                if self._turns_taken >= turns:
                    continue
                self._turns_taken += 1
            self._told.add(connection)
            connection.drain(SOONEST + self._draw() * max(SOONEST, self._spread))

    def cut(self) -> None:
        """Cut off who is still here."""
        self._cut = self._open()
        for connection in self._state.connections:
            if not connection.is_idle:
                self._abort(connection)

    def _abort(self, connection: Drainable) -> None:
        try:
            connection.abort()
        except Exception:  # noqa: BLE001  # the boundary: one that fails keeps nobody else here
            self._log.failure("a connection could not be cut off")

    def _open(self) -> int:
        return sum(1 for _ in self._state.stats)

    def _finish(self) -> None:
        self._look.stop()
        self._log.info(
            "stopped: {all} connections closed, {cut} of them cut off",
            all=self._all,
            cut=self._cut or 0,
        )
        self._done.callback(None)


def on_a_second_signal(reactor: Any, call: Callable[[], None]) -> None:
    """Do something on another SIGTERM or SIGINT; Twisted's own answer is a traceback."""

    def again(_number: int, _frame: FrameType | None) -> None:
        reactor.callFromThread(call)

    for number in (signal.SIGTERM, signal.SIGINT):
        if signal.getsignal(number) not in {signal.SIG_DFL, signal.SIG_IGN, None}:
            signal.signal(number, again)
