# SPDX-License-Identifier: MIT
"""A reader that is told in frames of `wsecho.v1`: what it is told, of what kind, and from where."""

import json
from typing import Any

import pytest

from tests.unit.fanout.test_reader import World
from wsecho.core.http.queries import RoomQuery
from wsecho.core.rooms.callers import Caller
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.hub import Rules
from wsecho.core.wire.positions import Position
from wsecho.fanout.reader_spec import ReaderSpec
from wsecho.fanout.rooms import Rooms
from wsecho.fanout.vocabulary_reader import VocabularyReader, shared_json


class Carried(VocabularyReader):
    """One that notes what is carried to it, while it takes any."""

    door = "test"
    form = "test"

    def __init__(self, rooms: Rooms, query: RoomQuery) -> None:
        super().__init__(ReaderSpec(rooms, "a", query, Caller("somewhere"), 1 << 20, 99))
        self.got: list[Any] = []
        self.takes = 100

    def begin(self) -> None:
        """Join the room."""
        joined, begin = self.start()
        self.say(self.carry(self.first_frame(joined, begin), "joined", begin.position))
        self.pump()

    def offer(self, data: bytes) -> bool:
        """Take it."""
        self.takes -= 1
        if self.takes >= 0:
            self.got.append(json.loads(data))
        return self.takes >= 0

    def encode(self, message: Message) -> bytes:
        """Write it as all carriers do."""
        return shared_json(message)

    def carry(self, frame: bytes, kind: str, position: Position | None = None) -> bytes:
        """Write what is told beside the frame, too."""
        told = {"carried": kind, "at": None if position is None else str(position)}
        return json.dumps({**json.loads(frame), **told}).encode()

    def too_slow(self) -> None:
        """Go."""
        self.leave()


def open_reader(world: World, **query: Any) -> Carried:
    """Join the room."""
    reader = Carried(world.rooms, RoomQuery(**query))
    reader.begin()
    return reader


@pytest.mark.parametrize(("after", "recovered"), [(None, None), (1, True), (9, False)])
def test_it_is_told_first_where_it_begins(after: int | None, recovered: bool | None) -> None:
    """And whether that is where it wanted to."""
    world = World()
    world.say(2)
    epoch = world.rooms.read("a").epoch
    place = None if after is None else Position(epoch, after)
    first, *rest = open_reader(world, after=place).got
    begin = f"{epoch}:{1 if recovered else 2}"
    assert (first["type"], first["position"], first.get("recovered")) == (
        "joined",
        begin,
        recovered,
    )
    assert (first["carried"], first["at"], "members" in first) == ("joined", begin, False)
    assert [frame["position"] for frame in rest] == ([f"{epoch}:2"] if recovered else [])


def test_who_asks_for_presence_is_told_who_is_here_and_who_comes() -> None:
    """A position is nothing that a change has: whoever comes back is not to go on from it."""
    world = World()
    reader = open_reader(world, wants_presence=True)
    [first] = reader.got
    assert [each["id"] for each in first["members"]] == [first["member"]]
    other = open_reader(world)
    change = reader.got[-1]
    assert (change["type"], change["action"]) == ("presence", "join")
    assert change["member"]["id"] == other.got[0]["member"]
    assert (change["carried"], change["at"]) == ("presence", None)


def test_a_new_epoch_is_told_as_another_joining() -> None:
    """Of the same member, who goes on from there."""
    world = World()
    reader = open_reader(world)
    world.rooms.fanout.renew("a", Position("another", 4))
    world.clock.advance(0)
    first, again = reader.got
    assert (again["type"], again["position"], again["recovered"]) == ("joined", "another:4", False)
    assert (again["carried"], again["at"]) == ("joined", "another:4")
    assert again["member"] == first["member"]
    assert (first["max_message_size"], again["max_message_size"]) == (99, 99)


def test_what_is_gone_is_told_by_its_ends() -> None:
    """Live, and in the middle of a replay; whoever comes back goes on behind it."""
    world = World(Rules(history=3))
    world.say(3)
    reader = Carried(world.rooms, RoomQuery(history=3))
    reader.takes = 2
    reader.begin()
    world.say(3)
    reader.takes = 100
    reader.pump()
    world.rooms.fanout.skip("a", world.rooms.read("a").epoch, 6, 8)
    world.clock.advance(0)
    gaps = [frame for frame in reader.got if frame["type"] == "skipped"]
    epoch = world.rooms.read("a").epoch
    assert [(gap["from"], gap["to"], gap["at"]) for gap in gaps] == [
        (f"{epoch}:{after}", f"{epoch}:{upto}", f"{epoch}:{upto}")
        for after, upto in ((1, 3), (6, 8))
    ]


def test_a_message_is_written_once_while_it_goes_round() -> None:
    """For whoever comes later it is written anew, and not kept."""
    message = Message(Position("e", 1), b"hi", False, 0.0, 7)
    assert shared_json(message) is shared_json(message)
    message.forms = None
    assert json.loads(shared_json(message))["data"] == "hi"
    assert message.forms is None
