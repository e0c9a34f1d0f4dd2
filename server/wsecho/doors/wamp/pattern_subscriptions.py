# SPDX-License-Identifier: MIT
"""Who wants to hear of every room: the subscriptions to many at once."""

from wsecho.bus.interface import Bus
from wsecho.core.promise import Later, settle
from wsecho.core.wire.errors import WireError


class PatternSubscriptions:
    """Has the bus bring what is said in every room while anybody wants that.

    Args:
        bus: brings it.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        # Those that have subscribed, and those that are about to: not all of these will.
        self._here = 0
        self._coming = 0

    def begin(self) -> Later[None]:
        """Begin to hear; `come` follows, or does not.

        Returns:
            when all that is said from then on is heard.

        Raises:
            BusUnavailable: it cannot be heard now.
        """
        self._coming += 1
        try:
            heard = self._bus.follow_rooms(all_rooms=True)
        except WireError as error:
            self._not_begun(error)
            raise
        settle(heard, self._begun, self._not_begun)
        return heard

    def come(self) -> None:
        """Take note of a subscription."""
        self._here += 1

    def leave(self) -> None:
        """Take note that a subscription is gone."""
        self._here -= 1
        self._stop_if_in_vain()

    def _begun(self, _: None) -> None:
        self._coming -= 1

    def _not_begun(self, _: WireError) -> None:
        self._coming -= 1
        self._stop_if_in_vain()

    def _stop_if_in_vain(self) -> None:
        if not (self._here or self._coming):
            self._bus.follow_rooms(all_rooms=False)
