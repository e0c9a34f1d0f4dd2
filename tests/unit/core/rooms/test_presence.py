# SPDX-License-Identifier: MIT
"""Who is in a room, as others see it."""

from itertools import count

from attrs import define

from wsecho.core.rooms.callers import Caller
from wsecho.core.rooms.presence import LINGER, Change, Presence

NOBODY = Caller("somewhere", name="Ann")
NAMED = Caller("somewhere", secret="0123456789abcdef")
OTHER = Caller("somewhere", secret="fedcba9876543210")


@define(eq=False)
class Visitor:
    """One connection."""

    door: str = "raw"
    caller: Caller = NOBODY
    is_present: bool = True


def presence() -> Presence:
    """A room that nobody is in."""
    words = count()
    return Presence(lambda: f"w{next(words)}")


def test_each_connection_is_a_member_of_its_own() -> None:
    """It comes and goes, and others are told."""
    room, visitor = presence(), Visitor()
    card, change = room.join(visitor, 1.0)
    assert (card.name, card.door, card.since) == ("Ann", "raw", 1.0)
    assert change == Change("join", card)
    assert room.join(Visitor(), 2.0)[0].id != card.id
    assert room.leave(visitor, 3.0) == Change("leave", card)
    assert room.leave(visitor, 3.0) is None
    assert len(room) == 1


def test_a_named_member_is_one_by_all_its_connections() -> None:
    """It goes when the last of them is gone for its time, and the latest door is shown."""
    room = presence()
    first, second = Visitor(caller=NAMED), Visitor("v1", NAMED)
    card, change = room.join(first, 1.0)
    assert change == Change("join", card)
    again, change = room.join(second, 2.0)
    assert change is None
    assert (again.id, again.door, again.since) == (card.id, "v1", 1.0)
    assert room.leave(first, 3.0) is None
    assert room.leave(second, 4.0) == 4.0 + LINGER
    assert room.settle(4.0 + LINGER - 0.1) == []
    assert room.settle(4.0 + LINGER) == [Change("leave", again)]
    assert len(room) == 0


def test_coming_back_in_time_is_no_leave() -> None:
    """The time of an earlier absence does not count for a later one."""
    room, visitor = presence(), Visitor(caller=NAMED)
    room.join(visitor, 0.0)
    room.leave(visitor, 1.0)
    room.join(visitor, 2.0)
    assert room.settle(9.0) == []
    room.leave(visitor, 9.0)
    assert room.settle(9.0 + LINGER - 0.1) == []
    assert len(room.settle(9.0 + LINGER)) == 1


def test_one_who_only_waits_is_not_seen() -> None:
    """Named or not, it neither comes nor goes for others."""
    room = presence()
    for caller in (NOBODY, NAMED):
        visitor = Visitor("longpoll", caller, is_present=False)
        assert room.join(visitor, 1.0)[1] is None
        assert (len(room), list(room)) == (0, [])
        assert room.leave(visitor, 2.0) is None
    assert room.settle(99.0) == []


def test_where_nobody_is_seen_each_has_a_card_all_the_same() -> None:
    """For itself; others are told of no coming and no going."""
    room = Presence(lambda: "w", is_on=False)
    visitor, named = Visitor(), Visitor(caller=NAMED)
    for each in (visitor, named):
        card, change = room.join(each, 1.0)
        assert card.id
        assert change is None
    assert (len(room), list(room)) == (0, [])
    assert [room.leave(each, 2.0) for each in (visitor, named)] == [None, None]
    assert room.switch(is_on=True) == []


def test_who_is_there_is_seen_from_then_on_and_no_longer() -> None:
    """By the card that each has; a named one that lingers is gone with the rest."""
    room = presence()
    visitor, named, gone = Visitor(), Visitor(caller=NAMED), Visitor(caller=OTHER)
    cards = [room.join(each, time)[0] for time, each in enumerate([visitor, named, gone])]
    room.leave(gone, 3.0)
    assert room.switch(is_on=False) == [Change("leave", card) for card in cards]
    assert room.switch(is_on=False) == []
    assert len(room) == 0
    assert room.settle(99.0) == []
    assert room.switch(is_on=True) == [Change("join", card) for card in cards[:2]]
    assert list(room) == cards[:2]
    assert room.leave(visitor, 4.0) == Change("leave", cards[0])
    assert room.leave(named, 4.0) == 4.0 + LINGER
