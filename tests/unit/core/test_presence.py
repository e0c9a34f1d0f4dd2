# SPDX-License-Identifier: MIT
"""Who is in a room: connections, named members, and reconnects that are no leave."""

from itertools import count

from attrs import define

from wsecho.core.callers import Caller
from wsecho.core.presence import LINGER, Change, Presence

SECRET = "0123456789abcdef"


@define(eq=False)
class Attendee:
    """One connection."""

    caller: Caller
    door: str = "raw"
    is_present: bool = True


def named(sub: str | None = None, name: str | None = None, door: str = "raw") -> Attendee:
    """A connection of a client that named itself."""
    return Attendee(Caller("somewhere", sub=sub, name=name, secret=SECRET), door)


def make() -> Presence:
    """A room's presence, whose ids count up from w0."""
    words = (f"w{number}" for number in count())
    return Presence(lambda: next(words))


def ids(presence: Presence) -> list[str]:
    """Who is here."""
    return [card.id for card in presence]


def test_each_connection_is_a_member_of_its_own() -> None:
    """And its leave is told at once."""
    presence = make()
    one, two = Attendee(Caller("a")), Attendee(Caller("a"), "sse")
    card, change = presence.join(one, 10)
    assert change == Change("join", card)
    assert (card.id, card.name, card.door, card.since) == ("w0", None, "raw", 10)
    presence.join(two, 11)
    assert ids(presence) == ["w0", "w1"]
    assert presence.leave(one, 12) == Change("leave", card)
    assert presence.leave(one, 12) is None
    assert ids(presence) == ["w1"]


def test_a_named_member_is_one_across_connections_and_doors() -> None:
    """The latest door is shown, and since when it was here at all."""
    presence = make()
    first, second = named(), named(door="sse")
    card, change = presence.join(first, 10)
    assert change is not None
    again, change = presence.join(second, 20)
    assert change is None
    assert (again.id, again.door, again.since) == (card.id, "sse", 10)
    assert len(presence) == 1
    assert presence.leave(first, 30) is None
    assert ids(presence) == [card.id]


def test_a_reconnect_in_time_is_no_leave() -> None:
    """Nobody is told anything."""
    presence = make()
    first = named()
    presence.join(first, 0)
    assert presence.leave(first, 10) == 10 + LINGER
    assert presence.settle(10 + LINGER - 0.1) == []
    assert presence.join(named(), 14)[1] is None
    assert presence.settle(100) == []
    assert len(presence) == 1


def test_a_named_member_that_does_not_come_back_has_left() -> None:
    """Once, after its time."""
    presence = make()
    member = named()
    card, _ = presence.join(member, 0)
    presence.leave(member, 10)
    assert ids(presence) == [card.id]
    assert presence.settle(10 + LINGER) == [Change("leave", card)]
    assert presence.settle(10 + LINGER) == []
    assert ids(presence) == []


def test_the_id_says_nothing_of_the_secret_and_depends_on_the_subject() -> None:
    """So that one subject cannot pass for another by its secret."""
    presence = make()
    ann, bob = presence.join(named("ann"), 0)[0], presence.join(named("bob"), 0)[0]
    assert ann.id != bob.id
    assert SECRET not in ann.id
    assert len(presence) == 2


def test_a_name_comes_from_the_latest_token() -> None:
    """People rename themselves."""
    presence = make()
    presence.join(named("ann", "Ann"), 0)
    assert presence.join(named("ann", "Anna"), 1)[0].name == "Anna"
