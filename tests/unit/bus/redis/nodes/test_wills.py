# SPDX-License-Identifier: MIT
"""What is to be done once a node is dead: kept in Redis, and carried out once, by who lives."""

from typing import Any

import pytest
from attrs import define, field
from twisted.logger import capturedLogs

from tests.support.scripted_redis import WAIT, RedisWorld, Refusal, connected, told
from wsecho.bus.redis.nodes.wills import LASTING, Wills
from wsecho.core.promise import Promise
from wsecho.core.rooms.wills import Will
from wsecho.core.wire.errors import BusTimeout, BusUnavailable

TTL = 6.0
MINE = "p:{@}:wills:me"
WILLED = "p:{@}:willed"


@define(eq=False)
class World:
    """This node, `me`, and what of the dead was carried out."""

    speaks_locally: bool = False
    redis: RedisWorld = field(factory=connected)
    done: list[tuple[str, str, bytes]] = field(factory=list)
    outcome: Any = None
    wills: Wills = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.wills = Wills(
            *("me", self.redis.commands, self.redis.keys, TTL, self.redis.redis.seconds),
            speaks_locally=self.speaks_locally,
        )

    def bequeath(self, name: str = "w") -> list[Any]:
        """Leave something."""
        got = told(self.wills.bequeath("s", name, b"last"))
        self.redis.redis.settle()
        return got

    def renew(self) -> list[tuple[str, ...]]:
        """Put right what Redis knows; return what it was asked for."""
        got = told(self.wills.renew())
        asked = self.take()
        assert got == [None]
        return asked

    def take(self, *names: str) -> list[tuple[str, ...]]:
        """What was asked."""
        return self.redis.redis.take(*names)

    def carry_out(self, will: Will, payload: bytes) -> Any:
        """Carry something out."""
        self.done.append((will.node, will.name, payload))
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def live(self, *alive: str) -> None:
        """Live for long enough to know who is dead."""
        self.wills.look(frozenset(alive))
        self.redis.redis.advance(TTL)
        self.take()
        self.wills.look(frozenset(alive))
        self.redis.redis.settle()


# -- this node's


def test_a_will_is_kept_and_taken_back() -> None:
    """As many as are taken back at a time in one command, and for none in none."""
    world = World()
    assert world.bequeath() == [None]
    assert world.take() == [("bequeath", MINE, WILLED, "me", "s\nw", "last", LASTING)]
    world.wills.revoke("s", ["w", "v"])
    world.wills.revoke("s", [])
    assert world.take() == [("HDEL", MINE, "s\nw", "s\nv")]
    assert world.wills.is_spent("s", Will("me", "w")) is True
    assert [each[0] for each in world.renew()] == ["HKEYS"]


@pytest.mark.parametrize("code", ["OOM", "BUSY"])
def test_a_will_that_is_not_kept_is_none(code: str) -> None:
    """Whoever left it is told, and it is not kept later."""
    world = World()
    world.redis.redis.next("bequeath", Refusal(f"{code} no"))
    [error] = world.bequeath()
    assert isinstance(error, BusUnavailable)
    world.take()
    assert [each[0] for each in world.renew()] == ["HKEYS"]


def test_where_redis_is_away_nothing_is_left() -> None:
    """Unless this node goes on alone; then Redis is told once it is back."""
    world = World()
    world.redis.go_away()
    with pytest.raises(BusUnavailable):
        world.wills.bequeath("s", "w", b"last")
    assert world.wills.is_revoked("s", Will("me", "w"))
    alone = World(speaks_locally=True)
    alone.redis.go_away()
    assert alone.bequeath() == [None]
    alone.redis.come_back()
    assert [each[0] for each in alone.renew()] == ["bequeath", "HKEYS"]


def test_what_redis_knows_is_put_right() -> None:
    """What it has forgotten is left again, what was taken back meanwhile goes."""
    world = World()
    world.bequeath("a")
    world.take()
    world.redis.redis.answers["HKEYS"] = [b"s\na", b"s\ngone"]
    assert world.renew() == [
        ("bequeath", MINE, WILLED, "me", "s\na", "last", LASTING),
        ("HKEYS", MINE),
        ("HDEL", MINE, "s\ngone"),
    ]


def test_what_others_have_carried_out_is_left_no_more() -> None:
    """They have taken this node for dead."""
    world = World()
    world.bequeath()
    world.redis.redis.answers["bequeath"] = 0
    world.renew()
    assert world.wills.is_spent("s", Will("me", "w")) is True


@pytest.mark.parametrize("is_away", [False, True])
def test_putting_right_never_fails(is_away: bool) -> None:
    """It is done anew when the link is up again."""
    world = World()
    world.bequeath()
    if is_away:
        world.redis.go_away()
        assert told(world.wills.renew()) == [None]
    else:
        world.redis.redis.answers |= {"bequeath": Refusal("OOM x"), "HKEYS": Refusal("BUSY x")}
        world.renew()
    assert not world.wills.is_revoked("s", Will("me", "w"))


# -- whether they were carried out


@pytest.mark.parametrize(
    ("node", "reply", "is_spent"),
    [
        *(("dead", b"", True), ("dead", None, True), ("dead", b"last", False)),
        *(("me", b"", True), ("me", None, False), ("me", b"last", False)),
    ],
)
def test_what_was_carried_out_is_empty_or_gone(node: str, reply: Any, is_spent: bool) -> None:
    """But this node's own may be unknown to Redis."""
    world = World()
    world.bequeath()
    world.redis.redis.answers["HGET"] = reply
    got = told(world.wills.is_spent("s", Will(node, "w")))
    assert world.take("HGET") == [("HGET", f"p:{{@}}:wills:{node}", "s\nw")]
    assert got == [is_spent]


