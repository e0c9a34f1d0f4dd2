# SPDX-License-Identifier: MIT
"""What holds for every bus: in memory, and over Redis with two nodes.

The modules that run it give `make_nodes`, which makes two nodes; they may be one.
"""

from collections.abc import Callable
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred

from tests.support.buses import Member, Node, known, now, until
from wsecho.core.rooms.authors import Author
from wsecho.core.rooms.leases import Claim, HeldError
from wsecho.core.rooms.retries import KeyReusedError
from wsecho.core.rooms.rules import RoomTable
from wsecho.core.wire.errors import OverLimit

MakeNodes = Callable[..., list[Node]]

asynchronous = pytest_twisted.ensureDeferred


def known_members(node: Node) -> list[str]:
    """The ids of the members of room `a`, as a node has them."""
    return [card.id for card in node.bus.members("a")]


@asynchronous  # type: ignore[untyped-decorator]  # it has no annotations
async def test_what_one_says_the_other_hears(make_nodes: MakeNodes) -> None:
    """In one order, text and binary, with the position that the publisher is told."""
    one, two = make_nodes()
    member = Member()
    await two.join(member)
    receipts = [await one.say(text) for text in ("a", b"\0\xff {}", "", "\0\r\n b")]
    await until(lambda: len(member.got) == 4)
    assert [said.payload for said in member.got] == [b"a", b"\0\xff {}", b"", b"\0\r\n b"]
    assert [said.is_binary for said in member.got] == [False, True, False, False]
    assert [said.position for said in member.got] == [each.position for each in receipts]
    assert [said.publication for said in member.got] == [each.publication for each in receipts]
    assert [each.position.offset for each in receipts] == [1, 2, 3, 4]


@asynchronous  # type: ignore[untyped-decorator]
async def test_who_said_it_and_when_is_the_same_for_all(make_nodes: MakeNodes) -> None:
    """Live and from the past, in one room and in many, small and large; nobody is nobody."""
    one, two = make_nodes()
    member, late = Member(), Member()
    await two.join(member)
    ann, bob = Author("a_b-c", 'Ann é\U0001f600 "<;'), Author("bob")
    await one.say("1", author=ann)
    await two.say("2", author=bob)
    await one.say("3")
    await one.say_to_all(["a", "b"], "4", author=ann)
    await two.say("5" * 100_000, author=ann)
    await until(lambda: len(member.got) == 5)
    await one.join(late)
    await known(one.bus.attach("b"))
    past = list(one.hub.read("a", now()))
    for found in (member.got, past):
        assert [said.author for said in found] == [ann, bob, None, ann, ann]
        times = [said.time for said in found]
        assert times == sorted(times)
        assert abs(times[0] - now()) < 3600
    assert [said.time for said in past] == [said.time for said in member.got]
    [other] = one.hub.read("b", now())
    assert other.author == ann


@asynchronous  # type: ignore[untyped-decorator]
async def test_whoever_comes_later_has_the_past(make_nodes: MakeNodes) -> None:
    """As much of it as is kept, and the same positions."""
    one, two = make_nodes(history=3)
    await one.attach()
    for number in range(5):
        last = await one.say(f"{number}")
    await two.attach()
    assert two.history() == ["2", "3", "4"]
    assert two.hub.position("a", now()).offset == 5
    assert two.hub.position("a", now()) == last.position


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_room_that_nobody_spoke_in_has_a_place(make_nodes: MakeNodes) -> None:
    """The same for both."""
    one, two = make_nodes()
    await one.attach()
    await two.attach()
    assert one.hub.position("a", now()) == two.hub.position("a", now())
    assert one.hub.position("a", now()).offset == 0


@asynchronous  # type: ignore[untyped-decorator]
async def test_both_speak_and_hear_one_order(make_nodes: MakeNodes) -> None:
    """Whoever was first."""
    one, two = make_nodes()
    first, second = Member(), Member()
    await one.join(first)
    await two.join(second)
    said = [node.say(f"{number}") for number in range(50) for node in (one, two)]
    for each in said:
        await each
    await until(lambda: len(first.got) == len(second.got) == 100)
    assert [each.payload for each in first.got] == [each.payload for each in second.got]
    assert [each.position.offset for each in first.got] == list(range(1, 101))


