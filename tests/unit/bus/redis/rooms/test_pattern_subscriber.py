# SPDX-License-Identifier: MIT
"""What is said in every room there is, for those who want to hear of all of them."""

from typing import Any

import pytest
from twisted.logger import capturedLogs, formatEvent

from tests.support.redis_rooms import LARGE_TEXT, BusWorld
from tests.support.scripted_redis import WAIT, Refusal, told
from wsecho.bus.redis.rooms.loading import MAX_LOADS
from wsecho.core.wire.errors import BusTimeout, BusUnavailable


def subscriptions(world: BusWorld | None = None) -> BusWorld:
    """A node that hears of all rooms, and follows none."""
    world = world or BusWorld()
    got = told(world.bus.follow_rooms(all_rooms=True))
    world.redis.take()
    assert got == [None]
    world.rooms.time += 10
    return world


def test_all_that_is_said_is_told() -> None:
    """In whatever room: messages small and large, and who comes and goes; and no past."""
    world = BusWorld()
    world.rooms.say("past")
    subscriptions(world)
    world.rooms.say("1")
    world.rooms.say("2", "b/ö")
    world.rooms.say(LARGE_TEXT, "b/ö")
    world.rooms.enter("you", "m", "c")
    world.rooms.leave("you", "m", "c")
    assert world.events == [
        *(("said", "a", "1"), ("said", "b/ö", "2"), ("said", "b/ö", LARGE_TEXT)),
        *(("join", "c", "m"), ("leave", "c", "m")),
    ]
    assert len(world.bus) == 0


def test_what_is_said_here_is_known_as_such() -> None:
    """Its origin comes round with it."""
    world = subscriptions()
    world.say("1", origin="me")
    assert (world.texts(), world.origins) == (["1"], ["me"])


def test_of_a_room_that_is_followed_each_message_is_told_once() -> None:
    """Redis tells it twice."""
    world = subscriptions()
    world.attach()
    world.rooms.say("1")
    assert world.texts() == ["1"]


def test_who_hears_of_them_no_more_is_told_nothing() -> None:
    """Also of what Redis had sent by then."""
    world = subscriptions()
    told(world.bus.follow_rooms(all_rooms=False))
    assert world.redis.take() == [("PUNSUBSCRIBE", "p:{0}{*}")]
    world.redis.push(b"pmessage", b"p:{0}{*}", b"p:{0}{a}", b"m e 1 1 7 t - x")
    assert world.events == []
    subscriptions(world)
    world.rooms.say("1")
    assert world.texts() == ["1"]


def test_who_begins_again_is_told_nothing_of_between() -> None:
    """It is as new as any."""
    world = subscriptions()
    world.rooms.say("1")
    told(world.bus.follow_rooms(all_rooms=False))
    world.redis.settle()
    world.rooms.say("2")
    subscriptions(world)
    world.rooms.say("3")
    assert world.texts() == ["1", "3"]


def test_who_waits_is_let_in_where_nobody_wants_to_hear_any_more() -> None:
    """There is nothing to wait for then."""
    world = subscriptions()
    world.go_away()
    world.redis.next("SCAN", WAIT)
    world.come_back()
    got = told(world.bus.follow_rooms(all_rooms=True))
    world.redis.settle()
    told(world.bus.follow_rooms(all_rooms=False))
    world.redis.reply([b"0", []])
    assert got == [None]


@pytest.mark.parametrize("goes", [False, True])
def test_who_waits_no_more_is_passed_over(goes: bool) -> None:
    """Whether it would have been told that it hears, or that Redis is away."""
    world = subscriptions()
    world.go_away()
    world.redis.next("SCAN", WAIT, WAIT)
    world.come_back()
    waiting: Any = world.bus.follow_rooms(all_rooms=True)
    others, got = told(world.bus.follow_rooms(all_rooms=True)), told(waiting)
    world.redis.reply([b"7", []])
    assert (got, others) == ([], [])
    waiting.cancel()
    if goes:
        world.go_away()
        assert isinstance(others[0], BusUnavailable)
    else:
        world.redis.reply([b"0", []])
        assert others == [None]
    assert got == []


def test_what_comes_while_it_is_caught_up_with_keeps_its_origin() -> None:
    """Said here, and told behind what was missed."""
    world = subscriptions()
    world.rooms.say("1")
    world.go_away()
    world.rooms.time += 10
    world.rooms.say("2")
    world.redis.next("load", WAIT)
    world.come_back()
    log = world.rooms.log("a")
    entry = [log.head, log.entries[-1][2]]
    world.say("3", origin="me")
    assert world.texts() == ["1"]
    head = [log.epoch.encode(), log.entries[-1][0] - 1, b"2", log.entries[0][1].encode()]
    world.redis.reply([*head, 0, b"1020", *entry])
    assert world.texts() == ["1", "2", "3"]
    assert world.origins[-1] == "me"


