# SPDX-License-Identifier: MIT
"""Following a log through notices that get lost, and through a log that loses its memory."""

from itertools import count

from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.rooms.history import Message
from wsecho.core.rooms.log_follower import (
    MAX_HELD,
    Began,
    Cursor,
    Event,
    FollowerState,
    Loaded,
    LogFollower,
    Need,
    Renewed,
    Skipped,
    Took,
)
from wsecho.core.wire.positions import Position


def message(offset: int, epoch: str = "e", publication: int | None = None) -> Message:
    """A message that stands somewhere."""
    given = publication if publication is not None else offset * 100
    return Message(Position(epoch, offset), b"", is_binary=False, time=0.0, publication=given)


def loaded(epoch: str = "e", first: int = 1, head: int = 0, **more: object) -> Loaded:
    """What a log says that holds all from `first` to `head`."""
    messages = [message(offset, epoch) for offset in range(first, head + 1)]
    defaults: dict[str, object] = {"last": head * 100 if head else None}
    return Loaded(epoch, head, messages, **{**defaults, **more})  # type: ignore[arg-type]


def current(head: int = 0) -> LogFollower:
    """A follower that has followed a log so far."""
    follower = LogFollower()
    follower.load(loaded(head=head))
    return follower


def taken(events: list[Event]) -> list[int]:
    """The offsets of the messages among some events."""
    return [event.message.position.offset for event in events if isinstance(event, Took)]


def test_it_begins_with_what_the_log_holds() -> None:
    """The first message's place is told, then each message."""
    follower = LogFollower()
    assert follower.need is Need.LOAD
    events = follower.load(loaded(first=4, head=6))
    assert events[0] == Began("e", 3)
    assert taken(events) == [4, 5, 6]
    assert follower.state is FollowerState.CURRENT
    assert follower.seen == Cursor("e", 6, 600)


def test_a_log_that_holds_nothing_has_a_place_all_the_same() -> None:
    """All messages are too old: the room still stands behind the last."""
    follower = LogFollower()
    assert follower.load(loaded(first=9, head=8)) == [Began("e", 8)]
    assert follower.seen == Cursor("e", 8, 800)


def test_notices_follow_one_another() -> None:
    """One that comes twice, or late, is let pass."""
    follower = current(2)
    assert taken(follower.take_notice(message(3))) == [3]
    assert follower.take_notice(message(3)) == []
    assert follower.take_notice(message(1)) == []
    assert taken(follower.take_notice(message(4))) == [4]


def test_a_gap_is_loaded() -> None:
    """What was heard meanwhile comes behind it, once."""
    follower = current(2)
    assert follower.take_notice(message(5)) == []
    assert follower.need is Need.LOAD
    assert follower.take_notice(message(6)) == []
    events = follower.load(loaded(first=3, head=5, anchor=200))
    assert taken(events) == [3, 4, 5, 6]
    assert follower.need is None


def test_a_gap_behind_what_was_loaded_is_loaded_again() -> None:
    """The follower is not current before it is."""
    follower = current(2)
    follower.take_notice(message(4))
    follower.take_notice(message(9))
    assert taken(follower.load(loaded(first=3, head=4, anchor=200))) == [3, 4]
    assert follower.need is Need.LOAD
    assert taken(follower.load(loaded(first=5, head=9, anchor=400))) == [5, 6, 7, 8, 9]


def test_what_the_log_has_no_more_is_told() -> None:
    """In front of what it still holds, and where it holds nothing."""
    follower = current(2)
    follower.break_off()
    events = follower.load(loaded(first=6, head=7))
    assert events[0] == Skipped(2, 5)
    assert taken(events) == [6, 7]
    follower.break_off()
    assert follower.load(loaded(first=10, head=9)) == [Skipped(7, 9)]
    assert follower.seen == Cursor("e", 9, 900)


def test_a_log_is_loaded_in_parts() -> None:
    """Notices wait until the last part is there."""
    follower = LogFollower()
    events = follower.load(loaded(head=2, is_complete=False))
    assert taken(events) == [1, 2]
    assert follower.need is Need.LOAD
    assert follower.take_notice(message(5)) == []
    assert taken(follower.load(loaded(first=3, head=4, anchor=200))) == [3, 4, 5]
    assert follower.need is None


def test_another_epoch_is_told() -> None:
    """And all that was said in it follows."""
    follower = current(5)
    assert follower.take_notice(message(2, "f")) == []
    events = follower.load(loaded("f", head=2))
    assert events[0] == Renewed("f", 0)
    assert taken(events) == [1, 2]


