# SPDX-License-Identifier: MIT
"""How fast may be said something in a room by whoever has no connection of its own there."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from typing import Final

from wsecho.core.limits.rates import Meter, Meters
from wsecho.core.rooms.rules import RoomRules
from wsecho.core.wire.errors import OverRate

MAX_METERS: Final = 10_000


class RoomPace:
    """Holds each publisher to the rates of each room.

    Args:
        rules: which these are.
        seconds: the time.
        limits: counts each time that somebody is too fast, by the option's name.
    """

    def __init__(
        self, rules: RoomRules, seconds: Callable[[], float], limits: Counter[str]
    ) -> None:
        self._rules = rules
        self._seconds = seconds
        self._limits = limits
        self._meters = Meters(MAX_METERS)

    def check(self, rooms: Iterable[str], who: Hashable, octets: int) -> None:
        """Count one message in some rooms: in all of them, or in none.

        Args:
            rooms: their names.
            who: stands for whoever says it.
            octets: how long it is.

        Raises:
            OverRate: it comes too fast for one of them, and does not count.
        """
        now = self._seconds()
        for meter in self.foresee(rooms, who, octets):
            meter.count(octets, now)

    def foresee(self, rooms: Iterable[str], who: Hashable, octets: int) -> list[Meter]:
        """Tell of a message that is yet to come whether it would come too fast.

        Returns:
            the meters that it is to count in.

        Raises:
            OverRate: it would.
        """
        now = self._seconds()
        meters = []
        for room in rooms:
            rule = self._rules.of(room)
            if not rule.is_paced:
                continue
            meter = self._meters.of((room, who), rule.rates)
            if wait := meter.wait(octets, now):
                raise self.refusal(room, meter, wait)
            meters.append(meter)
        return meters

    def refusal(self, room: str, meter: Meter, wait: float) -> OverRate:
        """Count that somebody was too fast, and return what it is told.

        Args:
            room: where.
            meter: by which.
            wait: seconds after which it would not have been.
        """
        self._limits[meter.exceeded] += 1
        return OverRate(f"messages come faster than the room {room!r} allows", wait)