@asynchronous  # type: ignore[untyped-decorator]
async def test_the_sender_hears_itself_before_it_is_told(make_nodes: MakeNodes) -> None:
    """Or not at all, where it does not want to; the origin comes along at home."""
    one, two = make_nodes()
    loud, quiet, other = Member(), Member(wants_own=False), Member()
    for member in (loud, quiet):
        await one.join(member)
    await two.join(other)
    await one.say("x", sender=loud)
    assert [said.payload for said in loud.got] == [b"x"]
    await one.say("y", sender=quiet, origin="there")
    assert [said.payload for said in loud.got] == [b"x", b"y"]
    assert [said.payload for said in quiet.got] == [b"x"]
    assert one.heard[-1][2] == "there"
    await until(lambda: len(other.got) == 2)


@asynchronous  # type: ignore[untyped-decorator]
async def test_the_same_in_many_rooms(make_nodes: MakeNodes) -> None:
    """In all, each with a place and an id of its own; under a key once; in all or in none."""
    one, two = make_nodes()
    member = Member()
    await two.join(member)
    receipts = await one.say_to_all(["a", "b"], "x", key="k")
    await until(lambda: len(member.got) == 1)
    assert (member.got[0].payload, member.got[0].is_binary) == (b"x", False)
    assert member.got[0].publication == receipts["a"].publication
    assert receipts["a"].publication != receipts["b"].publication
    again = await two.say_to_all(["b", "c", "a"], "x", key="k")
    assert list(again) == ["b", "c", "a"]
    assert {room: again[room] for room in ("a", "b")} == receipts
    with pytest.raises(KeyReusedError):
        await one.say_to_all(["d", "c"], "y", key="k")
    last = await two.say_to_all(["d", "a"], b"z")
    assert [last[room].position.offset for room in ("d", "a")] == [1, 2]
    await until(lambda: len(member.got) == 2)
    assert member.got[1].is_binary


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_key_counts_everywhere(make_nodes: MakeNodes) -> None:
    """The same answer, no second message, and another message is refused."""
    one, two = make_nodes()
    await one.attach()
    first = await one.say("x", key="k")
    assert await two.say("x", key="k") == first
    with pytest.raises(KeyReusedError):
        await two.say("y", key="k")
    with pytest.raises(KeyReusedError):
        await two.say(b"x", key="k")
    other = await two.say("x", room="b", key="k")
    assert other.position.offset == 1
    await until(lambda: one.texts() == ["x"])
    assert (await two.say("z")).position.offset == 2


@asynchronous  # type: ignore[untyped-decorator]
async def test_keys_are_bounded_and_none_is_forgotten(make_nodes: MakeNodes) -> None:
    """Each caller has so many, in whatever rooms and at whatever node; one more is refused."""
    one, two = make_nodes(max_keys=3)
    first = await one.say("x", key="0", payer="me")
    await two.say("x", key="1", payer="me", room="b")
    await one.say("x", key="2", payer="me")
    for node, room in ((one, "a"), (two, "a"), (one, "c")):
        with pytest.raises(OverLimit):
            await node.say("x", room, key="3", payer="me")
    assert sum(node.hub.refused["max-keys"] for node in {one, two}) == 3
    assert await two.say("x", key="0", payer="me") == first
    await two.say("x", key="3", payer="other")
    for number in range(4, 10):
        await two.say("x", key=f"{number}")
    assert await one.say("x", key="0", payer="me") == first
    assert (await one.say("last")).position.offset == 10


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_key_for_many_rooms_needs_a_place_in_each(make_nodes: MakeNodes) -> None:
    """Those that it has already excepted."""
    one, two = make_nodes(max_keys=3)
    await one.say("x", "a", key="k", payer="me")
    for rooms in (["a", "b", "c", "d"], ["b", "c", "d"]):
        with pytest.raises(OverLimit):
            await two.say_to_all(rooms, "x", key="k", payer="me")
    with pytest.raises(KeyReusedError):
        await two.say_to_all(["b", "a"], "y", key="k", payer="me")
    receipts = await two.say_to_all(["a", "b", "c"], "x", key="k", payer="me")
    assert {receipt.position.offset for receipt in receipts.values()} == {1}
    with pytest.raises(OverLimit):
        await one.say("x", "d", key="k", payer="me")


