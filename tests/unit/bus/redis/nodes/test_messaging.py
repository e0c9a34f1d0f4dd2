# SPDX-License-Identifier: MIT
"""What nodes tell one another on a subject, and what is kept of it."""

from typing import Any

import pytest
from attrs import define, field

from tests.support.scripted_redis import RedisWorld, Refusal, connected, told
from wsecho.bus.redis.client.scripts import LARGE
from wsecho.bus.redis.nodes.messaging import MAX_LOGGED, NodeMessaging
from wsecho.bus.redis.nodes.outbox import SubjectOutbox
from wsecho.bus.redis.nodes.wills import Wills
from wsecho.core.rooms.wills import Will
from wsecho.core.wire.errors import BusTimeout, BusUnavailable

TOO_LARGE = b"x" * (LARGE + 1)


@define(eq=False)
class World:
    """This node, `me`."""

    redis: RedisWorld = field(factory=connected)
    wills: Wills = field(init=False)
    messaging: NodeMessaging = field(init=False)

    def __attrs_post_init__(self) -> None:
        commands, keys = self.redis.commands, self.redis.keys
        self.wills = Wills("me", commands, keys, 6.0, lambda: 0.0, speaks_locally=False)
        outbox = SubjectOutbox(lambda: None)
        self.messaging = NodeMessaging(commands, keys, "1000", "9000", self.wills, outbox)

    def take(self) -> list[tuple[str, ...]]:
        """What was asked."""
        return self.redis.redis.take()


def test_what_is_small_is_told_on_the_subjects_channel() -> None:
    """To all, or to one: whether that listens is known then."""
    world = World()
    world.messaging.broadcast("s", b"hi")
    announced = told(world.messaging.tell("s", b"hi"))
    world.redis.redis.next("PUBLISH", 1, 1, 1, 0)
    sent = [told(world.messaging.send_to("you", "s", b"hi")) for _ in range(2)]
    assert world.take() == [
        *[("PUBLISH", "p:{0}subject:s", "hi")] * 2,
        *[("PUBLISH", "p:{0}node:you:s", "hi")] * 2,
    ]
    assert (announced, sent) == ([None], [[True], [False]])


def test_what_is_large_waits_in_a_place() -> None:
    """It is told on the same channels."""
    world = World()
    sent = told(world.messaging.send_to("you", "s", TOO_LARGE))
    world.messaging.broadcast("s", TOO_LARGE)
    asked = world.take()
    assert [each[0] for each in asked] == ["set_aside", "set_aside"]
    assert [each[3] for each in asked] == ["p:{0}node:you:s", "p:{0}subject:s"]
    assert sent == [True]


def test_where_it_cannot_be_said_nobody_is_told_who_does_not_ask() -> None:
    """Redis is away, or refuses it."""
    world = World()
    world.redis.redis.answers["PUBLISH"] = Refusal("NOPERM no")
    world.messaging.broadcast("s", b"hi")
    announced = told(world.messaging.tell("s", b"hi"))
    world.take()
    assert isinstance(announced[0], BusUnavailable)
    world.redis.go_away()
    world.messaging.broadcast("s", b"hi")
    with pytest.raises(BusUnavailable):
        world.messaging.tell("s", b"hi")
    with pytest.raises(BusUnavailable):
        world.messaging.send_to("you", "s", b"hi")
    assert world.take() == []


def test_what_is_logged_is_kept_in_the_same_step() -> None:
    """Where it is to be; the names of what lasts with the nodes are known then."""
    world = World()
    got = [told(world.messaging.broadcast_logged("s", b"hi", keep)) for keep in (None, "name")]
    rest = ("9000", str(MAX_LOGGED))
    names = ("p:{@}:log:s", "p:{@}:last:s", "p:{@}:kept:s")
    assert world.take() == [
        ("broadcast_logged", *names, "hi", "p:{0}log:s", "1000", "", *rest),
        ("broadcast_logged", *names, "hi", "p:{0}log:s", "1000", "name", *rest),
    ]
    assert got == [[True], [True]]
    assert world.messaging.names == {"p:{@}:last:s", "p:{@}:kept:s"}


@pytest.mark.parametrize(("will", "is_own"), [(Will("me", "w"), "1"), (Will("dead", "w"), "")])
def test_a_will_is_carried_out_in_the_same_step(will: Will, is_own: str) -> None:
    """Once: whoever comes later is told that it was."""
    world = World()
    told(world.wills.bequeath("s", "w", b"last"))
    world.take()
    world.redis.redis.next("broadcast_logged", 1, 0)
    got = [told(world.messaging.broadcast_logged("s", b"hi", None, will)) for _ in range(2)]
    [one, _] = world.take()
    assert one[4] == f"p:{{@}}:wills:{will.node}"
    assert one[-3:-1] == ("s\nw", is_own)
    assert got == [[True], [False]]


def test_a_will_that_was_taken_back_is_not_said() -> None:
    """Redis is not asked."""
    world = World()
    assert world.messaging.broadcast_logged("s", b"hi", None, Will("me", "w")) is False
    assert world.take() == []


@pytest.mark.parametrize(
    ("reply", "kind"),
    [(Refusal("OOM no"), BusUnavailable), (Refusal("HALFWAY OOM no"), BusTimeout)],
)
def test_what_could_not_be_logged_is_told(reply: Refusal, kind: type[Exception]) -> None:
    """And what is unknown as such."""
    world = World()
    world.redis.redis.answers["broadcast_logged"] = reply
    got = told(world.messaging.broadcast_logged("s", b"hi"))
    world.take()
    assert isinstance(got[0], kind)


def test_something_is_kept_and_dropped() -> None:
    """If Redis is there, and takes it; there is nothing to do for no names."""
    world = World()
    world.redis.redis.next("keep_under", Refusal("OOM no"))
    world.messaging.keep("s", "a", b"1")
    world.messaging.drop("s", ["a", "b"])
    world.messaging.drop("s", [])
    assert world.take() == [
        ("keep_under", "p:{@}:kept:s", "a", "1", "9000"),
        ("HDEL", "p:{@}:kept:s", "a", "b"),
    ]
    world.redis.go_away()
    world.messaging.keep("s", "a", b"1")
    world.messaging.drop("s", ["a"])
    assert world.take() == []
    with pytest.raises(BusUnavailable):
        world.messaging.kept("s")


def test_what_is_kept_is_read_some_at_a_time() -> None:
    """What there is no room for one by one; it may be gone by then."""
    world = World()
    world.redis.redis.next("read_kept", [b"4", [b"big", b"gone"], b"a", b"1"])
    world.redis.redis.next("read_kept", [b"0", [], b"b", b"2"])
    world.redis.redis.next("HGET", b"large", None)
    got = told(world.messaging.kept("s"))
    asked = world.take()
    assert [each[:3] for each in asked] == [
        ("read_kept", "p:{@}:kept:s", "0"),
        ("HGET", "p:{@}:kept:s", "big"),
        ("HGET", "p:{@}:kept:s", "gone"),
        ("read_kept", "p:{@}:kept:s", "4"),
    ]
    assert got == [{"a": b"1", "big": b"large", "b": b"2"}]


@pytest.mark.parametrize("name", ["read_kept", "HGET"])
def test_what_is_kept_is_read_whole_or_not(name: str) -> None:
    """Where a step fails, all of it does."""
    world = World()
    answers: dict[str, Any] = {"read_kept": [b"0", [b"big"]], "HGET": b"x"}
    world.redis.redis.answers |= {**answers, name: Refusal("BUSY x")}
    got = told(world.messaging.kept("s"))
    world.take()
    assert isinstance(got[0], BusUnavailable)
