# SPDX-License-Identifier: MIT
"""What is noted in Redis of who is inside, and what is put right once Redis is back."""

import json
from typing import Any

from attrs import define, field

from tests.support.scripted_redis import RedisWorld, Refusal, connected, told
from wsecho.bus.redis.events.queue import RedisEvents
from wsecho.bus.redis.events.steps import EventSteps
from wsecho.bus.redis.nodes.leases import Leases
from wsecho.core.rooms.leases import HeldError
from wsecho.core.rooms.presence import Card

ANN = Card("ann", "Ann", "raw", 0.0)
BOB = Card("bob", None, "raw", 0.0)
ALL = Card("", None, "", 0.0)
EVERYTHING = frozenset({"occupied", "vacated", "join", "leave", "message"})


@define(eq=False)
class World:
    """This node, `me`: who is inside here, and what is told of which room."""

    redis: RedisWorld = field(factory=connected)
    here: list[tuple[str, Card]] = field(factory=list)
    rules: dict[str, frozenset[str]] = field(factory=dict)
    events: RedisEvents = field(init=False)

    def __attrs_post_init__(self) -> None:
        done = [b"run", 1, 1]
        self.redis.redis.answers.update(
            enter=done, leave=done, vacate=done, append_events=done, HSCAN=[b"0", []], ZRANGE=[]
        )
        self.redis.redis.answers.update(claim=5, release=None, lead_events=[b"3", b"run", 1])
        commands, keys = self.redis.commands, self.redis.keys
        leases = Leases("me", commands, keys, "9000", speaks_locally=False)
        steps = EventSteps(commands, keys, "9000", ("one",), lambda _: None)
        self.events = RedisEvents("me", commands, keys, leases, steps, self)

    # what is asked of this process

    def tells(self, room: str) -> frozenset[str]:
        """Everything, unless it is said."""
        return self.rules.get(room, EVERYTHING)

    def inside(self) -> list[tuple[str, Card]]:
        """Who is here."""
        return self.here

    def woken(self) -> None:
        """Nobody sleeps."""

    # what a test does

    def stands(self, *lines: tuple[str, str, Card]) -> None:
        """Have Redis know who is where on which node."""
        pairs: list[bytes] = []
        for room, node, card in lines:
            text = json.dumps([room, card.id, card.name, card.door, card.since])
            pairs += [f"{room}/{card.id}".encode(), f"{node} {text}".encode()]
        self.redis.redis.answers["HSCAN"] = [b"0", pairs]

    def asked(self) -> list[tuple[str, ...]]:
        """What was done, without what all of it begins with: who, where, and what is told."""
        self.redis.redis.settle()
        steps = self.redis.redis.take("enter", "leave", "vacate", "append_events")
        return [(step[0], *_words(step)) for step in steps]


def _words(step: tuple[str, ...]) -> list[str]:
    channel = next(n for n, word in enumerate(step) if word.endswith("subject:events"))
    return [_brief(word) for word in step[channel + 1 :]]


def _brief(word: str) -> str:
    return word.split('"')[3] if word.startswith('"event"') else word


def entered(room: str, name: str, occupied: str = "occupied", join: str = "join") -> Any:
    """A step by which somebody comes, without what he is shown as."""
    return "enter", f"{room}/{name}", "me", room, occupied, join


