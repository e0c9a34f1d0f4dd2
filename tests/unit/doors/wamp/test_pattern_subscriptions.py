# SPDX-License-Identifier: MIT
"""When the bus is to bring what is said in every room."""

from typing import Any

import pytest
from attrs import define, field

from wsecho.core.promise import Promise
from wsecho.core.wire.errors import BusUnavailable
from wsecho.doors.wamp.pattern_subscriptions import PatternSubscriptions


@define
class Listener:
    """A bus that notes whether it follows_all, and takes its time for it."""

    is_away: bool = False
    follows_all: bool = False
    waiting: list[Promise[None]] = field(factory=list)

    def follow_rooms(self, *, all_rooms: bool) -> Any:
        """Note it."""
        self.follows_all = all_rooms
        if not all_rooms:
            return None
        if self.is_away:
            raise BusUnavailable
        self.waiting.append(Promise())
        return self.waiting[-1]


def begin(subscriptions: PatternSubscriptions) -> tuple[list[None], list[Any]]:
    """Begin; what comes of it."""
    done: list[None] = []
    failed: list[Any] = []
    later = subscriptions.begin()
    assert isinstance(later, Promise)
    later.then(done.append, failed.append)
    return done, failed


def test_it_is_heard_from_when_the_bus_says_so_until_the_last_has_gone() -> None:
    """Two subscriptions, one after the other."""
    bus = Listener()
    subscriptions = PatternSubscriptions(bus)  # type: ignore[arg-type]  # it is asked nothing else
    done, _ = begin(subscriptions)
    assert (bus.follows_all, done) == (True, [])
    bus.waiting[0].give(None)
    assert done == [None]
    subscriptions.come()
    subscriptions.come()
    subscriptions.leave()
    assert bus.follows_all
    subscriptions.leave()
    assert not bus.follows_all


def test_one_that_goes_takes_nothing_from_one_that_is_about_to_come() -> None:
    """Whose wait began before."""
    bus = Listener()
    subscriptions = PatternSubscriptions(bus)  # type: ignore[arg-type]  # as above
    begin(subscriptions)
    bus.waiting[0].give(None)
    subscriptions.come()
    begin(subscriptions)
    subscriptions.leave()
    assert bus.follows_all
    bus.waiting[1].give(None)
    subscriptions.come()
    subscriptions.leave()
    assert not bus.follows_all


def test_one_that_cannot_be_heard_leaves_nothing_behind() -> None:
    """Refused at once, or later."""
    bus = Listener(is_away=True)
    subscriptions = PatternSubscriptions(bus)  # type: ignore[arg-type]  # as above
    with pytest.raises(BusUnavailable):
        subscriptions.begin()
    assert not bus.follows_all
    bus.is_away = False
    _, failed = begin(subscriptions)
    bus.waiting[0].fail(BusUnavailable())
    assert isinstance(failed[0], BusUnavailable)
    assert not bus.follows_all