def test_whether_it_was_cannot_be_known_while_redis_is_away() -> None:
    """Unless this node goes on alone: then none was."""
    alone = World(speaks_locally=True)
    alone.redis.go_away()
    assert alone.wills.is_spent("s", Will("dead", "w")) is False
    world = World()
    world.redis.go_away()
    got = told(world.wills.is_spent("s", Will("dead", "w")))
    assert isinstance(got[0], BusUnavailable)


def test_it_is_noted_that_it_was() -> None:
    """One's own goes."""
    world = World()
    world.bequeath()
    world.take()
    world.redis.redis.next("keep_under", Refusal("OOM x"))
    world.wills.spend("s", Will("dead", "w"))
    world.wills.spend("s", Will("me", "w"))
    assert world.take() == [
        ("keep_under", "p:{@}:wills:dead", "s\nw", "", LASTING),
        ("HDEL", MINE, "s\nw"),
    ]
    world.redis.go_away()
    world.wills.spend("s", Will("dead", "w"))
    assert world.take() == []


# -- those of others


def test_own_wills_last_with_each_sign_of_life() -> None:
    """Others may have taken this node from those that have any."""
    world = World()
    world.wills.look(frozenset({"me"}))
    assert world.take() == []
    world.bequeath()
    world.take()
    world.wills.look(frozenset({"me"}))
    assert world.take() == [
        ("PEXPIRE", MINE, LASTING),
        ("PEXPIRE", WILLED, LASTING),
        ("SADD", WILLED, "me"),
    ]


def dead(world: World, **kept: bytes) -> None:
    """Let a node be dead that has left something, and one live that has."""
    world.redis.redis.answers |= {
        "SMEMBERS": [b"dead", b"you"],
        "HKEYS": [f"s\n{name}".encode() for name in kept],
        "HGET": lambda _key, entry: kept[entry.partition("\n")[2]],
    }


def test_the_wills_of_the_dead_are_carried_out_in_their_order() -> None:
    """What is empty was before; then the node has none any more."""
    world = World()
    world.wills.inherit("s", world.carry_out)
    dead(world, b=b"2", a=b"1", c=b"")
    world.live("me", "you")
    assert world.done == [("dead", "a", b"1"), ("dead", "b", b"2")]
    asked = world.take("SREM", "HKEYS")
    assert asked == [("HKEYS", "p:{@}:wills:dead"), ("SREM", WILLED, "dead")]


def test_nobody_is_taken_for_dead_too_soon() -> None:
    """This node has to have lived without a break, so long as others live without a sign."""
    world = World()
    world.wills.inherit("s", world.carry_out)
    dead(world, a=b"1")
    everybody = frozenset({"me", "you"})
    world.wills.look(everybody)
    world.redis.redis.advance(TTL - 1)
    world.wills.look(everybody)
    world.redis.redis.advance(1)
    world.wills.look(None)
    world.wills.look(everybody)
    world.redis.redis.settle()
    assert (world.take(), world.done) == ([], [])


def test_one_that_is_back_is_none_of_the_dead() -> None:
    """It is asked for once more, just before."""
    world = World()
    world.wills.inherit("s", world.carry_out)
    dead(world, a=b"1")
    world.redis.redis.answers["ZSCORE"] = b"12"
    world.live("me", "you")
    assert world.done == []
    assert world.take("SREM") == []


def test_what_another_subject_left_is_for_others() -> None:
    """The node has wills still."""
    world = World()
    world.wills.inherit("t", world.carry_out)
    dead(world, a=b"1")
    world.live("me", "you")
    assert world.done == []
    assert world.take("SREM") == []


def test_one_after_another_is_carried_out() -> None:
    """Also while signs of life go on."""
    world = World()
    world.wills.inherit("s", world.carry_out)
    first: Promise[None] = Promise()
    world.outcome = first
    dead(world, a=b"1", b=b"2")
    world.live("me", "you")
    world.wills.look(frozenset({"me", "you"}))
    world.redis.redis.settle()
    assert [name for _, name, _ in world.done] == ["a"]
    world.outcome = None
    first.give(None)
    world.redis.redis.settle()
    assert [name for _, name, _ in world.done] == ["a", "b"]


@pytest.mark.parametrize(("error", "count"), [(BusTimeout(), 0), (ValueError("ours"), 1)])
def test_what_fails_is_tried_with_the_next_sign_of_life(error: Exception, count: int) -> None:
    """A fault of ours is logged."""
    world = World()
    world.wills.inherit("s", world.carry_out)
    world.outcome = error
    dead(world, a=b"1")
    with capturedLogs() as events:
        world.live("me", "you")
    assert len(events) == count * len(world.done)
    world.outcome = None
    tried = len(world.done)
    world.wills.look(frozenset({"me", "you"}))
    world.redis.redis.settle()
    assert len(world.done) == tried + 1


def test_redis_may_go_while_it_is_done() -> None:
    """Nobody is told; it is tried again."""
    world = World()
    world.wills.inherit("s", world.carry_out)
    dead(world, a=b"1")
    world.redis.redis.next("SMEMBERS", WAIT)
    world.live("me", "you")
    with capturedLogs() as events:
        world.redis.go_away()
        world.wills.look(frozenset({"me", "you"}))
    assert [each for each in events if "carry out" in str(each)] == []
    world.redis.come_back()
    world.live("me", "you")
    assert world.done[0] == ("dead", "a", b"1")