def shown(steps: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The steps without how members are shown."""
    return [(*step[:3], *step[4:]) if step[0] == "enter" else step for step in steps]


def test_who_comes_and_goes_is_noted_with_what_is_told() -> None:
    """Each in one step, as the room's rule has it; of a room of which nothing is told, nothing."""
    world = World(rules={"b": frozenset({"vacated"}), "c": frozenset({"message"})})
    for room in "abc":
        world.events.enter(room, ANN)
        world.events.leave(room, ANN)
    world.events.enter("a/é", ALL)
    assert shown(world.asked()) == [
        entered("a", "ann"),
        ("leave", "a/ann", "me", "0", "a", "leave", "2000"),
        entered("b", "ann", "", ""),
        ("leave", "b/ann", "me", "0", "b", "", "2000"),
        ("enter", "a%2F%C3%A9/", "me", "a/é", "occupied", ""),
    ]


def test_messages_are_told_where_a_rule_says_so() -> None:
    """Else publishing knows of nothing."""
    world = World(rules={"b": frozenset({"join"})})
    assert world.events.words_of_message("b") is None
    assert world.events.words_of_message("a") is not None


def test_what_redis_knows_is_put_right() -> None:
    """Who is not there any more goes, who is comes; whoever comes first, and nobody else's."""
    world = World(here=[("a", ANN), ("a", BOB)])
    world.stands(("a", "me", ANN), ("b", "me", ANN), ("b", "you", BOB))
    world.events.renew()
    assert shown(world.asked()) == [
        entered("a", "bob"),
        ("leave", "b/ann", "me", "0", "b", "leave", "2000"),
    ]


def test_what_could_not_be_noted_is_told_or_missed() -> None:
    """The changes that show in the end are told then, and the others counted."""
    world = World()
    world.redis.redis.hang_up()
    for card in (ANN, BOB):
        world.events.enter("a", card)
    world.events.leave("a", BOB)
    world.events.miss("a")
    world.here = [("a", ANN)]
    world.redis.redis.advance(30)
    assert world.redis.commands.is_up
    world.events.renew()
    assert shown(world.asked()) == [entered("a", "ann"), ("append_events", "missed")]
    world.events.renew()
    assert [step[0] for step in world.asked()] == ["enter"]


def test_what_redis_has_lost_is_missed() -> None:
    """As soon as it can be said."""
    world = World()
    world.events.note_lost(0)
    world.events.sweep()
    assert world.asked() == []
    world.events.note_lost(3)
    world.events.sweep()
    assert world.asked() == [("append_events", "missed")]


def test_what_redis_refuses_is_put_right_with_the_next_sweep() -> None:
    """As often as it takes."""
    world = World(here=[("a", ANN)])
    world.redis.redis.next("enter", Refusal("OOM full"), Refusal("OOM full"))
    world.events.enter("a", ANN)
    world.asked()
    for _ in range(2):
        world.events.sweep()
        assert shown(world.asked())[:1] == [entered("a", "ann")]
    world.events.sweep()
    assert world.asked() == []


def test_rooms_are_vacated_by_who_leads() -> None:
    """And those who were on dead nodes go; whether they are dead Redis says."""
    world = World(rules={"b": frozenset({"join"})})
    world.redis.redis.answers["ZRANGE"] = [b"a", b"b"]
    world.stands(("a", "me", ANN), ("a", "you", BOB), ("a", "dead", BOB))
    world.events.watch(frozenset({"me", "you"}))
    world.events.sweep()
    assert world.asked() == []
    assert told(world.events.lead(lambda: None)) == []
    world.redis.redis.settle()
    world.events.sweep()
    assert world.asked() == [
        ("vacate", "a", "vacated", "b", ""),
        ("leave", "a/bob", "dead", "1", "a", "leave", "2000"),
    ]
    world.redis.redis.answers["ZRANGE"] = []
    world.events.sweep()
    assert world.asked() == []
    world.events.watch(frozenset({"me"}))
    world.events.sweep()
    assert [step[2] for step in world.asked()] == ["you", "dead"]
    world.events.cede()
    world.events.watch(frozenset())
    world.events.sweep()
    assert world.asked() == []


def test_who_leads_no_more_is_told_so() -> None:
    """Redis knows under which number the events are told."""
    world = World()
    told(world.events.lead(lambda: None))
    world.redis.redis.settle()
    world.redis.redis.answers.update(read_events=None, take_events=0)
    read, taken = told(world.events.read("one")), told(world.events.take("one", 1, is_told=True))
    world.redis.redis.settle()
    assert [type(each[0]) for each in (read, taken)] == [HeldError, HeldError]
