# SPDX-License-Identifier: MIT
"""What all readers that stream have in common, without any connection."""

from collections.abc import Callable
from typing import Any

from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from wsecho.core.http.queries import RoomQuery
from wsecho.core.limits.slowness import POLICIES, SlowPolicy
from wsecho.core.rooms.callers import Caller
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.hub import Rules
from wsecho.core.rooms.presence import Change
from wsecho.core.rooms.rules import RoomTable
from wsecho.core.wire.positions import Position
from wsecho.fanout.reader import Reader
from wsecho.fanout.reader_spec import ReaderSpec
from wsecho.fanout.rooms import Rooms
from wsecho.server.stats import Stats


class Listener(Reader):
    """A reader that takes so much and no more, and notes what it got."""

    door = "test"
    form = "test"

    def __init__(self, rooms: Rooms, query: RoomQuery, bound: int) -> None:
        super().__init__(ReaderSpec(rooms, "a", query, Caller("somewhere"), bound, 1 << 20))
        self.takes: float = float("inf")
        self.got: list[bytes] = []
        self.is_given_up = False
        self.encoded = 0
        self.hearing: Callable[[], None] = lambda: None

    def offer(self, data: bytes) -> bool:
        """Take it, where there is patience left."""
        if self.takes <= 0:
            return False
        self.takes -= 1
        self.got.append(data)
        self.hearing()
        return True

    def encode(self, message: Message) -> bytes:
        """Write the offset."""
        self.encoded += 1
        return b"%d" % message.position.offset

    def encode_gap(self, epoch: str, after: int, upto: int) -> bytes:
        """Write the gap."""
        return b"(%d,%d]" % (after, upto)

    def encode_renewal(self, position: Position) -> bytes:
        """Write it in short."""
        return f"[now {position}]".encode()

    def encode_change(self, change: Change) -> bytes:
        """Write who."""
        return change.action.encode()

    def too_slow(self) -> None:
        """Go."""
        self.is_given_up = True
        self.leave()

    def history_lost(self, upto: int) -> bool:
        """Note the gap."""
        assert self._replayed is not None
        return self.offer(self.encode_gap("", self._replayed, upto))


@define
class World:
    """A room and one who speaks in it."""

    rules: Rules = field(factory=Rules)
    clock: Clock = field(factory=Clock)
    rooms: Rooms = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.rooms = Rooms(self.rules, self.clock, Stats(self.clock))

    def say(self, count: int = 1, payload: bytes = b"x") -> None:
        """Say something so many times."""
        for _ in range(count):
            self.rooms.publish("a", payload, is_binary=False)

    def listen(
        self, history: int | None = None, policy: SlowPolicy = "close", bound: int = 1 << 20
    ) -> Listener:
        """Join the room, whose policy that is from now on; nothing is sent yet."""
        self.rooms.rules.replace((RoomTable("a", {"slow": policy}),))
        self.rooms.refresh()
        listener = Listener(self.rooms, RoomQuery(history=history), bound)
        listener.start()
        return listener


def numbers(*offsets: int) -> list[bytes]:
    """Messages as the listener writes them."""
    return [b"%d" % offset for offset in offsets]


def test_what_is_said_while_it_replays_comes_behind() -> None:
    """Once, whether it came before or after the replay got there."""
    world = World()
    world.say(3)
    listener = world.listen(history=3)
    world.say()
    assert listener.got == []
    listener.takes = 2
    listener.pump()
    world.say()
    assert listener.got == numbers(1, 2)
    listener.takes = 9
    listener.pump()
    world.say()
    assert listener.got == numbers(1, 2, 3, 4, 5, 6)


def test_a_replay_is_not_bounded_but_what_waits_behind_it_is_nothing() -> None:
    """However much is said meanwhile, a reader that replays is not given up."""
    world = World()
    world.say(5)
    listener = world.listen(history=5, bound=1)
    listener.takes = 0
    listener.pump()
    world.say(500)
    assert not listener.is_given_up
    listener.takes = 1000
    listener.pump()
    assert listener.got == numbers(*range(1, 506))


def test_what_others_say_because_of_a_replay_comes_once() -> None:
    """Sending may make somebody speak, and the history grows under the replay."""
    world = World()
    world.say(2)
    listener = world.listen(history=2)

    def speak() -> None:
        if world.rooms.read("a").head < 6:
            world.say()

    listener.hearing = speak
    listener.pump()
    assert listener.got == numbers(1, 2, 3, 4, 5, 6)


def test_what_a_replay_has_sent_is_not_delivered_again() -> None:
    """Though it was still going round, and comes to the reader only now that it is live."""
    world = World()
    other, listener = world.listen(), world.listen()
    other.pump()
    other.hearing = listener.pump  # which reads in the history what it is about to be given
    world.say()
    world.say()
    assert other.got == listener.got == numbers(1, 2)


def test_what_was_said_before_a_new_epoch_is_not_delivered_in_it() -> None:
    """What is still going round of it stands at or before the place that it was told."""
    world = World()
    listener = world.listen()
    listener.pump()
    listener.renew(Position("f", 5))
    for offset in (4, 5, 6):
        listener.deliver(Message(Position("f", offset), b"x", False, 0.0, offset))
    assert listener.got == [b"[now f:5]", b"6"]


