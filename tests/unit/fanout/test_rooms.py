# SPDX-License-Identifier: MIT
"""Rooms as the doors use them, on a bus in memory."""

from typing import Any

import pytest
from attrs import define, field
from twisted.internet.task import Clock

from wsecho.core.rooms.callers import Caller
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.hub import Rules
from wsecho.core.rooms.presence import Change
from wsecho.core.wire.errors import OverLimit
from wsecho.core.wire.positions import Position
from wsecho.fanout.rooms import Rooms, draw_publication, draw_word
from wsecho.server.stats import Stats


@define(eq=False)
class Member:
    """Somebody in a room."""

    caller: Caller = field(factory=lambda: Caller("192.0.2.1"))
    door: str = "raw"
    hears: bool = True
    is_present: bool = True
    wants_own: bool = True
    wants_presence: bool = True
    texts: list[str] = field(factory=list)
    changes: list[str] = field(factory=list)

    def deliver(self, message: Message) -> None:
        """Hear a message."""
        self.texts.append(message.payload.decode())

    def tell(self, change: Change) -> None:
        """Hear who comes and goes."""
        self.changes.append(change.action)

    def renew(self, position: Position) -> None:
        """Hear of a new epoch."""

    def skip(self, epoch: str, after: int, upto: int) -> None:
        """Hear of a gap."""


def make(clock: Clock, **rules: Any) -> Rooms:
    """Rooms; the time of day is a thousand seconds ahead."""
    return Rooms(Rules(**rules), clock, Stats(clock), time_of_day=lambda: clock.seconds() + 1_000)


def say(rooms: Rooms, text: str, **more: Any) -> None:
    """Say something in the room a."""
    rooms.publish("a", text.encode(), is_binary=False, **more)


def test_who_is_in_a_room_hears_it_and_sees_who_comes() -> None:
    """Until it leaves; to leave twice does no harm."""
    rooms, first, second = make(Clock()), Member(), Member()
    rooms.join("a", first)
    rooms.join("a", second)
    say(rooms, "one")
    rooms.leave("a", first)
    rooms.leave("a", first)
    say(rooms, "two")
    assert (first.texts, second.texts) == (["one"], ["one", "two"])
    assert (first.changes, second.changes) == (["join"], ["leave"])


def test_members_are_listed_in_their_order() -> None:
    """Who came first first."""
    rooms = make(Clock())
    cards = [rooms.join("a", Member()).card for _ in range(3)]
    assert rooms.members("a") == cards


def test_what_was_said_is_remembered_with_the_time_of_day() -> None:
    """Its age is by the other clock."""
    clock = Clock()
    rooms = make(clock)
    clock.advance(5)
    say(rooms, "one")
    [message] = rooms.read("a")
    assert (message.payload, message.time, message.taken) == (b"one", 1_005.0, 5.0)


def test_a_publication_has_the_id_that_it_was_given() -> None:
    """Or one that is drawn."""
    rooms = make(Clock())
    say(rooms, "one", publication=7)
    say(rooms, "two")
    first, second = rooms.read("a")
    assert first.publication == 7
    assert 1 <= second.publication <= 1 << 53


def test_a_full_room_takes_nobody() -> None:
    """Which can be seen before one joins."""
    rooms = make(Clock(), max_members=1)
    rooms.check("a")
    rooms.join("a", Member())
    with pytest.raises(OverLimit):
        rooms.check("a")
    with pytest.raises(OverLimit):
        rooms.join("a", Member())


def test_one_that_comes_back_in_time_was_never_away() -> None:
    """A named member's leaving is told a while later; by then it may be here again."""
    clock = Clock()
    rooms, watcher = make(clock), Member()
    named = Caller("192.0.2.2", secret="0123456789abcdef")
    rooms.join("a", watcher)
    first, second = Member(named), Member(named)
    rooms.join("a", first)
    rooms.leave("a", first)
    rooms.join("a", second)
    clock.pump([1.0] * 600)
    assert "leave" not in watcher.changes
    rooms.leave("a", second)
    assert "leave" not in watcher.changes
    clock.pump([1.0] * 600)
    assert watcher.changes.count("leave") == 1


def test_the_same_is_said_in_many_rooms_at_once() -> None:
    """Each under an id of its own."""
    rooms, member = make(Clock()), Member()
    rooms.join("b", member)
    rooms.publish_to_all(["a", "b"], b"all", is_binary=False, keyed=None)
    assert member.texts == ["all"]
    [one], [other] = rooms.read("a"), rooms.read("b")
    assert one.publication != other.publication


def test_a_room_that_nobody_uses_is_swept() -> None:
    """With what it remembers."""
    clock = Clock()
    rooms = make(clock, history_ttl=60.0)
    say(rooms, "one")
    before = rooms.read("a").epoch
    clock.advance(61)
    rooms.sweep()
    assert len(rooms.hub.rooms()) == 0
    assert rooms.read("a").epoch != before


def test_words_and_ids_do_not_repeat() -> None:
    """By chance, they would once in ages."""
    assert len({draw_word() for _ in range(100)}) == 100
    ids = [draw_publication() for _ in range(100)]
    assert len(set(ids)) == 100
    assert all(1 <= each <= 1 << 53 for each in ids)
