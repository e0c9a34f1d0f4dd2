# SPDX-License-Identifier: MIT
"""Events on their way to subscribers: to a few at once, to many a slice at a time."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Final

from wsecho.router.wire.errors import CannotCarryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wsecho.router.model.session import Session
    from wsecho.router.model.subscriptions import LocalSubscriber, Subscription
    from wsecho.router.routing.context import Context
    from wsecho.router.wire.outgoing import OutgoingEvent

SLICE: Final = 1024
"""Receivers that are sent to before others have their turn."""

MAX_WAITING: Final = 256
"""Events on their way to subscribers behind which publishers are not read from."""

_LEAST: Final = 16
"""What an event takes at least, as so many receivers."""


class Distribution:
    """Sends events in the order in which they were published (WAMP, "Ordering Guarantees").

    While some wait, later ones wait behind them, whatever their topics. Whoever has unsubscribed
    or gone by then is passed over: a client may take an event of no subscription for a fault.

    Args:
        realm: whose clock is used, and where events are counted.
    """

    def __init__(self, realm: Context) -> None:
        self._realm = realm
        self._waiting: deque[tuple[OutgoingEvent, Subscription, Sequence[LocalSubscriber]]] = (
            deque()
        )
        self._is_due = False
        self._held: dict[Session, None] = {}

    def pause_reading(self, publisher: Session) -> None:
        """Have a publisher wait while too much is on its way, for all of that is kept."""
        if len(self._waiting) > MAX_WAITING and publisher not in self._held:
            self._held[publisher] = None
            publisher.pause_reading()

    def send(
        self, event: OutgoingEvent, subscription: Subscription, receivers: Sequence[LocalSubscriber]
    ) -> None:
        """Send an event to those subscribers, now or as their turn comes.

        A receiver whose serializer cannot carry it is left out and counted.
        """
        if not self._waiting and len(receivers) <= SLICE:
            self._send(event, receivers)
            return
        self._waiting.append((event, subscription, receivers))
        if not self._is_due:
            self._go_on()

    def _go_on(self) -> None:
        # What is said because of this waits behind it.
        self._is_due = True
        left = SLICE
        while self._waiting and left > 0:
            event, subscription, receivers = self._waiting[0]
            some, rest = receivers[:left], receivers[left:]
            left -= max(len(some), _LEAST)
            self._realm.safely(partial(self._send_to_those_left, event, subscription, some))
            self._waiting.popleft()
            if rest:
                self._waiting.appendleft((event, subscription, rest))
        self._is_due = bool(self._waiting)
        if self._waiting:
            self._realm.clock.call_later(0, self._go_on)
        # Last, for they may say more at once.
        if self._held and len(self._waiting) <= MAX_WAITING // 2:
            self._resume_reading()

    def _resume_reading(self) -> None:
        held, self._held = self._held, {}
        for publisher in held:
            self._realm.safely(publisher.resume_reading)

    def _send_to_those_left(
        self, event: OutgoingEvent, subscription: Subscription, receivers: Sequence[LocalSubscriber]
    ) -> None:
        self._send(event, [session for session in receivers if session in subscription])

    def _send(self, event: OutgoingEvent, receivers: Sequence[LocalSubscriber]) -> None:
        # Whatever else stood in this loop would be paid for once for each receiver.
        left_out = 0
        for session in receivers:
            try:
                session.send(event)
            except CannotCarryError:
                left_out += 1
        counters = self._realm.counters
        counters.left_out += left_out
        counters.events += len(receivers) - left_out
