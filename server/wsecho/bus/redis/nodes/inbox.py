# SPDX-License-Identifier: MIT
"""What comes on a subject, in one order, though what is large has to be fetched first."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from attrs import define, field
from twisted.logger import Logger

from wsecho.core.promise import Promise
from wsecho.core.wire.errors import BusUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.core.promise import Later

    Take = Callable[[bytes], Later[None]]


@define(eq=False)
class SubjectInbox:
    """Takes one thing after another; what is behind one that takes time waits for it.

    Attributes:
        turn: counts connections: what was begun on one that is gone is nothing to wait for.
    """

    turn: int = field(default=0, init=False)
    _is_waiting: bool = field(default=False, init=False)
    _held: deque[tuple[Take, bytes]] = field(factory=deque, init=False)
    _passing: list[Promise[None]] = field(factory=list, init=False)

    _log = Logger()

    def take(self, take: Take, body: bytes) -> None:
        """Have something taken, once all is that came before.

        Args:
            take: takes it, at once or later; where that fails, what is behind goes on.
            body: what was pushed.
        """
        if self._is_waiting:
            self._held.append((take, body))
            return
        outcome = take(body)
        if isinstance(outcome, Promise):
            self._is_waiting = True
            go_on = partial(self._go_on, turn=self.turn)
            outcome.then(go_on, go_on)

    def pass_through(self) -> Later[None]:
        """Wait until all is taken that has come.

        Returns:
            None where there is nothing to wait for; else it fails with `BusUnavailable` where the
            connection is lost meanwhile.
        """
        if not self._is_waiting:
            return None
        passing: Promise[None] = Promise()
        self._passing.append(passing)
        self._held.append((self._passed, b""))
        return passing

    def break_off(self) -> None:
        """Give up what waits: its connection is gone."""
        self.turn += 1
        self._is_waiting = False
        self._held.clear()
        passing, self._passing = self._passing, []
        for each in passing:
            each.fail(BusUnavailable())

    def _passed(self, _: bytes) -> None:
        self._passing.pop(0).give(None)

    def _go_on(self, _: object, turn: int) -> None:
        if turn != self.turn:
            return
        self._is_waiting = False
        while self._held and not self._is_waiting:
            take, body = self._held.popleft()
            try:
                self.take(take, body)
            except Exception:  # noqa: BLE001  # the boundary: what follows must come all the same
                self._log.failure("cannot take what came from Redis")
