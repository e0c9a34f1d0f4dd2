# SPDX-License-Identifier: MIT
"""`--message-rate` and `--byte-rate` where each message is a request of its own."""

from typing import Final

from twisted.internet.interfaces import IReactorTime

from wsecho.core.limits.admissions import counted_as
from wsecho.core.limits.rates import Meter, Meters, Rates
from wsecho.core.rooms.callers import Caller
from wsecho.core.wire.errors import OverRate
from wsecho.server.stats import Stats

MAX_METERS: Final = 10_000


class Pace:
    """Counts what is published by POST, for each address that it comes from, whatever its port.

    Args:
        rates: what one address may send.
        clock: the time.
        stats: where each time that somebody is too fast is counted.
    """

    def __init__(self, rates: Rates, clock: IReactorTime, stats: Stats) -> None:
        self._rates = rates
        self._clock = clock
        self._stats = stats
        self._meters = Meters(MAX_METERS)

    def check(self, caller: Caller, octets: int) -> None:
        """Count one message.

        Raises:
            OverRate: it comes too fast, and does not count.
        """
        if self._rates.are_unbounded:
            return
        meter = self._meters.of(counted_as(caller.address), self._rates)
        self._refuse(meter, meter.count(octets, self._clock.seconds()))

    def foresee(self, caller: Caller, octets: int) -> None:
        """Tell of a message that is yet to come whether it would come too fast.

        Raises:
            OverRate: it would.
        """
        if self._rates.are_unbounded:
            return
        meter = self._meters.of(counted_as(caller.address), self._rates)
        self._refuse(meter, meter.wait(octets, self._clock.seconds()))

    def _refuse(self, meter: Meter, wait: float) -> None:
        if wait:
            self._stats.limits[meter.exceeded] += 1
            raise OverRate("you publish faster than this server allows", wait)
