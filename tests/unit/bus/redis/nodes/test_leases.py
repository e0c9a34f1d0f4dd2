# SPDX-License-Identifier: MIT
"""This node's claims in Redis: made, kept, made again, and given up for sure."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import define, field

from tests.support.scripted_redis import WAIT, RedisWorld, Refusal, connected, told
from wsecho.bus.redis.nodes.leases import Leases
from wsecho.core.rooms.leases import Claim, HeldError
from wsecho.core.wire.errors import BusTimeout, BusUnavailable

CLAIM = Claim("place", "holder", "rule", is_shared=True)


@define(eq=False)
class World:
    """This node, `me`; the ranks that it has lost."""

    speaks_locally: bool = False
    redis: RedisWorld = field(factory=connected)
    lost: list[str] = field(factory=list)
    leases: Leases = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.redis.redis.answers["claim"] = 5
        self.leases = Leases(
            *("me", self.redis.commands, self.redis.keys, "9000"),
            speaks_locally=self.speaks_locally,
        )

    def claim(self, claim: Claim = CLAIM) -> list[Any]:
        """Claim it."""
        got = told(self.leases.claim(claim, lambda: self.lost.append(claim.holder)))
        self.redis.redis.settle()
        return got

    def renew(self) -> list[tuple[str, ...]]:
        """Put right what Redis knows; return what it was asked for."""
        got = told(self.leases.renew())
        asked = self.take()
        assert got == [None]
        return asked

    def take(self) -> list[tuple[str, ...]]:
        """What was asked, without the names of what all of it is about."""
        asked = self.redis.redis.take("claim", "release", "turn")
        return [(each[0], *(word for word in each[1:] if "{@}" not in word)) for each in asked]


def test_a_claim_has_a_rank() -> None:
    """To claim again what one holds asks nobody."""
    world = World()
    assert world.claim() == [5]
    assert world.take() == [("claim", "place", "me", "holder", "rule", "1", "0", "9000")]
    assert world.claim() == [5]
    assert world.take() == []


def test_what_others_hold_is_refused() -> None:
    """Under their rule; it is not held then."""
    world = World()
    world.redis.redis.next("claim", b"theirs")
    [error] = world.claim()
    assert isinstance(error, HeldError)
    assert error.rule == "theirs"
    assert world.renew()[1:] == []


def test_a_claim_is_made_again_with_its_rank() -> None:
    """And has another, where Redis says so."""
    world = World()
    world.claim()
    world.claim(Claim("other", "holder", "rule", is_shared=False))
    world.take()
    world.redis.redis.next("claim", 5, 8)
    assert world.renew() == [
        ("claim", "place", "me", "holder", "rule", "1", "5", "9000"),
        ("claim", "other", "me", "holder", "rule", "0", "5", "9000"),
    ]
    assert world.claim(Claim("other", "holder", "rule", is_shared=False)) == [8]


@pytest.mark.parametrize(
    ("reply", "lost"), [(b"theirs", ["holder"]), (Refusal("OOM no"), []), (Refusal("BUSY x"), [])]
)
def test_what_others_hold_by_now_is_lost(reply: Any, lost: list[str]) -> None:
    """But for what Redis could not tell."""
    world = World()
    world.claim()
    world.redis.redis.next("claim", reply)
    world.renew()
    assert world.lost == lost
    assert len(world.renew()) == 1 - len(lost)


@pytest.mark.parametrize("reply", [6, b"theirs"])
def test_what_was_ceded_meanwhile_is_not_lost(reply: Any) -> None:
    """Whoever held it wants it no more."""
    world = World()
    world.claim()
    world.redis.redis.next("claim", WAIT)
    renewed = told(world.leases.renew())
    world.leases.cede("place", "holder")
    world.redis.redis.settle()
    world.redis.redis.reply(reply)
    assert (renewed, world.lost) == ([None], [])
    world.take()
    assert world.renew() == []


@pytest.mark.parametrize(("node", "is_others"), [(None, "0"), ("me", "0"), ("dead", "1")])
def test_a_claim_is_ceded(node: str | None, is_others: str) -> None:
    """That of another node only while that is dead."""
    world = World()
    world.claim()
    world.take()
    world.leases.cede("place", "holder", node)
    assert world.take() == [("release", "place", node or "me", "holder", is_others)]
    assert len(world.renew()) == (node == "dead")


def refuse(world: World) -> None:
    """Have Redis refuse to let go."""
    world.redis.redis.next("release", Refusal("BUSY x"))
    world.leases.cede("place", "holder")
    world.redis.redis.settle()


def be_away(world: World) -> None:
    """Have it be away."""
    world.redis.go_away()
    world.leases.cede("place", "holder")
    world.redis.come_back()


def be_lost(world: World) -> None:
    """Have it go before it answers."""
    world.redis.redis.next("release", WAIT)
    world.leases.cede("place", "holder")
    world.redis.redis.settle()
    world.redis.go_away()
    world.redis.come_back()


@pytest.mark.parametrize("happen", [refuse, be_away, be_lost])
def test_what_could_not_be_ceded_is_ceded_later(happen: Callable[[World], None]) -> None:
    """Once, and not where it is held again by then."""
    world = World()
    world.claim()
    happen(world)
    world.take()
    assert world.renew() == [("release", "place", "me", "holder", "0")]
    assert world.renew() == []
    world.claim()
    happen(world)
    world.claim()
    world.take()
    assert [each[0] for each in world.renew()] == ["claim"]


def test_a_claim_of_which_nobody_knows_is_ceded() -> None:
    """Redis did not answer: it may hold it."""
    world = World()
    world.redis.redis.next("claim", WAIT)
    got = world.claim()
    world.redis.go_away()
    assert isinstance(got[0], BusTimeout)
    world.redis.come_back()
    assert world.renew() == [("release", "place", "me", "holder", "0")]


def test_where_redis_is_away_nothing_is_claimed() -> None:
    """Unless this node goes on alone; Redis is told of that once it is back."""
    world = World()
    world.redis.go_away()
    with pytest.raises(BusUnavailable):
        world.leases.claim(CLAIM, lambda: None)
    alone = World(speaks_locally=True)
    alone.claim()
    alone.redis.go_away()
    assert alone.claim(Claim("other", "holder", "rule", is_shared=True)) == [6]
    alone.redis.come_back()
    assert [each[1:] for each in alone.renew()] == [
        ("place", "me", "holder", "rule", "1", "5", "9000"),
        ("other", "me", "holder", "rule", "1", "6", "9000"),
    ]


def test_nothing_is_put_right_while_redis_is_away() -> None:
    """It is, when it is back."""
    world = World()
    world.claim()
    world.redis.go_away()
    assert told(world.leases.renew()) == [None]
    assert world.lost == []


def test_turns_count_up() -> None:
    """In Redis."""
    world = World()
    world.redis.redis.answers["turn"] = 3
    got = told(world.leases.take_turn("place"))
    assert world.take() == [("turn", "place", "9000")]
    assert got == [3]