def test_a_log_that_is_read_in_parts() -> None:
    """The rest is asked for at once."""
    world = subscriptions()
    world.rooms.say("1")
    world.go_away()
    world.rooms.time += 10
    for number in range(9):
        world.rooms.say(f"{number}" * 60_000)
    world.come_back()
    world.redis.settle()
    assert [text[0] for text in world.texts()] == ["1", *"012345678"]
    assert len(world.redis.take("load")) > 1


def test_who_stops_before_it_begins_is_let_go() -> None:
    """And whoever asked waits no longer."""
    world = BusWorld()
    world.redis.next("TIME", WAIT)
    got = told(world.bus.follow_rooms(all_rooms=True))
    world.redis.settle()
    told(world.bus.follow_rooms(all_rooms=False))
    world.redis.reply([b"1000", b"0"])
    assert got == [None]


def test_what_was_missed_is_looked_up_once_redis_is_back() -> None:
    """In each room that has more than was told; the others are not loaded."""
    world = subscriptions()
    for room in "abc":
        world.rooms.say(f"{room}1", room)
    world.go_away()
    world.rooms.time += 10
    world.rooms.say("b2", "b")
    world.rooms.say("new", "d")
    world.come_back()
    world.redis.settle()
    assert {event[1:] for event in world.events[3:]} == {("b", "b2"), ("d", "new")}
    assert {each[1] for each in world.redis.take("load")} == {"p:{b}:head", "p:{d}:head"}
    world.rooms.say("a2")
    assert world.texts("a") == ["a1", "a2"]


def test_what_is_said_while_it_is_looked_up_comes_behind() -> None:
    """With its origin, where it is from here."""
    world = subscriptions()
    world.rooms.say("1")
    world.go_away()
    world.rooms.say("2")
    world.redis.next("SCAN", WAIT)
    world.come_back()
    world.rooms.say("3")
    assert world.texts() == ["1"]
    world.redis.reply([b"0", [b"p:{a}:head"]])
    assert world.texts() == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("change", "event"),
    [("anew", ("renewed", "a")), ("trimmed", ("skipped", "a", 1, 3))],
)
def test_what_cannot_be_had_is_told_as_gone(change: str, event: tuple[Any, ...]) -> None:
    """The room began anew, or its log is too short; what is there is told."""
    world = subscriptions()
    world.rooms.say("1")
    world.go_away()
    world.rooms.time += 10
    if change == "anew":
        world.rooms.logs.clear()
    for text in ("2", "3", "4"):
        world.rooms.say(text)
    log = world.rooms.log("a")
    log.entries = log.entries[-1:] if change == "trimmed" else log.entries
    world.come_back()
    world.redis.settle()
    told_events = world.events[1:]
    assert told_events[0][: len(event)] == event
    assert world.texts()[-1] == "4"


def test_a_new_one_waits_until_what_others_missed_is_looked_up() -> None:
    """It is no part of what that one wants."""
    world = subscriptions()
    world.go_away()
    world.redis.next("SCAN", WAIT)
    world.come_back()
    got = told(world.bus.follow_rooms(all_rooms=True))
    world.redis.settle()
    assert got == []
    world.redis.reply([b"0", []])
    assert got == [None]


def test_a_new_one_is_told_when_redis_goes_meanwhile() -> None:
    """Nobody knows from when on it hears."""
    world = subscriptions()
    world.go_away()
    with pytest.raises(BusUnavailable):
        world.bus.follow_rooms(all_rooms=True)
    world.redis.next("SCAN", Refusal("BUSY x"))
    world.come_back()
    got = told(world.bus.follow_rooms(all_rooms=True))
    gone: Any = world.bus.follow_rooms(all_rooms=True)
    dropped = told(gone)
    world.redis.settle()
    gone.cancel()
    world.go_away()
    assert isinstance(got[0], BusUnavailable | BusTimeout)
    assert dropped == []


@pytest.mark.parametrize("name", ["TIME", "SCAN", "standing", "load"])
def test_what_redis_refuses_to_tell_is_asked_for_again(name: str) -> None:
    """Every second, until it is known."""
    world = subscriptions()
    world.rooms.say("1")
    world.go_away()
    world.rooms.time += 10
    world.rooms.say("2")
    world.redis.next(name, *[Refusal("BUSY x")] * 2)
    world.come_back()
    for _ in range(4):
        world.redis.advance(1)
    assert world.texts() == ["1", "2"]


