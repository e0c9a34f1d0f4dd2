# SPDX-License-Identifier: MIT
"""The rooms that a process follows: what it hears of them, and reads in their logs."""

from typing import Any

import pytest
from twisted.logger import capturedLogs, formatEvent

from tests.support.redis_rooms import LARGE_TEXT, BusWorld
from tests.support.scripted_redis import WAIT, Refusal
from wsecho.bus.redis.rooms.loading import MAX_LOADS
from wsecho.core.rooms.hub import Rules
from wsecho.core.wire.errors import BusUnavailable
from wsecho.core.wire.positions import Position


def test_a_room_is_loaded_and_then_heard() -> None:
    """With its past, which was told to nobody here, and what is said from then on."""
    world = BusWorld()
    for text in ("a", "b"):
        world.rooms.say(text)
    assert world.attach() == [None]
    assert [each[:2] for each in world.redis.take("SUBSCRIBE", "HGETALL", "load")] == [
        *(("SUBSCRIBE", "p:{0}{a}"), ("HGETALL", "p:{a}:who"), ("load", "p:{a}:head")),
    ]
    world.rooms.say("c")
    assert (world.history(), world.texts()) == (["a", "b", "c"], ["c"])
    assert len(world.bus) == 1
    assert world.attach() == [None]
    assert world.redis.take("load") == []


def test_what_is_large_is_fetched() -> None:
    """What is said behind it comes behind it."""
    world = BusWorld()
    world.attach()
    world.rooms.say("a")
    world.rooms.say(LARGE_TEXT)
    world.rooms.say("b")
    assert world.texts() == ["a", LARGE_TEXT, "b"]


def test_what_was_missed_is_read_in_the_log() -> None:
    """Of a channel that had a gap, and of a connection that was lost."""
    world = BusWorld()
    world.attach()
    world.rooms.loses = True
    world.rooms.say("a")
    world.rooms.loses = False
    world.rooms.say("b")
    assert world.texts() == ["a", "b"]
    world.go_away()
    world.rooms.say("c")
    world.come_back()
    assert world.texts() == ["a", "b", "c"]
    assert world.bus.measures.catch_ups == 2


def test_what_the_log_has_no_more_is_skipped() -> None:
    """Those who watch are told how far."""
    world = BusWorld()
    world.attach()
    world.rooms.say("0")
    world.go_away()
    for number in range(1, 9):
        world.rooms.say(f"{number}")
    log = world.rooms.log("a")
    log.entries = log.entries[-2:]
    world.come_back()
    assert world.events == [
        *(("said", "a", "0"), ("skipped", "a", 1, 7), ("said", "a", "7"), ("said", "a", "8")),
    ]


@pytest.mark.parametrize("run", ["", "other"])
def test_a_room_that_redis_has_forgotten_begins_anew(run: str) -> None:
    """Whether Redis is another, or the same."""
    world = BusWorld()
    world.attach()
    world.rooms.say("a")
    epoch = world.rooms.log("a").epoch
    world.go_away()
    world.rooms.logs.clear()
    world.come_back(run)
    log = world.rooms.log("a")
    assert log.epoch != epoch
    assert world.events[-1] == ("renewed", "a", log.epoch, 0)
    assert (world.history(), world.bus.measures.renewals) == ([], 1)


def test_a_log_that_went_back_and_on_is_another() -> None:
    """Redis restarted with less, and others spoke since: the same offsets are of other messages."""
    world = BusWorld()
    world.attach()
    for text in ("a", "b"):
        world.rooms.say(text)
    world.go_away()
    log = world.rooms.log("a")
    log.head, log.entries, log.last = 0, [], ""
    for text in ("x", "y"):
        world.rooms.say(text)
    world.come_back("other")
    assert world.events[-1][0] == "renewed"
    assert world.history() == []


@pytest.mark.parametrize("name", ["SUBSCRIBE", "load", "HGETALL"])
@pytest.mark.parametrize("code", ["NOPERM", "BUSY", "OOM"])
def test_a_room_that_cannot_be_loaded_is_refused(name: str, code: str) -> None:
    """Whatever of it Redis refuses; it is tried again, and others go on."""
    world = BusWorld()
    world.redis.next(name, Refusal(f"{code} no"))
    got = world.attach()
    assert isinstance(got[0], BusUnavailable) or (name == "HGETALL" and got == [None])
    assert world.attach("b") == [None]
    world.redis.advance(2)
    assert world.attach() == [None]
    assert world.bus.is_up


def test_a_reply_that_cannot_be_read_is_our_own_fault() -> None:
    """Somebody else wrote below the prefix: it is logged, and whoever waits is told."""
    world = BusWorld()
    world.redis.next("load", [b"e", 1, b"", b"", 0, b"0", 1, b"not ours"])
    with capturedLogs() as events:
        got = world.attach()
    assert isinstance(got[0], BusUnavailable)
    assert "cannot load a room" in formatEvent(events[0])


def test_who_waits_is_told_when_redis_goes() -> None:
    """And the room is loaded once it is back."""
    world = BusWorld()
    world.redis.next("load", WAIT)
    got = world.attach()
    world.go_away()
    assert isinstance(got[0], BusUnavailable)
    world.come_back()
    assert world.attach() == [None]