@asynchronous  # type: ignore[untyped-decorator]
async def test_rooms_are_apart(make_nodes: MakeNodes) -> None:
    """Whatever they are called."""
    one, two = make_nodes()
    names = ["a", "{a}", "a}", "ä b", "*", "%", "a:log", "x" * 200]
    for name in names:
        await two.attach(name)
    for name in names:
        await one.say(name, name)
    await until(lambda: len(two.heard) == len(names))
    assert [(name, said.payload.decode()) for name, said, _ in two.heard] == [
        (name, name) for name in names
    ]


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_place_that_somebody_saw_is_looked_up(make_nodes: MakeNodes) -> None:
    """Nobody is told that it is gone before; one that was made up changes nothing."""
    one, two = make_nodes()
    await one.attach()
    await two.attach()
    receipt = await one.say("x")
    await two.attach(after=str(receipt.position))
    assert two.hub.read("a", now()).can_resume(receipt.position)
    epoch = receipt.position.epoch
    for made_up in (f"{epoch}:9999", "other:1"):
        await two.attach(after=made_up)
    assert two.hub.position("a", now()) == receipt.position
    assert not [event for event in two.events if event[0] == "renewed"]


@asynchronous  # type: ignore[untyped-decorator]
async def test_who_comes_and_goes_is_told(make_nodes: MakeNodes) -> None:
    """To all who watch, but not to whom it is about; the list is the same for both."""
    one, two = make_nodes()
    watching, coming = Member(), Member()
    await one.join(watching)
    await two.attach()
    await until(lambda: len(known_members(two)) == 1)
    await two.join(coming)
    await until(lambda: watching.told == ["join"])
    await until(lambda: len(known_members(one)) == 2)
    ids = known_members(one)
    await until(lambda: known_members(two) == ids)
    assert coming.told == []
    two.leave(coming)
    await until(lambda: watching.told == ["join", "leave"])
    assert known_members(one) == ids[:1]


@asynchronous  # type: ignore[untyped-decorator]
async def test_rooms_are_counted(make_nodes: MakeNodes) -> None:
    """Those without members too."""
    one, two = make_nodes()
    await one.join(Member())
    await two.join(Member())
    await two.join(Member(), "b")
    await one.attach("empty-*")
    one.hub.use("empty-*", now())
    await until(lambda: len(known_members(one)) == 2)
    assert await known(one.bus.counts()) == {"a": 2, "b": 1, "empty-*": 0}


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_room_is_full_for_all(make_nodes: MakeNodes) -> None:
    """Wherever its members are."""
    one, two = make_nodes(max_members=2)
    await one.join(Member())
    await two.join(Member())
    await until(lambda: len(known_members(one)) == 2)
    with pytest.raises(OverLimit):
        await one.join(Member())


def go_by(nodes: list[Node], glob: str, **given: Any) -> None:
    """Have all nodes go by one table, as after a reload."""
    for node in {id(node): node for node in nodes}.values():
        node.hub.room_rules.replace((RoomTable(glob, given),))
        for room, changes in node.hub.refresh().items():
            for change in changes:
                node.bus.tell(room, change)


@asynchronous  # type: ignore[untyped-decorator]
async def test_rooms_keep_what_their_rules_say(make_nodes: MakeNodes) -> None:
    """Whoever says it, in one room or in many; others keep what all do, and none may keep nothing.

    Positions go on all the same.
    """
    nodes = one, two = make_nodes(history=3)
    go_by(nodes, "[ab]", history=5)
    for number in range(1, 9):
        await one.say_to_all(["a", "c"], f"{number}")
        await two.say(f"{number}", "b")
    for node in nodes:
        for room, kept in (("a", 5), ("b", 5), ("c", 3)):
            await node.attach(room)
            assert node.history(room) == [f"{number}" for number in range(9 - kept, 9)]
    go_by(nodes, "[ab]", history=2)
    for node in nodes:
        assert node.history("a") == ["7", "8"]
    go_by(nodes, "[ab]", history=0)
    last = await two.say("9")
    await until(lambda: one.texts()[-1:] == ["9"])
    assert last.position.offset == 9
    assert [node.history("a") for node in nodes] == [[], []]


@asynchronous  # type: ignore[untyped-decorator]
async def test_rooms_keep_as_many_bytes_as_their_rules_say(make_nodes: MakeNodes) -> None:
    """The same on all nodes, whether they heard of it or load it later."""
    nodes = one, two = make_nodes()
    go_by(nodes, "*", history_bytes=10_000)
    await one.attach()
    for number in range(70):
        await two.say(f"{number:02}" + "x" * 598)
    await until(lambda: len(one.texts()) == 70)
    await two.attach()
    for node in nodes:
        assert [text[:2] for text in node.history()] == [f"{n}" for n in range(60, 70)]
    await two.say("y" * 9_700)
    await one.say("z" * 300)
    await until(lambda: one.hub.position("a", now()).offset == 72)
    for node in nodes:
        await node.attach()
        assert [text[:1] for text in node.history()] == ["z"]