@given(
    wanted=st.none() | st.integers(0, 6),
    kept=st.integers(0, 5),
    later=st.integers(0, 3),
    takes=st.integers(0, 9),
)
def test_a_new_epoch_has_a_past_for_who_asked_for_one(
    wanted: int | None, kept: int, later: int, takes: int
) -> None:
    """As much of it as is kept; what is said behind it comes once, however much is taken."""
    world = World(Rules(history=9))
    listener = world.listen(wanted)
    listener.pump()
    history = world.rooms.read("a")
    history.reset("f", 10)
    for _ in range(kept):
        history.append(Message(history.next_position(), b"x", False, 0.0, 1), 0.0)
    listener.takes = takes
    listener.renew(history.position)
    world.say(later)
    listener.takes = 99
    listener.pump()
    first = 10 + kept - min(wanted or 0, kept)
    assert listener.got == [
        b"[now f:%d]" % first,
        *numbers(*range(first + 1, 10 + kept + later + 1)),
    ]


def test_a_replay_whose_history_went_is_told() -> None:
    """It goes on behind the gap."""
    world = World(Rules(history=3))
    world.say(3)
    listener = world.listen(history=3)
    listener.takes = 1
    listener.pump()
    world.say(4)
    listener.takes = 9
    listener.pump()
    assert listener.got == [b"1", b"(1,4]", *numbers(5, 6, 7)]


def test_where_nothing_is_kept_what_is_said_before_it_takes_is_told() -> None:
    """`--history 0`: a message in between is a gap, not silence."""
    world = World(Rules(history=0))
    listener = world.listen()
    world.say()
    listener.pump()
    world.say()
    assert listener.got == [b"(0,1]", b"2"]


def test_one_message_of_any_size_passes_an_empty_queue() -> None:
    """The next is one too many."""
    world = World()
    listener = world.listen(bound=10)
    listener.pump()
    listener.takes = 0
    world.say(payload=b"x" * 1000)
    assert not listener.is_given_up
    world.say()
    assert listener.is_given_up
    assert world.rooms.hub.use("a", 0).members() == []


def test_who_is_given_up_gets_nothing_more() -> None:
    """Not even what was going round already."""
    world = World()
    listener, other = world.listen(bound=1), world.listen()
    listener.pump()
    other.pump()

    def speak() -> None:
        if world.rooms.read("a").head < 4:
            world.say()

    other.hearing = speak
    listener.takes = 1
    world.say()
    assert listener.is_given_up
    listener.takes = 9
    listener.pump()
    assert listener.got == numbers(1)
    assert other.got == numbers(1, 2, 3, 4)


def test_what_the_door_says_keeps_its_place_among_messages() -> None:
    """Behind those that wait."""
    world = World()
    listener = world.listen()
    listener.pump()
    listener.takes = 0
    world.say()
    listener.say(b"mine")
    world.say()
    listener.takes = 9
    listener.pump()
    assert listener.got == [b"1", b"mine", b"2"]


def test_what_the_door_says_first_comes_before_the_replay() -> None:
    """Though the connection took nothing when it was said."""
    world = World()
    world.say(3)
    listener = world.listen(history=3)
    listener.takes = 0
    listener.say(b"welcome")
    listener.pump()
    world.say()
    for _ in range(3):
        listener.takes = 2
        listener.pump()
    assert listener.got == [b"welcome", *numbers(1, 2, 3, 4)]


def test_a_message_is_written_once_for_all_who_take_it_now() -> None:
    """And the history does not keep what was written."""
    world = World()
    listeners = [world.listen() for _ in range(5)]
    for listener in listeners:
        listener.pump()
    world.say()
    assert [listener.got for listener in listeners] == [numbers(1)] * 5
    assert sum(listener.encoded for listener in listeners) == 1
    [message] = world.rooms.read("a")
    assert message.forms is None


STEPS = st.lists(st.tuples(st.sampled_from(["say", "take"]), st.integers(1, 8)), max_size=40)


@given(
    policy=st.sampled_from(POLICIES),
    steps=STEPS,
    replay=st.integers(0, 8),
    kept=st.integers(0, 8),
    bound=st.integers(1, 600),
)
def test_whatever_it_takes_it_is_told_the_truth(
    policy: SlowPolicy, steps: Any, replay: int, kept: int, bound: int
) -> None:
    """Each message comes once and in order, or is in a gap that is told, or it is given up."""
    world = World(Rules(history=kept))
    world.say(8)
    listener = world.listen(history=replay, policy=policy, bound=bound)
    at = 8 - min(replay, kept)
    listener.takes = 0
    for step, count in steps:
        if step == "say":
            world.say(count)
        else:
            listener.takes = count
            listener.pump()
    assert policy == "close" or not listener.is_given_up
    if not listener.is_given_up:
        listener.takes = float("inf")
        listener.pump()
        world.say()
    for data in listener.got:
        if data.startswith(b"("):
            after, upto = map(int, data[1:-1].split(b","))
            assert after == at < upto
            at = upto
        else:
            assert int(data) == at + 1
            at += 1
    if not listener.is_given_up:
        assert at == world.rooms.read("a").head
