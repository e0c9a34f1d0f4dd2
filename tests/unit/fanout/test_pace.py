# SPDX-License-Identifier: MIT
"""The rates of rooms, for those who have no connection of their own there."""

from collections import Counter

import pytest
from attrs import define, field
from twisted.internet.task import Clock

from wsecho.core.rooms.rules import RoomRules, RoomTable
from wsecho.core.wire.errors import OverRate
from wsecho.fanout.pace import RoomPace


@define
class World:
    """Rooms `slow…` take two messages a second, or 100 bytes."""

    clock: Clock = field(factory=Clock)
    limits: Counter[str] = field(factory=Counter)
    rules: RoomRules = field(init=False)
    pace: RoomPace = field(init=False)

    def __attrs_post_init__(self) -> None:
        given = {"message_rate": 2.0, "byte_rate": 100}
        self.rules = RoomRules(tables=(RoomTable("slow*", given),))
        self.pace = RoomPace(self.rules, self.clock.seconds, self.limits)

    def says(self, *rooms: str, who: str = "me", octets: int = 1) -> bool:
        """Whether somebody may say something."""
        try:
            self.pace.check(rooms, who, octets)
        except OverRate:
            return False
        return True


def test_each_publisher_is_held_to_each_room_by_itself() -> None:
    """A room without a rate takes what comes."""
    world = World()
    assert [world.says("slow-a") for _ in range(3)] == [True, True, False]
    assert world.says("slow-b")
    assert world.says("slow-a", who="you")
    assert all(world.says("other") for _ in range(100))
    world.clock.advance(0.5)
    assert [world.says("slow-a") for _ in range(2)] == [True, False]


def test_what_goes_to_many_rooms_counts_in_all_or_in_none() -> None:
    """And the one that it is too fast for is named."""
    world = World()
    assert world.says("slow-a", octets=99)
    assert not world.says("slow-b", "slow-a", octets=99)
    assert world.says("slow-b", octets=99)
    assert world.limits == {"byte-rate": 1}
    with pytest.raises(OverRate, match="the room 'slow-a' allows"):
        world.pace.check(["other", "slow-a"], "me", 50)


def test_what_is_foreseen_does_not_count() -> None:
    """It may never come."""
    world = World()
    for _ in range(3):
        world.pace.foresee(["slow-a"], "me", 90)
    assert world.says("slow-a", octets=90)
    with pytest.raises(OverRate):
        world.pace.foresee(["slow-a"], "me", 90)


def test_other_rates_hold_at_once() -> None:
    """With a second's worth to begin with."""
    world = World()
    assert [world.says("slow-a") for _ in range(3)] == [True, True, False]
    world.rules.replace((RoomTable("slow*", {"message_rate": 3.0}),))
    assert [world.says("slow-a") for _ in range(4)] == [True, True, True, False]
    world.rules.replace(())
    assert world.says("slow-a")
