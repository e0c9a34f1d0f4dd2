# SPDX-License-Identifier: MIT
"""When the bus is to bring what is said in every room."""

from typing import Any

import pytest
from attrs import define, field

from wsecho.core.promise import Promise
from wsecho.core.wire.errors import BusUnavailable
from wsecho.doors.wamp.overhearing import Overhearing


@define
class Listener:
    """A bus that notes whether it overhears, and takes its time for it."""

    is_away: bool = False
    overhears: bool = False
    waiting: list[Promise[None]] = field(factory=list)

    def overhear(self, *, all_rooms: bool) -> Any:
        """Note it."""
        self.overhears = all_rooms
        if not all_rooms:
            return None
        if self.is_away:
            raise BusUnavailable
        self.waiting.append(Promise())
        return self.waiting[-1]


def begin(overhearing: Overhearing) -> tuple[list[None], list[Any]]:
    """Begin; what comes of it."""
    done: list[None] = []
    failed: list[Any] = []
    later = overhearing.begin()
    assert isinstance(later, Promise)
    later.then(done.append, failed.append)
    return done, failed


def test_it_is_heard_from_when_the_bus_says_so_until_the_last_has_gone() -> None:
    """Two subscriptions, one after the other."""
    bus = Listener()
    overhearing = Overhearing(bus)  # type: ignore[arg-type]  # it is asked nothing else
    done, _ = begin(overhearing)
    assert (bus.overhears, done) == (True, [])
    bus.waiting[0].give(None)
    assert done == [None]
    overhearing.come()
    overhearing.come()
    overhearing.leave()
    assert bus.overhears
    overhearing.leave()
    assert not bus.overhears


def test_one_that_goes_takes_nothing_from_one_that_is_about_to_come() -> None:
    """Whose wait began before."""
    bus = Listener()
    overhearing = Overhearing(bus)  # type: ignore[arg-type]  # as above
    begin(overhearing)
    bus.waiting[0].give(None)
    overhearing.come()
    begin(overhearing)
    overhearing.leave()
    assert bus.overhears
    bus.waiting[1].give(None)
    overhearing.come()
    overhearing.leave()
    assert not bus.overhears


def test_one_that_cannot_be_heard_leaves_nothing_behind() -> None:
    """Refused at once, or later."""
    bus = Listener(is_away=True)
    overhearing = Overhearing(bus)  # type: ignore[arg-type]  # as above
    with pytest.raises(BusUnavailable):
        overhearing.begin()
    assert not bus.overhears
    bus.is_away = False
    _, failed = begin(overhearing)
    bus.waiting[0].fail(BusUnavailable())
    assert isinstance(failed[0], BusUnavailable)
    assert not bus.overhears
