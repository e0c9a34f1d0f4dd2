# SPDX-License-Identifier: MIT
"""Publishing over Redis: once, whatever becomes of it on the way."""

from typing import Any

import pytest

from tests.support.redis_rooms import BusWorld, Somebody
from tests.support.scripted_redis import WAIT, Refusal, told
from wsecho.bus.redis.rooms.publishing import MAX_AT_ONCE
from wsecho.core.rooms.hub import Rules
from wsecho.core.rooms.retries import Keyed, KeyReusedError, Receipt, TooManyKeysError
from wsecho.core.rooms.room import PublishRequest
from wsecho.core.wire.errors import BusTimeout, BusUnavailable, TooLarge
from wsecho.core.wire.positions import Position


def test_a_receipt_says_where_it_stands() -> None:
    """Whoever said it has heard it by then, and is known as its sender."""
    world = BusWorld()
    world.attach()
    guest = Somebody(wants_own=False)
    [receipt] = world.say("a", sender=guest, origin="me")
    assert receipt.position == Position(world.rooms.log("a").epoch, 1)
    assert (world.texts(), world.origins) == (["a"], ["me"])


def test_a_receipt_waits_for_its_message() -> None:
    """As long as half of what a command may take; then the log is asked for it."""
    world = BusWorld()
    world.attach()
    world.rooms.loses = True
    got = world.say("a")
    assert (got, world.texts()) == ([], [])
    world.redis.advance(2)
    assert (len(got), world.texts()) == (1, ["a"])


def test_a_room_that_is_not_followed_is_said_in_all_the_same() -> None:
    """What is known of it by that is remembered, so that Redis cannot go back unnoticed."""
    world = BusWorld()
    [receipt] = world.say("a")
    assert receipt.position.offset == 1
    world.redis.take()
    world.say("b")
    [asked] = world.redis.take("publish")
    assert asked[4:6] == (receipt.position.epoch, "1")


def test_a_key_counts_once() -> None:
    """Again is where it stands; another message under it is refused."""
    world = BusWorld()
    first, again = world.say("a", key="k"), world.say("a", key="k")
    assert first == again
    [error] = world.say("b", key="k")
    assert isinstance(error, KeyReusedError)
    assert world.rooms.log("a").head == 1


def test_a_caller_may_use_some_keys() -> None:
    """It is counted how often that was met; who is not named has any number."""
    world = BusWorld(Rules(max_keys=3))
    world.say("a", key="k", payer="me")
    world.say("a", key="l")
    assert [asked[-1] for asked in world.redis.take("publish")] == ["3", "0"]
    world.redis.next("publish", [b"full"])
    [error] = world.say("a", key="m", payer="me")
    assert isinstance(error, TooManyKeysError)
    assert world.hub.refused["max-keys"] == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        *((Refusal(f"{code} no"), BusUnavailable) for code in ("OOM", "MISCONF", "NOPERM", "BUSY")),
        (Refusal("READONLY no"), BusUnavailable),
        (Refusal("HALFWAY OOM no"), BusTimeout),
        (WAIT, BusTimeout),
    ],
)
def test_what_was_not_said_is_told(reply: Any, kind: type[Exception]) -> None:
    """And what is unknown as such: that may come round, and then is its sender's."""
    world = BusWorld()
    world.attach()
    guest = Somebody(wants_own=False)
    world.redis.next("publish", reply)
    got = world.say("a", sender=guest, origin="me")
    tag = world.redis.take("publish")[0][-3].split(" ")[2]
    world.redis.advance(3)
    assert isinstance(got[0], kind)
    world.come_back()
    world.rooms.say("a", tag=tag)
    assert world.origins == (["me"] if kind is BusTimeout else [None])


def requests(*rooms: str, text: bytes = b"hi", keyed: Keyed | None = None) -> Any:
    """The same for some rooms."""
    return {room: PublishRequest(text, False, 7, keyed) for room in rooms}


def test_the_same_is_said_in_some_rooms_in_one_step() -> None:
    """Each has its receipt; that of one that is followed waits for the message."""
    world = BusWorld()
    world.attach("a")
    epoch = world.rooms.log("a").epoch
    world.redis.next("publish_all", [[b"said", epoch.encode(), 1, b"7"], [b"again", b"e", 4, b"3"]])
    got = told(world.bus.publish_to_all(requests("a", "b")))
    [asked] = world.redis.take("publish_all")
    assert asked[1:5] == ("p:{a}:head", "p:{a}:log", "p:{b}:head", "p:{b}:log")
    # One thing is said, which is there once.
    assert (asked[6], asked[9:11], asked.count("hi")) == ("", ("1", "hi"), 1)
    assert asked[11:19] == (epoch, "0", "7", "7 t -", "p:{0}{a}", "600000", "1000", "0")
    assert asked[19] == "1"
    assert got == []
    world.rooms.say("hi")
    assert got == [{"a": Receipt(Position(epoch, 1), 7), "b": Receipt(Position("e", 4), 3)}]


@pytest.mark.parametrize(("payer", "most"), [("me", "3"), ("", "0")])
def test_a_key_counts_in_all_of_them(payer: str, most: str) -> None:
    """Where it was used for something else, or is one too many, it is said in none."""
    world = BusWorld(Rules(max_keys=3))
    said = requests("a", "b", keyed=Keyed("k", payer=payer))
    for reply, kind in ((b"reused", KeyReusedError), (b"full", TooManyKeysError)):
        world.redis.next("publish_all", [reply])
        got = told(world.bus.publish_to_all(said))
        [asked] = world.redis.take("publish_all")
        assert isinstance(got[0], kind)
        assert [name for name in asked if ":key:" in name] == [asked[3], asked[6]]
        assert asked[7].startswith("p:{@}:keys:")
        assert asked[11] == most


def test_no_step_says_too_much() -> None:
    """Redis does nothing else meanwhile."""
    world = BusWorld()
    text = b"x" * (MAX_AT_ONCE // 2 + 1)
    with pytest.raises(TooLarge, match="bytes in 2 rooms are more than"):
        world.bus.publish_to_all(requests("a", "b", text=text))
    assert world.redis.take("publish_all") == []


def test_where_redis_is_away_nothing_is_said() -> None:
    """Neither in one room nor in some."""
    world = BusWorld()
    world.go_away()
    with pytest.raises(BusUnavailable):
        world.bus.publish("a", requests("a")["a"], None, None)
    with pytest.raises(BusUnavailable):
        world.bus.publish_to_all(requests("a"))