def test_a_late_notice_of_an_epoch_before_changes_nothing() -> None:
    """The log is asked, and says what is known."""
    follower = current(2)
    follower.take_notice(message(9, "before"))
    assert follower.load(loaded(first=3, head=2, anchor=200)) == []
    assert follower.need is Need.LOAD
    assert follower.load(loaded(first=3, head=2, anchor=200)) == []
    assert follower.need is None


def test_an_epoch_that_was_left_is_not_gone_back_to() -> None:
    """The log was restored: somebody may have said something else in it meanwhile."""
    follower = current(2)
    follower.break_off()
    follower.load(loaded("f", head=1))
    follower.break_off()
    assert follower.load(loaded("e", head=1)) == []
    assert (follower.need, follower.disowned) == (Need.RENEWAL, "e")


def test_a_log_that_was_continued_otherwise_must_begin_a_new_epoch() -> None:
    """Offset 5 is another message now: nobody may take it for the one that was heard."""
    follower = current(5)
    follower.break_off()
    assert follower.load(loaded(first=6, head=7, anchor=501, was_away=True)) == []
    assert follower.need is Need.RENEWAL
    assert follower.load(loaded("f", head=0)) == [Renewed("f", 0)]
    assert follower.need is None


def test_a_log_that_went_back_must_begin_a_new_epoch() -> None:
    """It is behind what was heard."""
    follower = current(5)
    follower.break_off()
    assert follower.load(loaded(first=6, head=4)) == []
    assert follower.need is Need.RENEWAL


def test_a_log_that_was_away_must_vouch_for_itself() -> None:
    """Without the message that was heard last, only one that never was away is believed."""
    follower = current(5)
    follower.break_off()
    follower.load(loaded(first=8, head=9, was_away=True))
    assert follower.need is Need.RENEWAL
    follower = current(5)
    follower.break_off()
    assert taken(follower.load(loaded(first=6, head=6, anchor=500, was_away=True))) == [6]


def test_too_many_held_notices_are_loaded_instead() -> None:
    """The follower forgets them, and knows that it has."""
    follower = LogFollower()
    for offset in range(1, MAX_HELD + 2):
        follower.take_notice(message(offset))
    follower.load(loaded(head=3))
    assert follower.need is Need.LOAD


@define
class Log:
    """A room's log as Redis keeps it, with an older state of it to fall back to."""

    limit: int
    epochs: "count[int]" = field(factory=count)
    publications: "count[int]" = field(factory=lambda: count(1))
    epoch: str = ""
    head: int = 0
    last: int | None = None
    kept: dict[int, Message] = field(factory=dict)
    older: tuple[str, int, int | None, dict[int, Message]] = ("", 0, None, {})
    run: int = 0

    def stand(self, seen: Cursor) -> None:
        """What the script does first."""
        if not self.epoch or (self.epoch == seen.epoch and self.head < seen.offset):
            self.epoch, self.head, self.last = f"e{next(self.epochs)}", 0, None
            self.kept.clear()

    def publish(self, seen: Cursor) -> Message:
        """Log a message."""
        self.stand(seen)
        self.head += 1
        self.last = next(self.publications)
        said = message(self.head, self.epoch, self.last)
        self.kept[self.head] = said
        self.kept.pop(self.head - self.limit, None)
        return said

    def load(self, seen: Cursor, run: int, part: int) -> Loaded:
        """Say what there is behind a place, a part of it at a time."""
        self.stand(seen)
        is_same = self.epoch == seen.epoch
        after = seen.offset if is_same else 0
        behind = [said for offset, said in self.kept.items() if offset > after]
        anchor = None
        if is_same:
            at = self.kept.get(seen.offset)
            anchor = at.publication if at is not None else None
            anchor = self.last if seen.offset == self.head else anchor
        return Loaded(
            self.epoch,
            self.head,
            behind[:part],
            last=self.last,
            is_complete=len(behind) <= part,
            anchor=anchor,
            was_away=run != self.run,
        )

    def snapshot(self) -> None:
        """Write what a restart comes back with."""
        self.older = (self.epoch, self.head, self.last, dict(self.kept))

    def restart(self, memory: str) -> None:
        """Come back with all, with what was written last, or with nothing."""
        self.run += 1
        if memory == "older":
            self.epoch, self.head, self.last, kept = self.older
            self.kept = dict(kept)
        elif memory == "nothing":
            self.epoch, self.head, self.last, self.kept = "", 0, None, {}