@asynchronous  # type: ignore[untyped-decorator]
async def test_nobody_is_seen_where_presence_is_off(make_nodes: MakeNodes) -> None:
    """Until it is turned on; and not any more once it is turned off again."""
    nodes = one, two = make_nodes()
    go_by(nodes, "*", presence="off")
    first, second = Member(), Member()
    await one.join(first)
    await two.join(second)
    assert (first.told, second.told) == ([], [])
    assert [known_members(node) for node in nodes] == [[], []]
    assert (await known(one.bus.counts())).get("a", 0) == 0
    go_by(nodes, "*", presence="on")
    await until(lambda: [len(known_members(node)) for node in nodes] == [2, 2])
    await until(lambda: len(first.told) == len(second.told) == 2)
    assert await known(one.bus.counts()) == {"a": 2}
    go_by(nodes, "*", presence="off")
    await until(lambda: len(first.told) == len(second.told) == 4)
    assert set(first.told[2:] + second.told[2:]) == {"leave"}
    assert [known_members(node) for node in nodes] == [[], []]
    assert await known(one.bus.counts()) == {"a": 0}


@asynchronous  # type: ignore[untyped-decorator]
async def test_nodes_tell_one_another(make_nodes: MakeNodes) -> None:
    """On a subject, in one order, themselves included; and know who lives."""
    one, two = make_nodes()
    heard: list[bytes] = []
    lives: list[frozenset[str]] = []
    two.bus.listen("weather", heard.append)
    two.bus.watch_nodes(lives.append)
    await until(lambda: lives[-1] == {one.bus.node, two.bus.node})
    await two.attach()
    for number in range(3):
        one.bus.broadcast("weather", b"%d" % number)
    one.bus.broadcast("news", b"x")
    await until(lambda: len(heard) == 3)
    assert heard == [b"0", b"1", b"2"]


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_room_may_be_heard_of_from_outside(make_nodes: MakeNodes) -> None:
    """One that is held, and all of them at once; each message comes once."""
    one, two = make_nodes()
    two.bus.hold("held")
    await two.attach("held")
    await one.join(Member(), "held")
    await until(lambda: [event[:2] for event in two.events] == [("join", "held")])
    await known(two.bus.follow_rooms(all_rooms=True))
    await two.attach("b [*]")
    for room in ("held", "b [*]", "ä/{c}"):
        await one.say(room, room)
    await until(lambda: len(two.heard) == 3)
    assert sorted(said.payload.decode() for _, said, _ in two.heard) == ["b [*]", "held", "ä/{c}"]
    assert all(name == said.payload.decode() for name, said, _ in two.heard)
    two.bus.follow_rooms(all_rooms=False)
    two.bus.release("held")


@asynchronous  # type: ignore[untyped-decorator]
async def test_what_is_proclaimed_is_heard_by_all(make_nodes: MakeNodes) -> None:
    """In one order, by whoever said it too; what is told between as well."""
    one, two = make_nodes()
    heard: dict[str, list[bytes]] = {}
    for node in (one, two):
        heard[node.bus.node] = []
        node.bus.listen("weather", heard[node.bus.node].append)
    for node in (one, two):
        await known(node.bus.catch_up())
    for number in range(3):
        await known(one.bus.broadcast_logged("weather", b"%d" % number))
        one.bus.broadcast("weather", b"-")
        await known(one.bus.announce("weather", b"+"))
    await until(lambda: all(len(each) == 9 for each in heard.values()))
    expected = [b"0", b"-", b"+", b"1", b"-", b"+", b"2", b"-", b"+"]
    assert all(each == expected for each in heard.values())


@asynchronous  # type: ignore[untyped-decorator]
async def test_what_is_whispered_is_heard_by_one(make_nodes: MakeNodes) -> None:
    """Between what is told all, and it is known whether that one listens."""
    one, two = make_nodes()
    heard: list[bytes] = []
    two.bus.listen("weather", heard.append)
    await known(two.bus.catch_up())
    await known(one.bus.broadcast_logged("weather", b"1"))
    assert await known(one.bus.send_to(two.bus.node, "weather", b"2\0\xff")) is True
    await known(one.bus.broadcast_logged("weather", b"3"))
    await until(lambda: len(heard) == 3)
    assert heard == [b"1", b"2\0\xff", b"3"]
    assert await known(one.bus.send_to("nobody", "weather", b"4")) is False
    assert await known(one.bus.send_to(two.bus.node, "news", b"4")) is False


