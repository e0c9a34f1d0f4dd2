# SPDX-License-Identifier: MIT
"""What holds for events on every bus: in memory, and over Redis with two nodes.

The modules that run it give `make_tellers`, which makes two servers that tell; they may be one.
"""

from collections.abc import Callable
from typing import Any

import pytest_twisted
from twisted.internet.defer import Deferred, DeferredList

from tests.support.buses import the_reactor, until
from tests.support.telling_nodes import TellingNode
from wsecho.core.events.batches import EventBatch
from wsecho.core.events.event_log import MAX_WAITING
from wsecho.core.rooms.rules import RoomTable
from wsecho.events.listener import NotTakenError

MakeTellers = Callable[..., list[TellingNode]]

asynchronous = pytest_twisted.ensureDeferred


@asynchronous  # type: ignore[untyped-decorator]  # it has no annotations
async def test_a_visit_is_told_once(make_tellers: MakeTellers) -> None:
    """The room is occupied, somebody comes, says something, goes, and it is vacated."""
    one, two = make_tellers()
    ann = await one.join()
    bob = await two.join()
    await two.say("hello")
    await one.say(b"\0\xff")
    one.leave(ann)
    await until(lambda: "leave" in one.told())
    two.leave(bob)
    await until(lambda: "vacated" in one.told())
    assert one.told() == [
        *("occupied", "join", "join", "message hello", "message AP8=", "leave", "leave"),
        "vacated",
    ]
    identifiers = [event["id"] for event in one.events()]
    assert identifiers == sorted(set(identifiers))
    assert {event["room"] for event in one.events()} == {"a"}
    said = [event for event in one.events() if event["event"] == "message"]
    assert [event["position"].rpartition(":")[2] for event in said] == ["1", "2"]
    assert said[0]["from"] == {"id": "me", "name": "Me"}
    assert all(abs(event["time"] / 1000 - the_reactor().seconds()) < 600 for event in one.events())


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_named_member_comes_once(make_tellers: MakeTellers) -> None:
    """Whichever node it is on, and goes with its last connection."""
    one, two = make_tellers()
    ann = await one.join(secret="x" * 16)
    again = await two.join(secret="x" * 16)
    await one.say("first")
    one.leave(ann)
    await two.say("second")
    two.leave(again)
    await until(lambda: "vacated" in one.told())
    assert one.told() == [
        *("occupied", "join", "message first", "message second", "leave", "vacated"),
    ]


@asynchronous  # type: ignore[untyped-decorator]
async def test_occupied_and_vacated_alternate(make_tellers: MakeTellers) -> None:
    """Though people come and go on both sides; whoever comes in time vacates nothing."""
    one, two = make_tellers()
    for _ in range(5):
        one.leave(await one.join("b"), "b")
        two.leave(await two.join("b"), "b")
    await until(lambda: "vacated" in one.told())
    two.leave(await two.join("b"), "b")
    await until(lambda: one.told().count("vacated") == 2)
    of_room = [each for each in one.told() if each not in {"join", "leave"}]
    assert of_room == ["occupied", "vacated"] * 2
    assert one.told().count("join") == one.told().count("leave") == 11


@asynchronous  # type: ignore[untyped-decorator]
async def test_what_is_told_goes_by_the_rooms_rule(make_tellers: MakeTellers) -> None:
    """Where presence is off too."""
    tables = (
        RoomTable("off", {"presence": "off", "tell": frozenset({"occupied", "vacated"})}),
        RoomTable("said", {"tell": frozenset({"message"})}),
        RoomTable("none", {"tell": frozenset()}),
    )
    one, two = make_tellers(tables=tables)
    for room in ("off", "said", "none", "other"):
        members = [await one.join(room), await two.join(room)]
        await two.say("x", room)
        one.leave(members[0], room)
        two.leave(members[1], room)
    await until(lambda: one.told("other")[-1:] == ["vacated"])
    await until(lambda: one.told("off")[-1:] == ["vacated"])
    assert one.told("off") == ["occupied", "vacated"]
    assert one.told("said") == ["message x"]
    assert one.told("none") == []
    assert one.told("other") == ["occupied", "join", "join", "leave", "leave", "vacated"]


