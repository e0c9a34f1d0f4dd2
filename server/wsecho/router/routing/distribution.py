# SPDX-License-Identifier: MIT
"""Events on their way to subscribers: to a few at once, to many a slice at a time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from wsecho.core.limits.scheduler import FanoutScheduler, in_slices
from wsecho.router.wire.errors import CannotCarryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wsecho.router.model.session import Session
    from wsecho.router.model.subscriptions import LocalSubscriber, Subscription
    from wsecho.router.routing.context import Context
    from wsecho.router.wire.outgoing import OutgoingEvent

MAX_WAITING: Final = 256
"""Events on their way to subscribers behind which publishers are not read from."""

_ALL: Final = "events"
"""One queue for all topics of a realm."""


class Distribution:
    """Sends events in the order in which they were published (WAMP, "Ordering Guarantees").

    While some wait, later ones wait behind them, whatever their topics. Whoever has unsubscribed
    or gone by then is passed over: a client may take an event of no subscription for a fault.

    Args:
        realm: whose clock is used, and where events are counted.
    """

    def __init__(self, realm: Context) -> None:
        self._realm = realm
        self._scheduler = FanoutScheduler(partial(realm.clock.call_later, 0), MAX_WAITING)

    def check(self, publisher: Session) -> None:
        """Hold a publisher back while too much is on its way, for all of that is kept."""
        self._scheduler.check(_ALL, publisher)

    def send(
        self, event: OutgoingEvent, subscription: Subscription, receivers: Sequence[LocalSubscriber]
    ) -> None:
        """Send an event to those subscribers, now or as their turn comes.

        A receiver whose serializer cannot carry it is left out and counted.
        """
        if not self._scheduler.take(_ALL, len(receivers), self._send, event, receivers):
            send = partial(self._send_to_those_left, event, subscription)
            self._scheduler.add(_ALL, in_slices(receivers, send))

    def _send_to_those_left(
        self, event: OutgoingEvent, subscription: Subscription, receivers: Sequence[LocalSubscriber]
    ) -> None:
        left = [session for session in receivers if session in subscription]
        self._realm.safely(partial(self._send, event, left))

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