def test_some_are_loaded_at_a_time() -> None:
    """Whoever waits does not wait for rooms that nobody waits for."""
    world = BusWorld()
    rooms = [f"r{number}" for number in range(MAX_LOADS + 2)]
    world.redis.next("load", WAIT)
    for room in rooms:
        world.bus.hold(room)
    got = world.attach("waited")
    asked = [each[1] for each in world.redis.take("SUBSCRIBE")]
    assert asked == ["p:{0}{r0}"]
    world.redis.reply([b"e", 0, b"", b"", 0, b"0"])
    asked = [each[1] for each in world.redis.take("load")]
    assert asked[MAX_LOADS - 1] == "p:{waited}:head"
    assert sorted(asked) == sorted(f"p:{{{room}}}:head" for room in (*rooms[1:], "waited"))
    assert got == [None]


def test_rooms_that_wait_for_their_turn_are_loaded_anew_when_redis_is_back() -> None:
    """None is thought to be asked for still."""
    world = BusWorld()
    world.redis.next("load", WAIT)
    for number in range(MAX_LOADS + 2):
        world.bus.hold(f"r{number}")
    world.redis.settle()
    world.go_away()
    world.come_back()
    asked = {each[1] for each in world.redis.take("load")}
    assert len(asked) == MAX_LOADS + 2


def test_a_room_that_the_hub_has_let_go_is_followed_no_more() -> None:
    """It made place for another; whoever asks for it follows it anew."""
    world = BusWorld(Rules(max_rooms=1))
    world.attach("a")
    world.attach("b")
    world.redis.take()
    world.rooms.say("x", "a")
    assert world.redis.take("UNSUBSCRIBE") == [("UNSUBSCRIBE", "p:{0}{a}")]
    assert (world.texts("a"), len(world.bus)) == ([], 1)
    world.attach("c")
    world.rooms.say(LARGE_TEXT, "b")
    assert world.redis.take("UNSUBSCRIBE") == [("UNSUBSCRIBE", "p:{0}{b}")]
    world.attach("d")
    assert world.attach("c") == [None]
    assert world.redis.take("UNSUBSCRIBE", "SUBSCRIBE")[-2:] == [
        *(("UNSUBSCRIBE", "p:{0}{c}"), ("SUBSCRIBE", "p:{0}{c}")),
    ]


def test_a_room_is_let_go_while_it_is_loaded() -> None:
    """What comes for it is for nobody."""
    world = BusWorld(Rules(max_rooms=1))
    world.redis.next("load", WAIT)
    first = world.attach("a")
    second = world.attach("b")
    world.redis.reply([b"e", 1, b"7", b"", 0, b"0", 1, b"0 7 t - x"])
    assert second == [None]
    assert world.texts("a") == []
    world.redis.advance(9)
    assert isinstance(first[0], BusUnavailable)


def test_a_place_that_was_seen_elsewhere_is_looked_up() -> None:
    """Where the room does not reach it here."""
    world = BusWorld()
    world.attach()
    epoch = world.rooms.log("a").epoch
    world.rooms.loses = True
    world.rooms.say("a")
    world.rooms.loses = False
    world.redis.take()
    assert world.attach("a", Position(epoch, 0)) == [None]
    assert world.redis.take("load") == []
    assert world.attach("a", Position(epoch, 1)) == [None]
    assert len(world.redis.take("load")) == 1
    assert world.texts() == ["a"]


@pytest.mark.parametrize("is_followed", [True, False])
def test_a_place_that_the_log_was_asked_too_early_for_is_asked_for_again(
    is_followed: bool,
) -> None:
    """It was seen elsewhere while the answer, which is older, was on its way."""
    world = BusWorld()
    epoch = world.rooms.log("a").epoch
    if is_followed:
        world.attach()
    world.rooms.loses = True
    world.rooms.say("a")
    answers: list[Any] = []

    def answer_later(*words: str) -> Any:
        answers.append(world.redis.answers["load"](*words))
        return WAIT

    world.redis.next("load", answer_later, answer_later)
    early, idle = world.attach("a", Position(epoch, 1)), world.attach("a")
    world.rooms.log("a").add("99 t -", "b", world.rooms.time)
    late, foreign = (
        world.attach("a", place) for place in (Position(epoch, 2), Position("elsewhere", 7))
    )
    assert [early, idle, late, foreign] == [[], [], [], []]
    world.redis.reply(answers[0])
    assert [early, idle, late, foreign] == [[None], [None], [], []]
    assert world.history() == ["a"]
    world.redis.reply(answers[1])
    assert [late, foreign] == [[None], [None]]
    assert world.history() == ["a", "b"]
    assert world.attach("a", Position(epoch, 2)) == [None]


@pytest.mark.parametrize("kind", ["said", "renewed", "skipped"])
def test_a_door_that_fails_keeps_nothing_from_others(kind: str) -> None:
    """What follows comes all the same."""
    world = BusWorld()
    world.attach()
    world.rooms.say("a")
    world.fails = True
    with capturedLogs() as events:
        world.go_away()
        log = world.rooms.log("a")
        if kind == "renewed":
            world.rooms.logs.clear()
        elif kind == "skipped":
            log.head = 5
        world.rooms.say("b")
        world.come_back()
        world.rooms.say("c")
    assert world.texts() == ["a", "b", "c"]
    assert [each[0] for each in world.events if each[0] == kind]
    lines: list[Any] = [formatEvent(each) for each in events]
    assert "a door failed to take what came" in lines
