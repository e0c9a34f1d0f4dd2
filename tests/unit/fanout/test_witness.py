# SPDX-License-Identifier: MIT
"""Who comes and goes, as those are told who are told of it."""

from typing import Any

from attrs import define, field

from tests.support.buses import Member
from wsecho.core.rooms.hub import Hub, Rules
from wsecho.core.rooms.presence import Card, Change
from wsecho.core.rooms.rules import RoomRules, RoomTable
from wsecho.fanout.rooms import draw_word
from wsecho.fanout.witness import Witness

OFF = RoomTable("off", {"presence": "off"})
NOTHING = RoomTable("nothing", {"tell": frozenset()})
CARD = Card("id", None, "raw", 0.0)


@define(eq=False)
class Queue:
    """Notes who comes and goes."""

    noted: list[tuple[str, str, str]] = field(factory=list)

    def enter(self, room: str, card: Card) -> None:
        """Note it."""
        self.noted.append(("enter", room, card.id))

    def leave(self, room: str, card: Card) -> None:
        """Note it."""
        self.noted.append(("leave", room, card.id))


def make() -> tuple[Witness, Queue, Hub[Any]]:
    """Make one, of the rooms of a hub."""
    rules = RoomRules(tables=(OFF, NOTHING))
    hub: Hub[Any] = Hub(Rules(), draw_word, rules)
    witness, queue = Witness(hub, rules, lambda: None), Queue()
    witness.queue = queue  # type: ignore[assignment]  # as much of one as is asked
    return witness, queue, hub


def test_members_come_and_go() -> None:
    """As others see them, not as connections."""
    witness, queue, _ = make()
    witness.on_join("a", Member(), Change("join", CARD))  # type: ignore[arg-type]
    witness.on_join("a", Member(), None)  # type: ignore[arg-type]
    witness.on_leave("a", Member(), 5.0)  # type: ignore[arg-type]
    witness.on_leave("a", Member(), None)  # type: ignore[arg-type]
    witness.on_leave("a", Member(), Change("leave", CARD))  # type: ignore[arg-type]
    assert queue.noted == [("enter", "a", "id"), ("leave", "a", "id")]


def test_where_nobody_is_seen_all_are_one() -> None:
    """From the first that comes to the last that goes; whoever goes twice goes once."""
    witness, queue, _ = make()
    one, two, waiting = Member(), Member(), Member(is_present=False)
    for member in (waiting, one, two):
        witness.on_join("off", member, None)  # type: ignore[arg-type]
    for member in (one, one, waiting):
        witness.on_leave("off", member, None)  # type: ignore[arg-type]
    assert queue.noted == [("enter", "off", "")]
    assert list(witness.inside()) == []
    witness.on_leave("off", two, None)  # type: ignore[arg-type]
    witness.on_leave("off", two, None)  # type: ignore[arg-type]
    assert queue.noted == [("enter", "off", ""), ("leave", "off", "")]


def test_all_who_are_inside_are_listed() -> None:
    """Of rooms of which that is told."""
    witness, _, hub = make()
    for room in ("a", "nothing", "off"):
        member = Member()
        joined = hub.join(room, member, 0.0)
        witness.on_join(room, member, joined.change)  # type: ignore[arg-type]
    [named] = hub.present("a")
    found = list(witness.inside())
    assert ("a", named) in found
    assert {room for room, _ in found} <= {"a", "off"}