@pytest.mark.parametrize("name", ["TIME", "SCAN", "standing", "load", "XRANGE"])
def test_redis_may_go_while_it_is_looked_up(name: str) -> None:
    """All of it is done anew then, and nothing is told twice."""
    world = subscriptions()
    world.rooms.say("1")
    world.go_away()
    world.rooms.time += 10
    world.rooms.say(LARGE_TEXT if name == "XRANGE" else "2")
    world.redis.next(name, WAIT)
    world.come_back()
    if name == "XRANGE":
        world.rooms.say(LARGE_TEXT, "b")
    world.go_away()
    world.come_back()
    world.redis.settle()
    world.rooms.say("3")
    assert [len(text) for text in world.texts()] == [
        1,
        len(LARGE_TEXT) if name == "XRANGE" else 1,
        1,
    ]


@pytest.mark.parametrize("name", ["SCAN", "standing", "load"])
def test_who_stops_meanwhile_is_told_nothing(name: str) -> None:
    """What is answered then is for nobody."""
    world = subscriptions()
    world.rooms.say("1")
    world.go_away()
    world.rooms.time += 10
    world.rooms.say("2")
    world.redis.next(name, WAIT)
    world.come_back()
    told(world.bus.follow_rooms(all_rooms=False))
    found = {"SCAN": [b"0", [b"p:{a}:head"]], "standing": [b"e1", 2, b"2", b"1010.0"]}
    epoch = world.rooms.log("a").epoch.encode()
    world.redis.reply(found.get(name, [epoch, 2, b"2", b"", 0, b"1010", 2, b"1010.0 2 t - 2"]))
    assert world.texts() == ["1"]


def test_a_room_may_be_followed_meanwhile() -> None:
    """Then it looks after itself."""
    world = subscriptions()
    world.rooms.say("1")
    world.go_away()
    world.rooms.time += 10
    world.rooms.say("2")
    world.redis.next("standing", WAIT)
    world.come_back()
    got = told(world.bus.attach("a"))
    world.redis.reply([world.rooms.log("a").epoch.encode(), 2, b"2", b"1020.0"])
    assert (got, world.texts()) == ([None], ["1", "2"])


def test_some_rooms_are_loaded_at_a_time() -> None:
    """The others in their turn."""
    world = subscriptions()
    world.go_away()
    world.rooms.time += 10
    rooms = [f"r{number}" for number in range(MAX_LOADS + 3)]
    for room in rooms:
        world.rooms.say("x", room)
    world.redis.next("load", WAIT)
    world.come_back()
    assert len(world.redis.line.unanswered) == MAX_LOADS - 1
    [first] = world.redis.take("load")
    world.redis.reply([b"e", 0, b"", b"", 0, b"1010"])
    world.redis.advance(1)
    asked = [each[1] for each in world.redis.take("load")]
    assert {first[1], *asked} == {f"p:{{{room}}}:head" for room in rooms}
    assert {event[1] for event in world.events} >= {name[3:-6] for name in asked} - {first[1][3:-6]}


def test_a_large_message_that_is_gone_is_passed_over() -> None:
    """So is one of a room that is followed by now, which fetches it itself."""
    world = subscriptions()
    world.redis.next("XRANGE", [])
    world.rooms.say(LARGE_TEXT)
    assert world.events == []
    world.redis.next("XRANGE", WAIT)
    world.rooms.say(LARGE_TEXT, "b")
    got = told(world.bus.attach("b"))
    world.redis.reply([[b"1-0", [b"p", b"2", b"m", b"1010.0 2 t - " + LARGE_TEXT.encode()]]])
    assert got == [None]
    assert world.texts("b") == [LARGE_TEXT]


@pytest.mark.parametrize("name", ["XRANGE", "SCAN"])
def test_what_cannot_be_read_is_our_own_fault(name: str) -> None:
    """Somebody else wrote below the prefix: it is logged, and what follows comes."""
    world = subscriptions()
    odd = {"XRANGE": [[b"1-0", [b"p", b"2", b"m", b"odd"]]], "SCAN": [b"0", [1]]}
    with capturedLogs() as events:
        if name == "SCAN":
            world.go_away()
        world.redis.next(name, odd[name])
        if name == "SCAN":
            world.come_back()
        else:
            world.rooms.say(LARGE_TEXT, "b")
        world.redis.advance(2)
    lines = [formatEvent(each) for each in events]
    assert "cannot look up what was missed in every room" in lines
    world.rooms.say("1")
    assert world.texts()[-1] == "1"


def test_a_door_that_fails_keeps_nothing_from_others() -> None:
    """What follows is told."""
    world = subscriptions()
    world.fails = True
    with capturedLogs() as events:
        world.rooms.say("1")
        world.rooms.enter("you", "m")
        world.rooms.say("2", "b")
    assert len(world.events) == len(events) == 3


def test_a_notice_that_nobody_of_ours_told_harms_nobody() -> None:
    """Whatever is on the channel."""
    world = subscriptions()
    with capturedLogs():
        for body in (b"?", b"", b"m x", b"l e", b"p x"):
            world.rooms.tell("p:{0}{a}", body)
    world.rooms.say("1")
    assert world.texts() == ["1"]