@asynchronous  # type: ignore[untyped-decorator]
async def test_what_was_said_before_is_heard_first(make_nodes: MakeNodes) -> None:
    """By whoever catches up."""
    one, two = make_nodes()
    heard: list[bytes] = []
    two.bus.listen("weather", heard.append)
    await known(two.bus.catch_up())
    for number in range(20):
        await known(one.bus.broadcast_logged("weather", b""))
        await known(two.bus.catch_up())
        assert len(heard) == number + 1


@asynchronous  # type: ignore[untyped-decorator]
async def test_what_is_kept_is_there_for_those_who_come_later(make_nodes: MakeNodes) -> None:
    """Once for each name, until it is dropped, and apart for each subject."""
    one, two = make_nodes()
    await known(one.bus.broadcast_logged("weather", b"rain", keep="today"))
    await known(one.bus.broadcast_logged("weather", b"sun\0", keep="today"))
    one.bus.keep("weather", "b", b"")
    one.bus.keep("news", "b", b"none")
    await known(one.bus.catch_up())
    assert await known(two.bus.kept("weather")) == {"today": b"sun\0", "b": b""}
    one.bus.drop("weather", ["today", "tomorrow"])
    one.bus.drop("weather", [])
    await known(one.bus.catch_up())
    assert await known(two.bus.kept("weather")) == {"b": b""}
    many = {f"{number}": b"%d" % number * 100 for number in range(1000)}
    for name, payload in many.items():
        one.bus.keep("many", name, payload)
    await known(one.bus.catch_up())
    assert await known(two.bus.kept("many")) == many


def nobody_loses() -> None:
    """No claim is lost."""
    raise AssertionError


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_place_is_held_alone_or_shared(make_nodes: MakeNodes) -> None:
    """By one rule, in the order of the claims; whoever claims again changes nothing."""
    one, two = make_nodes()

    async def claim(node: Node, holder: str, rule: str, place: str = "ä {b}") -> int:
        # As the router does: there is one rule that is not shared.
        asked = Claim(place, holder, rule, is_shared=rule != "alone")
        return await known(node.bus.claim(asked, nobody_loses))

    first = await claim(one, "a", "alone")
    assert await claim(one, "a", "alone") == first
    for node, rule in ((two, "alone"), (one, "alone"), (two, "shared")):
        with pytest.raises(HeldError) as refused:
            await claim(node, "b", rule)
        assert refused.value.rule == "alone"
    one.bus.cede("ä {b}", "a")
    second = await claim(one, "a", "shared")
    third = await claim(two, "b", "shared")
    assert first < second < third
    assert await claim(one, "a", "shared") == second
    for rule in ("alone", "other"):
        with pytest.raises(HeldError) as refused:
            await claim(two, "c", rule)
        assert refused.value.rule == "shared"
    assert await claim(two, "c", "alone", "elsewhere") > third
    two.bus.cede("ä {b}", "nobody")
    two.bus.cede("ä {b}", "a", "not dead" if one is two else one.bus.node)
    assert await claim(one, "a", "shared") == second
    for node, holder in ((one, "a"), (two, "b")):
        node.bus.cede("ä {b}", holder)
    await known(one.bus.catch_up())
    assert await claim(two, "c", "other") > third


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_place_has_two_winners_never(make_nodes: MakeNodes) -> None:
    """However many claim it at once."""
    one, two = make_nodes()

    async def claim(number: int) -> bool:
        node = (one, two)[number % 2]
        try:
            await known(node.bus.claim(Claim("p", f"{number}", "r", is_shared=False), nobody_loses))
        except HeldError:
            return False
        return True

    asked = [Deferred.fromCoroutine(claim(number)) for number in range(20)]
    assert [await each for each in asked].count(True) == 1


@asynchronous  # type: ignore[untyped-decorator]
async def test_turns_are_taken_together(make_nodes: MakeNodes) -> None:
    """At each place, until nobody holds it any more."""
    one, two = make_nodes()
    await known(one.bus.claim(Claim("p", "a", "r", is_shared=True), nobody_loses))
    turns = [await known(node.bus.take_turn("p")) for node in (one, two, two, one)]
    assert turns == [0, 1, 2, 3]
    assert await known(two.bus.take_turn("q")) == 0
    one.bus.cede("p", "a")
    await known(one.bus.catch_up())
    assert await known(two.bus.take_turn("p")) == 0