@define
class Node:
    """A process that follows the log, and one reader there who notes all."""

    follower: LogFollower = field(factory=LogFollower)
    run: int = 0
    connected: int = 0
    stretch: list[Message] = field(factory=list)
    ever: list[int] = field(factory=list)
    begun: bool = False

    def apply(self, events: list[Event]) -> None:
        """Hold what comes against what came."""
        for event in events:
            if isinstance(event, Took):
                position = event.message.position
                if self.stretch:
                    before = self.stretch[-1].position
                    assert position == Position(before.epoch, before.offset + 1)
                self.stretch.append(event.message)
                self.ever.append(event.message.publication)
            else:
                assert self.begun or isinstance(event, Began)
                self.begun = True
                self.stretch = []
        assert len(set(self.ever)) == len(self.ever), "a message came twice"


STEPS = st.one_of(
    st.tuples(st.just("publish"), st.integers(0, 2)),
    st.tuples(st.just("hear"), st.integers(0, 2), st.integers(0, 5), st.booleans()),
    st.tuples(st.just("load"), st.integers(0, 2), st.integers(1, 4)),
    st.tuples(st.just("break"), st.integers(0, 2)),
    st.tuples(st.just("snapshot")),
    st.tuples(st.just("restart"), st.sampled_from(["all", "older", "nothing"])),
)


@define
class World:
    """Some processes, one log, and notices on their way."""

    log: Log
    nodes: list[Node] = field(factory=lambda: [Node() for _ in range(3)])
    on_their_way: list[list[Message]] = field(factory=lambda: [[] for _ in range(3)])

    def do(self, step: tuple[object, ...]) -> None:
        """Let one thing happen."""
        getattr(self, str(step[0]))(*step[1:])

    def publish(self, which: int) -> None:
        """One of them speaks, connected as it must be for that."""
        node = self.nodes[which]
        self.reconnect(which)
        said = self.log.publish(node.follower.seen)
        for way in self.on_their_way:
            way.append(said)

    def hear(self, which: int, place: int, is_lost_or_comes_again: bool) -> None:
        """A notice arrives, in whatever order, perhaps not for the last time."""
        way = self.on_their_way[which]
        if way:
            notice = way[place % len(way)]
            if not is_lost_or_comes_again:
                way.remove(notice)
            if place != 5:
                self.nodes[which].apply(self.nodes[which].follower.take_notice(notice))

    def load(self, which: int, part: int) -> None:
        """A process asks the log."""
        node = self.nodes[which]
        self.reconnect(which)
        if node.follower.need is not None:
            seen = node.follower.seen
            if node.follower.need is Need.RENEWAL:
                seen = Cursor(node.follower.disowned, 1 << 53)
            node.apply(node.follower.load(self.log.load(seen, node.run, part)))
            if node.follower.need is None:
                node.run = self.log.run

    def reconnect(self, which: int) -> None:
        """Whoever speaks with a log that was started anew has lost its connection before."""
        node = self.nodes[which]
        if node.connected != self.log.run:
            node.connected = self.log.run
            node.follower.break_off()
            self.on_their_way[which].clear()

    def snapshot(self) -> None:
        """The log is written."""
        self.log.snapshot()

    def restart(self, memory: str) -> None:
        """The log goes and comes back; who has seen more than it remembers finds out first.

        A process that has heard nothing of what was forgotten may speak before the others are
        back: then two messages had one offset, which the anchor shows.
        """
        self.log.restart(memory)

    # `break` is no name for a method.
    def __getattr__(self, name: str) -> object:
        assert name == "break"
        return lambda which: self.nodes[which].follower.break_off()

    def settle(self) -> None:
        """Let all be loaded."""
        for _ in range(3):
            for which, node in enumerate(self.nodes):
                self.reconnect(which)
                node.follower.fall_behind()
                for _ in range(100):
                    if node.follower.need is None:
                        break
                    self.load(which, 3)


@given(st.lists(STEPS, max_size=60), st.integers(0, 6))
def test_no_gap_and_no_double_goes_unnoticed(steps: list[tuple[object, ...]], limit: int) -> None:
    """Whatever is lost: in the end each reader has the log's end, unbroken since it was told."""
    world = World(Log(limit))
    for step in steps:
        world.do(step)
    world.settle()
    log = world.log
    for node in world.nodes:
        assert node.follower.state is FollowerState.CURRENT
        assert (node.follower.seen.epoch, node.follower.seen.offset) == (log.epoch, log.head)
        for said in node.stretch:
            held = log.kept.get(said.position.offset)
            assert held is None or held.publication == said.publication
        if node.stretch:
            assert node.stretch[-1].position == Position(log.epoch, log.head)
