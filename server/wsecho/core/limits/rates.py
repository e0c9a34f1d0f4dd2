# SPDX-License-Identifier: MIT
"""How much may come per second: a token bucket for messages, another for bytes."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Literal

from attrs import define, field, frozen

OverRatePolicy = Literal["close", "drop"]


@frozen
class Rates:
    """What one connection may send.

    Attributes:
        messages: per second; 0 for any number.
        octets: bytes of payload per second; 0 for any number.
        policy: what becomes of whoever sends more: its connection is closed, or the message is
            dropped.
    """

    messages: float = 0.0
    octets: float = 0.0
    policy: OverRatePolicy = "close"

    @property
    def are_unbounded(self) -> bool:
        """Whether there is nothing to count."""
        return not (self.messages or self.octets)


@define
class Bucket:
    """A token bucket that holds one second's worth, and is full at first.

    Args:
        rate: units per second, above 0.
    """

    _rate: float
    _level: float = field(init=False)
    _at: float | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._level = self._rate

    def wait(self, units: float, now: float) -> float:
        """Return the seconds until so many units may be taken; 0 where they may be now.

        What is larger than the bucket passes when it is full, and leaves it in debt. A clock that
        went back takes nothing away.
        """
        if self._at is not None:
            passed = max(0.0, now - self._at)
            self._level = min(self._rate, self._level + passed * self._rate)
        self._at = now
        return max(0.0, (min(units, self._rate) - self._level) / self._rate)

    def take(self, units: float) -> None:
        """Take units that need not be waited for."""
        self._level -= units


class Meter:
    """Counts what one connection sends against its rates.

    Args:
        rates: what it may send.
    """

    __slots__ = ("_messages", "_octets", "exceeded", "rates")

    exceeded: str
    """The option whose rate was exceeded last."""

    def __init__(self, rates: Rates) -> None:
        self.rates = rates
        self._messages = Bucket(rates.messages) if rates.messages else None
        self._octets = Bucket(rates.octets) if rates.octets else None

    def count(self, octets: int, now: float) -> float:
        """Count one message, unless it is over a rate.

        Returns:
            0 where it was counted; else the seconds after which it would have been.
        """
        waits = self.wait(octets, now)
        if not waits:
            if self._messages is not None:
                self._messages.take(1)
            if self._octets is not None:
                self._octets.take(octets)
        return waits

    def wait(self, octets: int, now: float) -> float:
        """Return the seconds until a message would be counted; 0 where it would be now."""
        waits = 0.0
        if self._messages is not None and (waits := self._messages.wait(1, now)):
            self.exceeded = "message-rate"
        if self._octets is not None and (wait := self._octets.wait(octets, now)) > waits:
            waits, self.exceeded = wait, "byte-rate"
        return waits


class Meters:
    """The meters of many who send now and then, each by a name of its own.

    Args:
        most: that are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        # In the order of last use. One that goes was silent for long, so its bucket was full.
        self._meters: OrderedDict[Hashable, Meter] = OrderedDict()

    def of(self, name: Hashable, rates: Rates) -> Meter:
        """Return the meter of a name, a full one where there is none by these rates."""
        meter = self._meters.pop(name, None)
        if meter is None or meter.rates != rates:
            meter = Meter(rates)
        self._meters[name] = meter
        if len(self._meters) > self._most:
            self._meters.popitem(last=False)
        return meter
