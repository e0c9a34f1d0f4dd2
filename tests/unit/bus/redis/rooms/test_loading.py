# SPDX-License-Identifier: MIT
"""What is asked of a room's log, and what it answers."""

from functools import partial
from typing import Any

import pytest

from tests.support.scripted_redis import RedisWorld, Refusal, connected, told
from wsecho.bus.redis.rooms.cursors import Cursors
from wsecho.bus.redis.rooms.loading import ask_for, read_loaded, read_standing, read_time
from wsecho.core.rooms.log_follower import Cursor, Loaded, LogFollower
from wsecho.core.rooms.rules import RoomRules
from wsecho.core.wire.errors import BusUnavailable
from wsecho.core.wire.positions import MAX_OFFSET

EMPTY = [b"e", 0, b"", b"", 0, b"0"]
TOO_LARGE = [b"e", 1, b"", b"", 2, b"0"]
ENTRY = [1, b"1.5 7 b node:3 \0text"]


def ask(
    world: RedisWorld, follower: LogFollower, seen: Cursor, *, is_use: bool = False
) -> list[Any]:
    """Ask for what a follower needs."""
    keys, stand = world.keys.room("a"), partial(Cursors(RoomRules()).stand, "a")
    got = told(ask_for(world.commands, keys, follower, seen, stand, is_use=is_use))
    world.redis.settle()
    return got


@pytest.mark.parametrize("is_use", [False, True])
def test_a_line_wants_what_it_has_not_seen(is_use: bool) -> None:
    """One that has not begun wants all, but vouches for what was seen before it."""
    world = connected(load=EMPTY)
    assert ask(world, LogFollower(), Cursor("e", 5), is_use=is_use) == [EMPTY]
    assert ask(world, LogFollower.behind(Cursor("e", 5)), Cursor("e", 5), is_use=is_use) == [EMPTY]
    use = "1" if is_use else ""
    for only_behind, asked in zip(("", "1"), world.redis.take(), strict=True):
        assert asked[:3] == ("load", "p:{a}:head", "p:{a}:log")
        assert asked[4:7] == ("e", "5", "600000")
        assert asked[8:] == (only_behind, use, "")


def test_a_log_that_is_none_of_what_was_seen_is_to_begin_anew() -> None:
    """By the claim to have seen more of it than there can be."""
    world = connected(load=EMPTY)
    follower = LogFollower()
    list(follower.load(Loaded("e", 5, [])))
    list(follower.load(Loaded("e", 3, [])))
    ask(world, follower, follower.seen)
    assert world.redis.take()[0][4:6] == ("e", str(MAX_OFFSET))


@pytest.mark.parametrize("reply", [[*EMPTY, *ENTRY], Refusal("BUSY x")])
def test_what_is_too_large_is_asked_for_alone(reply: Any) -> None:
    """In its turn; whoever is behind it has its own then, whatever came of this one."""
    world = connected(load=EMPTY)
    world.redis.next("load", TOO_LARGE, reply)
    [got] = ask(world, LogFollower(), Cursor())
    assert [asked[-1] for asked in world.redis.take()] == ["", "1"]
    assert got == reply or isinstance(got, BusUnavailable)
    world.redis.next("load", TOO_LARGE, EMPTY)
    assert ask(world, LogFollower(), Cursor()) == [EMPTY]


@pytest.mark.parametrize(("last", "anchor", "more"), [(b"", b"", 0), (b"7", b"6", 1)])
def test_what_the_log_says_is_read(last: bytes, anchor: bytes, more: int) -> None:
    """With what leads back to who said it, and Redis's time."""
    reply = [b"e", 1, last, anchor, more, b"99.5", *ENTRY]
    answer = read_loaded(reply, was_away=bool(more))
    loaded = answer.loaded
    assert (loaded.epoch, loaded.head, loaded.is_complete) == ("e", 1, not more)
    assert (loaded.last, loaded.anchor) == ((7, 6) if more else (None, None))
    assert loaded.was_away is bool(more)
    [message] = loaded.messages
    assert (message.payload, message.is_binary, message.time) == (b"\0text", True, 1.5)
    assert (answer.correlation, answer.time) == ({message: b"node:3"}, 99.5)


def test_where_a_room_stands_is_read() -> None:
    """One that Redis has nothing of, too."""
    some = read_standing([b"e", 3, b"7", b"1.5"])
    assert (some.seen, some.time) == (Cursor("e", 3, 7), 1.5)
    none = read_standing([b"", 0, b"", b""])
    assert (none.seen, none.time) == (Cursor(), None)


def test_the_time_is_read() -> None:
    """Microseconds have leading zeros that Redis does not send."""
    assert read_time([b"12", b"5"]) == 12.000005
    assert read_time([b"12", b"500000"]) == 12.5
