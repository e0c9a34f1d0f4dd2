# SPDX-License-Identifier: MIT
"""All rooms as one process hears of them, from logs that others write, on a way that breaks."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from attrs import define, field
from hypothesis import example, given
from hypothesis import strategies as st

from wsecho.core.rooms import all_rooms as module
from wsecho.core.rooms.all_rooms import AllRoomsFollower, RoomStanding
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.log_follower import (
    Began,
    Cursor,
    Event,
    FollowerState,
    Loaded,
    LogFollower,
    Renewed,
    Skipped,
    Took,
)
from wsecho.core.wire.positions import Position

ROOMS = ("a", "b", "c")


@define
class Log:
    """What one room is elsewhere."""

    epoch: str
    head: int = 0
    messages: list[Message] = field(factory=list)

    def standing(self) -> RoomStanding:
        """Tell where it stands."""
        last = self.messages[-1] if self.messages else None
        publication = None if last is None else last.publication
        return RoomStanding(Cursor(self.epoch, self.head, publication), last.time if last else None)

    def load(self, seen: Cursor) -> Loaded:
        """Tell what is behind a place."""
        found, anchor = self.messages, None
        if seen.epoch == self.epoch:
            at = [each for each in found if each.position.offset == seen.offset]
            anchor = at[0].publication if at else None
            found = [each for each in found if each.position.offset > seen.offset]
        last = self.messages[-1].publication if self.messages else None
        return Loaded(self.epoch, self.head, list(found), last=last, anchor=anchor)


@define
class Follower:
    """A room that has members here, as far as they matter."""

    follower: LogFollower = field(factory=LogFollower)
    is_quiet: bool = True
    is_asking: bool = False


@define
class World:
    """Others who speak, what they speak into, the way from there to here, and what is told here.

    Requests are answered one after the other, and notices and answers come in one order.
    """

    heard: AllRoomsFollower = field(factory=AllRoomsFollower)
    logs: dict[str, Log] = field(factory=lambda: {room: Log(f"{room}0") for room in ROOMS})
    time: int = 0
    is_up: bool = True
    requests: deque[Callable[[], Callable[[], None]]] = field(factory=deque)
    pipe: deque[Callable[[], None]] = field(factory=deque)
    asking: set[str] = field(factory=set)
    followed: dict[str, Follower] = field(factory=dict)
    to_check: set[str] = field(factory=set)
    began: float | None = None
    said: list[Message] = field(factory=list)
    told: list[tuple[str, Event]] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.requests.append(self.tell_time)

    # -- the others

    def say(self, room: str) -> None:
        """Somebody says something."""
        self.time += 1
        log = self.logs[room]
        log.head += 1
        message = Message(Position(log.epoch, log.head), b"", False, self.time, self.time)
        log.messages.append(message)
        self.said.append(message)
        if self.is_up:
            self.pipe.append(lambda: self.notice(room, message))

    def trim(self, room: str) -> None:
        """The log forgets its oldest message."""
        del self.logs[room].messages[:1]

    def forget(self, room: str) -> None:
        """The log is lost, as it can be while nobody is connected to it."""
        if not self.is_up:
            self.logs[room] = Log(f"{room}{self.time}")

    def serve(self) -> None:
        """Answer a request."""
        if self.is_up and self.requests:
            self.pipe.append(self.requests.popleft()())

    # -- the way

    def take(self) -> None:
        """Take what comes next."""
        if self.pipe:
            self.pipe.popleft()()

    def cut(self) -> None:
        """Lose the connection."""
        self.is_up = False
        self.requests.clear()
        self.pipe.clear()
        self.asking.clear()
        self.to_check.clear()
        for followed in self.followed.values():
            followed.follower.break_off()
            followed.is_asking = False
        self.heard.break_off()

    def connect(self) -> None:
        """Have another."""
        if not self.is_up:
            self.is_up = True
            for room in self.followed:
                self.load_followed(room)
            self.requests.append(self.tell_time)

    # -- here

    def tell_time(self) -> Callable[[], None]:
        """Answer what time it is."""
        self.time += 1
        time = self.time
        return lambda: self.resume(time)

    def resume(self, time: int) -> None:
        """Begin to hear, or go on to."""
        if self.began is None:
            self.began = time
            self.heard.begin(time)
        self.heard.resume(time)
        if not self.heard.is_sure:
            self.to_check = set(ROOMS)
            for room in self.heard.behind:
                self.load(room)
            for room in ROOMS:
                self.requests.append(lambda room=room: self.look(room))  # type: ignore[misc]

    def look(self, room: str) -> Callable[[], None]:
        """Answer where a room stands."""
        standing = self.logs[room].standing()

        def check() -> None:
            self.to_check.discard(room)
            # One that was lost is not found.
            is_there = standing.seen.offset > 0
            if is_there and room not in self.followed and self.heard.check(room, standing):
                self.load(room)
            self.catch_up()

        return check

    def notice(self, room: str, message: Message) -> None:
        """Hear of a message."""
        followed = self.followed.get(room)
        if followed is None:
            self.tell(room, self.heard.take_notice(room, message))
            self.load(room)
        else:
            self.apply(room, followed, followed.follower.take_notice(message))
            self.load_followed(room)

    def load(self, room: str) -> None:
        """Ask for what a room needs."""
        follower = self.heard.follower(room)
        if self.is_up and follower is not None and room not in self.asking:
            self.asking.add(room)
            self.requests.append(lambda: self.answer(room, follower))

    def answer(self, room: str, follower: LogFollower) -> Callable[[], None]:
        """Answer it."""
        loaded = self.logs[room].load(follower.seen)

        def take() -> None:
            self.asking.discard(room)
            if self.heard.follower(room) is follower:
                self.tell(room, self.heard.load(room, loaded))
            self.load(room)
            self.catch_up()

        return take

    def catch_up(self) -> None:
        """Be sure again, if all is done for that."""
        if not (self.heard.is_sure or self.heard.behind or self.to_check):
            self.heard.catch_up()

    def follow(self, room: str) -> None:
        """Follow a room, or no more."""
        followed = self.followed.pop(room, None)
        if followed is None:
            self.followed[room] = Follower()
            self.heard.follow(room)
            self.load_followed(room)
        else:
            self.heard.let_go(
                room,
                followed.follower.seen,
                was_told=not followed.is_quiet,
                is_current=followed.follower.state is FollowerState.CURRENT,
            )
            self.load(room)

    def load_followed(self, room: str) -> None:
        """Ask for what a room needs that is followed."""
        followed = self.followed[room]
        if followed.follower.need is None or followed.is_asking or not self.is_up:
            return
        followed.is_asking = True

        def answer() -> Callable[[], None]:
            loaded = self.logs[room].load(followed.follower.seen)

            def take() -> None:
                followed.is_asking = False
                if self.followed.get(room) is followed:
                    self.apply(room, followed, followed.follower.load(loaded))
                    followed.is_quiet &= followed.follower.state is not FollowerState.CURRENT
                    self.load_followed(room)

            return take

        self.requests.append(answer)

    def apply(self, room: str, followed: Follower, events: Iterable[Event]) -> None:
        """Tell what follows for a room that is followed."""
        for event in events:
            if isinstance(event, Took):
                if not followed.is_quiet:
                    self.heard.passed(event.message)
                elif not self.heard.is_news(room, event.message):
                    continue
            elif isinstance(event, Began):
                self.tell(room, self.heard.began(room, event.epoch, event.base))
                continue
            elif followed.is_quiet:
                continue
            self.tell(room, [event])

    def tell(self, room: str, events: Iterable[Event]) -> None:
        """Note what is told."""
        self.told.extend((room, event) for event in events)

    def settle(self) -> None:
        """Have all take its end."""
        self.connect()
        while self.requests or self.pipe:
            self.serve()
            self.take()
        assert self.heard.is_sure
        assert not self.heard.behind

    def messages(self, room: str) -> list[Message]:
        """List what was told of a room."""
        return [
            event.message for name, event in self.told if name == room and isinstance(event, Took)
        ]


STEADY = ("say", "say", "serve", "serve", "take", "take", "follow", "cut", "connect")
FORGETFUL = (*STEADY, "trim", "forget")


def play(steps: list[tuple[str, str]]) -> World:
    """Do all that."""
    world = World()
    for word, room in steps:
        act: Any = getattr(world, word)
        act(room) if word in {"say", "follow", "trim", "forget"} else act()
    world.settle()
    return world


def steps(words: Iterable[str]) -> st.SearchStrategy[list[tuple[str, str]]]:
    """Any of them, in any order."""
    return st.lists(st.tuples(st.sampled_from(list(words)), st.sampled_from(ROOMS)), max_size=80)


@given(steps(STEADY))
@example([("serve", "a"), ("say", "a"), ("cut", "a"), ("say", "b"), ("connect", "a"), ("say", "b")])
def test_each_message_is_told_once_in_order(taken: list[tuple[str, str]]) -> None:
    """Whatever is cut off, followed and let go in between."""
    world = play(taken)
    assert world.began is not None
    for room in ROOMS:
        told = world.messages(room)
        owed = [each for each in world.logs[room].messages if each.time > world.began]
        # What came before it was known when it began may come, or not.
        early = [each for each in told if each.time <= world.began]
        assert told == [*early, *owed]
        assert early == sorted(early, key=lambda each: each.time)
    assert not [event for _, event in world.told if not isinstance(event, Took)]


@given(steps(FORGETFUL))
def test_nothing_is_lost_unsaid(taken: list[tuple[str, str]]) -> None:
    """Once, in order; and where the log has lost what a room was owed, that is told."""
    world = play(taken)
    assert world.began is not None
    for room in ROOMS:
        at: tuple[str, int] | None = None
        for event in (event for name, event in world.told if name == room):
            if isinstance(event, Took):
                position = event.message.position
                if at is not None:
                    before = at[1] if at[0] == position.epoch else 0
                    assert position.offset == before + 1
                is_early = event.message.time <= world.began
                at = None if is_early else (position.epoch, position.offset)
            elif isinstance(event, Renewed):
                assert at is None or event.epoch != at[0]
                at = (event.epoch, event.base)
            else:
                assert isinstance(event, Skipped)
                assert at is None or at[1] == event.after < event.upto
                at = None if at is None else (at[0], event.upto)
        log = world.logs[room]
        if at is not None and log.messages and log.messages[-1].time > world.began:
            assert at == (log.epoch, log.head)


def test_a_room_that_was_lost_says_so_once_it_begins_anew() -> None:
    """With its next message; one that went after its time, while nobody was cut off, does not."""
    world = World()
    world.settle()
    world.say("a")
    world.say("b")
    world.settle()
    world.logs["b"] = Log("b new")
    world.say("b")
    world.settle()
    world.cut()
    world.forget("a")
    world.settle()
    world.say("a")
    world.say("a")
    world.settle()
    kinds = [(room, type(event)) for room, event in world.told]
    assert kinds == [("a", Took), *[("b", Took)] * 2, ("a", Renewed), *[("a", Took)] * 2]


def test_what_is_forgotten_of_a_room_time_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few rooms are remembered, nothing comes twice."""
    monkeypatch.setattr(module, "MAX_TOLD", 1)
    world = World()
    world.settle()
    for room in ROOMS * 2:
        world.say(room)
    world.settle()
    world.cut()
    for room in ROOMS:
        world.say(room)
    world.settle()
    for room in ROOMS:
        assert [each.position.offset for each in world.messages(room)] == [1, 2, 3]


def test_to_end_it_forgets_all() -> None:
    """What is said between two times is nobody's."""
    world = World()
    world.settle()
    world.say("a")
    world.settle()
    world.heard.end()
    world.is_up = False
    world.say("a")
    world.is_up = True
    world.heard.begin(world.time)
    world.say("a")
    world.settle()
    assert [each.position.offset for each in world.messages("a")] == [1, 3]
