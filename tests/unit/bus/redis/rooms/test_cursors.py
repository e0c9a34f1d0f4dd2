# SPDX-License-Identifier: MIT
"""How far rooms were seen here, and where new ones begin."""

import pytest

from wsecho.bus.redis.rooms import cursors as module
from wsecho.bus.redis.rooms.cursors import Cursors
from wsecho.core.rooms.log_follower import Cursor
from wsecho.core.rooms.rules import RoomRule, RoomRules


def test_a_room_was_seen_as_far_as_it_was() -> None:
    """Never less far in the same epoch; nothing of a room that has none."""
    cursors = Cursors(RoomRules(RoomRule(history_ttl=0.009)))
    assert cursors.get("a") == Cursor()
    for seen in (Cursor("e", 5), Cursor("e", 3), Cursor()):
        cursors.remember("a", seen)
        assert cursors.get("a") == Cursor("e", 5)
    cursors.remember("a", Cursor("f", 1))
    assert cursors.get("a") == Cursor("f", 1)


def test_what_was_seen_longest_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are bounds to what is remembered."""
    monkeypatch.setattr(module, "MAX_SEEN", 2)
    cursors = Cursors(RoomRules(RoomRule(history_ttl=0.009)))
    for room in ("a", "b", "a", "c"):
        cursors.remember(room, Cursor("e", 1))
    assert [bool(cursors.get(room).epoch) for room in "abc"] == [True, False, True]


def test_no_two_beginnings_are_the_same() -> None:
    """A fresh epoch is drawn once the one before may have been used, and not before."""
    cursors = Cursors(RoomRules(RoomRule(history_ttl=0.009)))
    fresh = str(cursors.stand("a", Cursor())[0])
    cursors.draw_after("other")
    assert cursors.stand("a", Cursor("e", 7)) == [fresh, "e", "7", "9"]
    cursors.draw_after(fresh)
    second = str(cursors.stand("a", Cursor())[0])
    cursors.remember("a", Cursor(second, 1))
    third = str(cursors.stand("a", Cursor())[0])
    cursors.draw()
    assert len({fresh, second, third, str(cursors.stand("a", Cursor())[0])}) == 4