@asynchronous  # type: ignore[untyped-decorator]
async def test_messages_come_in_the_order_of_their_positions(make_tellers: MakeTellers) -> None:
    """Each once, from both sides, repeated under a key, in many rooms at once, of any size."""
    one, two = make_tellers()
    for number in range(100):
        await (one, two)[number % 2].say(f"{number}" * (1 + number * 37), key=f"k{number}")
        await two.say(f"{number}" * (1 + number * 37), key=f"k{number}")
    await until(lambda: len(one.told()) == 100)
    offsets = [int(event["position"].rpartition(":")[2]) for event in one.events()]
    assert offsets == list(range(1, 101))
    assert [event["data"] for event in one.events()] == [
        f"{number}" * (1 + number * 37) for number in range(100)
    ]


@asynchronous  # type: ignore[untyped-decorator]
async def test_what_is_not_taken_comes_again(make_tellers: MakeTellers) -> None:
    """The very same batch, and all behind it in order."""
    one, two = make_tellers()
    failed: list[EventBatch] = []

    def fail_twice(batch: EventBatch) -> Any:
        if len(failed) < 2:
            failed.append(batch)
            return NotTakenError("not now")
        return None

    one.listener.answer = fail_twice
    for number in range(20):
        await (one, two)[number % 2].say(f"{number}")
    await until(lambda: len(one.told()) == 20)
    assert one.told() == [f"message {number}" for number in range(20)]
    first, second, third = one.listener.batches[:3]
    assert first.id == second.id == third.id
    assert first.events == second.events == third.events


@asynchronous  # type: ignore[untyped-decorator]
async def test_one_request_is_under_way(make_tellers: MakeTellers) -> None:
    """However many servers there are."""
    one, two = make_tellers()
    held: Deferred[None] = Deferred()
    one.listener.answer = lambda _: None if held.called else held
    for number in range(150):
        await (one, two)[number % 2].say(f"{number}")
    await until(lambda: one.listener.batches)
    assert len(one.listener.batches) == 1
    held.callback(None)
    await until(lambda: len(one.told()) == 150)
    assert one.told() == [f"message {number}" for number in range(150)]
    assert all(len(batch.events) <= 100 for batch in one.listener.batches)


@asynchronous  # type: ignore[untyped-decorator]
async def test_what_is_said_in_many_rooms_is_told_of_each(make_tellers: MakeTellers) -> None:
    """Of which it is to be, once, whatever is said again under its key."""
    tables = (RoomTable("no*", {}), RoomTable("*", {"tell": frozenset({"message"})}))
    one, two = make_tellers(tables=tables)
    for node, key in ((one, "k"), (two, "k"), (two, None)):
        await node.say_to_all(["a", "no", "b"], f"{key}", key)
        await node.say_to_all(["no"], f"{key}", key)
    await one.say("last")
    await until(lambda: "message last" in one.told())
    assert one.told("a") == ["message k", "message None", "message last"]
    assert one.told("b") == ["message k", "message None"]
    assert one.told("no") == []
    assert [event["room"] for event in one.events()] == ["a", "b", "a", "b", "a"]


@asynchronous  # type: ignore[untyped-decorator]
async def test_more_than_may_wait(make_tellers: MakeTellers) -> None:
    """10,400 events behind one that is under way: the oldest are missed, the rest is told."""
    one, two = make_tellers()
    held: Deferred[None] = Deferred()
    one.listener.answer = lambda _: None if held.called else held
    await one.say("first")
    await until(lambda: one.listener.batches)
    count = MAX_WAITING + 400
    for begin in range(0, count, 100):
        saying = [
            Deferred.fromCoroutine(two.say(f"{number}")) for number in range(begin, begin + 100)
        ]
        await DeferredList(saying, fireOnOneErrback=True)
    held.callback(None)
    await until(lambda: one.told()[-1] == f"message {count - 1}")
    assert one.told() == [
        *("message first", "missed 400"),
        *(f"message {number}" for number in range(400, count)),
    ]
