# SPDX-License-Identifier: MIT
"""A remote room's receipts: handed out once the message has come round, and never lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from attrs import define, field
from twisted.internet.defer import Deferred, succeed

from tests.support.scripted_redis import told
from wsecho.bus.measures import Measures
from wsecho.bus.redis.client.keys import Keys
from wsecho.bus.redis.rooms.correlation import Correlation
from wsecho.bus.redis.rooms.cursors import Cursors
from wsecho.bus.redis.rooms.mirroring import Mirroring
from wsecho.bus.redis.rooms.remote_room import RemoteRoom
from wsecho.bus.redis.rooms.remote_rooms import RemoteRooms
from wsecho.core.rooms.all_rooms import AllRoomsFollower
from wsecho.core.rooms.hub import Hub, Rules
from wsecho.core.rooms.log_follower import Loaded
from wsecho.core.rooms.retries import Receipt
from wsecho.core.rooms.rules import RoomRules
from wsecho.core.wire.errors import BusUnavailable
from wsecho.core.wire.positions import Position

if TYPE_CHECKING:
    from wsecho.bus.interface import BusListener
    from wsecho.bus.redis.client.commands import Commands
    from wsecho.core.promise import Promise

NEVER = float("inf")


def receipt(offset: int, epoch: str = "e") -> Receipt:
    """Of the message at an offset."""
    return Receipt(Position(epoch, offset), offset)


def remote(head: int = 0, epoch: str = "e") -> RemoteRoom:
    """A room that is current up to an offset."""
    room = RemoteRoom("a", Keys("p:", 0).room("a"), 0.0)
    list(room.follower.load(Loaded(epoch, head, [])))
    assert room.is_current
    return room


def given(told: Promise[Receipt]) -> Receipt | None:
    """What was handed out, None before."""
    found: list[Receipt | None] = []
    told.then(found.append, found.append)
    return found[0] if found else None


def test_a_receipt_waits_for_its_own_message() -> None:
    """Those whose messages have come round are handed out, the others wait on."""
    room = remote(2)
    told = [room.acknowledge_later(receipt(offset), NEVER) for offset in (1, 3, 2)]
    assert not room.acknowledge()
    assert [given(each) for each in told] == [receipt(1), None, receipt(2)]
    list(room.follower.load(Loaded("e", 3, [])))
    assert not room.acknowledge()
    assert given(told[1]) == receipt(3)


def test_a_place_in_another_epoch_is_not_reached() -> None:
    """However far that one has come."""
    room = remote(9)
    told = room.acknowledge_later(receipt(1, "other"), NEVER)
    assert not room.acknowledge()
    assert given(told) is None


def test_a_receipt_that_is_due_is_handed_out_without_its_message() -> None:
    """And only then something is missing; nothing is handed out twice."""
    room = remote(1)
    late, later = (
        room.acknowledge_later(receipt(offset), due) for offset, due in ((2, 5.0), (3, 6.0))
    )
    assert not room.acknowledge(4.9)
    assert room.acknowledge(5.0)
    assert (given(late), given(later)) == (receipt(2), None)
    assert not room.acknowledge(5.5)
    assert room.acknowledge(6.0)
    assert given(later) == receipt(3)
    assert not room.acknowledge(NEVER)


def test_who_waits_no_more_is_passed_over() -> None:
    """A publisher that is gone keeps no receipt from the others."""
    room = remote(1)
    gone, there = (room.acknowledge_later(receipt(1), NEVER) for _ in range(2))
    gone.cancel()
    assert not room.acknowledge()
    assert given(there) == receipt(1)


@define(eq=False)
class Silence:
    """Redis, of which nothing comes but what the test lets come."""

    is_up: bool = True
    asked: list[Deferred[Any]] = field(factory=list)

    def run(self, *_: object) -> Deferred[Any]:
        """Wait for an answer."""
        answer: Deferred[Any] = Deferred()
        self.asked.append(answer)
        return answer

    ask = run

    def subscribe(self, _channel: str) -> Deferred[None]:
        """Listen, at once."""
        return succeed(None)

    def cast(self, *_: object) -> None:
        """Be told something that is not answered."""


@define(eq=False)
class Listener:
    """Hears what comes round, and whether somebody was told of it before."""

    told: Promise[Receipt] | None = None
    heard: list[tuple[int, bool]] = field(factory=list)

    def on_publication(self, _room: str, delivery: Any, _origin: Any) -> None:
        """Note it."""
        was_told = self.told is not None and given(self.told) is not None
        self.heard.append((delivery.message.position.offset, was_told))


@define(eq=False)
class World:
    """One remote room, current at `e:1`."""

    commands: Silence = field(factory=Silence)
    listener: Listener = field(factory=Listener)
    remote_rooms: RemoteRooms = field(init=False)
    room: RemoteRoom = field(init=False)

    def __attrs_post_init__(self) -> None:
        words = iter(f"word{number}" for number in range(99))
        hub, measures = Hub[Any](Rules(), lambda: next(words)), Measures()
        all_rooms, listener = AllRoomsFollower(), cast("BusListener", self.listener)
        mirroring = Mirroring(
            *(hub, listener, Correlation("node"), lambda: 0.0, measures, all_rooms)
        )
        self.remote_rooms = RemoteRooms(
            *(cast("Commands", self.commands), Keys("p:", 0), Cursors(RoomRules()), hub, mirroring),
            *(lambda: 0.0, measures, all_rooms, lambda _room, _found: None),
        )
        self.room = self.remote_rooms.follow("a")
        self.load(1)

    def load(self, head: int, *offsets: int) -> None:
        """Let the log say where it stands, and what it holds."""
        self.remote_rooms.load(self.room)
        entries = [item for each in offsets for item in (each, b"0 %d t - text" % each)]
        for answer in self.commands.asked:
            if not answer.called:
                answer.callback([b"e", head, b"", b"", b"", b"0", *entries])
        self.commands.asked.clear()

    def notice(self, offset: int) -> None:
        """Let Redis tell of a message."""
        self.remote_rooms.hear(self.room, b"m e %d 0 %d t - text" % (offset, offset))

    def wait(self, offset: int) -> Promise[Receipt]:
        """Have somebody wait for a receipt."""
        self.listener.told = self.room.acknowledge_later(receipt(offset), NEVER)
        return self.listener.told


def test_a_notice_brings_the_receipt() -> None:
    """Behind the message: whoever said it hears it before it is told where it stands."""
    world = World()
    told = world.wait(2)
    world.notice(2)
    assert world.listener.heard == [(2, False)]
    assert given(told) == receipt(2)


def test_a_load_brings_the_receipt() -> None:
    """Where the notice got lost, and the log shows that the message was logged."""
    world = World()
    told = world.wait(2)
    world.notice(3)
    assert given(told) is None
    world.load(3, 2, 3)
    assert world.listener.heard == [(2, False), (3, False)]
    assert given(told) == receipt(2)


@pytest.mark.parametrize("end", ["went_down", "unfollow"])
def test_a_receipt_does_not_wait_for_what_cannot_come(end: str) -> None:
    """It was logged, that is known: whoever said it is told so, though nothing comes round."""
    world = World()
    told = world.wait(2)
    if end == "went_down":
        world.remote_rooms.went_down()
    else:
        world.remote_rooms.unfollow(world.room)
    assert given(told) == receipt(2)


@pytest.mark.parametrize("comes", [True, False])
def test_who_waits_for_a_room_is_told_whether_it_comes(comes: bool) -> None:
    """Those who wait no more are passed over; how long is counted from the first."""
    room = RemoteRoom("a", Keys("p:", 0).room("a"), 0.0)
    waiting = [room.wait(now) for now in (3.0, 5.0)]
    assert room.is_waited_for
    assert [room.has_kept_waiting(moment) for moment in (2.9, 3.0)] == [False, True]
    gone: list[object] = []
    waiting[0].then(gone.append, gone.append)
    waiting[0].cancel()
    outcome: list[object] = []
    waiting[1].then(outcome.append, outcome.append)
    if comes:
        assert not room.let_in()
        assert outcome == [None]
    else:
        room.turn_away(BusUnavailable())
        assert len(outcome) == 1
        assert outcome != [None]
    assert (gone, room.is_waited_for) == ([], False)
    assert not room.has_kept_waiting(NEVER)


def test_who_waits_for_a_place_that_is_not_reached_waits_on() -> None:
    """Until the log was asked since; how long is counted from those who wait still."""
    room = remote(5)
    places = [None, Position("e", 5), Position("e", 6), Position("f", 1)]
    outcomes = [told(room.wait(float(now), place)) for now, place in enumerate(places)]
    assert room.let_in()
    assert outcomes == [[None], [None], [], []]
    assert [room.has_kept_waiting(moment) for moment in (1.9, 2.0)] == [False, True]
    room.ask_for_all()
    last = told(room.wait(4.0, Position("e", 7)))
    assert room.let_in()
    assert (outcomes, last) == ([[None]] * 4, [])
