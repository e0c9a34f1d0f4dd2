# SPDX-License-Identifier: MIT
"""Who is in a room on which node, and which nodes live."""

from typing import Any

from twisted.logger import capturedLogs, formatEvent

from tests.support.redis_rooms import BusWorld, Somebody
from tests.support.scripted_redis import WAIT, Refusal, told
from wsecho.core.wire.errors import BusUnavailable


def members(world: BusWorld) -> list[str]:
    """The ids of who is in room a, as this node has them."""
    return [card.id for card in world.bus.members("a")]


def watched(world: BusWorld) -> list[set[str]]:
    """Which other nodes live, whenever that is told."""
    found: list[set[str]] = []
    world.bus.watch_nodes(lambda nodes: found.append(set(nodes) - {world.bus.node}))
    return found


def test_who_comes_and_goes_is_told_to_all() -> None:
    """But for whoever it is; on this node it is told as it comes round."""
    world, guest = BusWorld(), Somebody()
    card = world.join(guest)
    assert world.events == [("join", "a", card.id, guest)]
    assert list(world.rooms.log("a").who) == [f"{world.bus.node}/{card.id}".encode()]
    change = world.hub.leave("a", guest, 0.0)
    assert change is not None
    world.bus.tell("a", change)  # type: ignore[arg-type]
    world.redis.settle()
    assert world.events[1:] == [("leave", "a", card.id)]
    assert world.rooms.log("a").who == {}
    world.bus.tell("not followed", change)  # type: ignore[arg-type]
    assert world.redis.take("attend")[2:] == []


def test_members_of_others_are_known() -> None:
    """Those that were there before, and those that come; a room that nobody follows has none."""
    world = BusWorld()
    assert members(world) == []
    world.rooms.nodes.add(b"you")
    world.rooms.log("a").who[b"you/1"] = b'["1", "name", "sse", 0.5]'
    world.attach()
    world.rooms.enter("you", "2")
    assert members(world) == ["1", "2"]
    assert world.hub.count_elsewhere("a") == 2
    assert world.hub.count_elsewhere("b") == 0
    world.rooms.leave("you", "1")
    assert world.events == [("join", "a", "2"), ("leave", "a", "1")]
    assert members(world) == ["2"]


def test_the_members_of_a_dead_node_are_gone() -> None:
    """Each who lives tells those who watch there, and takes them from Redis."""
    world = BusWorld()
    world.attach()
    world.rooms.nodes.add(b"you")
    world.rooms.enter("you", "1")
    world.redis.advance(5)
    world.redis.take()
    world.rooms.nodes.discard(b"you")
    world.redis.advance(5)
    assert world.events == [("join", "a", "1"), ("leave", "a", "1")]
    assert world.redis.take("HDEL") == [("HDEL", "p:{a}:who", "you/1")]


def test_a_door_that_fails_then_ends_no_sign_of_life() -> None:
    """What depends on it goes on: all of the dead, and those who watch nodes."""
    world = BusWorld()
    nodes = watched(world)
    world.attach()
    world.attach("b")
    world.rooms.nodes.add(b"you")
    world.rooms.enter("you", "1")
    world.rooms.enter("you", "2", "b")
    world.redis.advance(5)
    world.rooms.nodes.discard(b"you")
    world.fails = True
    with capturedLogs() as events:
        world.redis.advance(5)
    assert world.events[2:] == [("leave", "a", "1"), ("leave", "b", "2")]
    assert [formatEvent(each) for each in events] == ["a door failed to take what came"] * 2
    assert nodes[-1] == set()


def test_who_was_taken_for_dead_comes_back_with_all_its_members() -> None:
    """Others have let them go."""
    world = BusWorld()
    card = world.join(Somebody())
    world.rooms.nodes.clear()
    world.rooms.log("a").who.clear()
    world.redis.advance(5)
    assert list(world.rooms.log("a").who) == [f"{world.bus.node}/{card.id}".encode()]


def test_what_redis_has_of_a_room_is_put_right() -> None:
    """After an outage: who came meanwhile is entered, who went is not there any more."""
    world, guest = BusWorld(), Somebody()
    gone = world.join(guest)
    stays = world.join(Somebody())
    world.go_away()
    change: Any = world.hub.leave("a", guest, 0.0)
    world.bus.tell("a", change)
    world.rooms.log("a").who = {
        f"{world.bus.node}/{gone.id}".encode(): b'["%s", null, "test", 0.0]' % gone.id.encode()
    }
    world.events.clear()
    world.come_back()
    world.redis.settle()
    assert list(world.rooms.log("a").who) == [f"{world.bus.node}/{stays.id}".encode()]
    assert members(world) == [stays.id]


def test_what_redis_refused_of_a_member_is_put_right() -> None:
    """Of one that came, and of one that went, though the connection stays."""
    world, guest = BusWorld(), Somebody()
    gone = world.join(guest)
    world.redis.next("attend", *[Refusal("OOM no")] * 4)
    comes = world.join(Somebody())
    change: Any = world.hub.leave("a", guest, 0.0)
    world.bus.tell("a", change)
    world.redis.settle()
    assert list(world.rooms.log("a").who) == [f"{world.bus.node}/{gone.id}".encode()]
    for _ in range(20):
        world.redis.advance(1)
    assert list(world.rooms.log("a").who) == [f"{world.bus.node}/{comes.id}".encode()]
    assert members(world) == [comes.id]
    asked = len(world.redis.take("HGETALL"))
    for _ in range(20):
        world.redis.advance(1)
    assert (asked < 8, world.redis.take("HGETALL")) == (True, [])


def test_who_is_there_is_asked_for_again() -> None:
    """Where Redis would not tell, though the log was read."""
    world = BusWorld()
    world.rooms.nodes.add(b"you")
    world.redis.next("HGETALL", Refusal("BUSY x"))
    world.attach()
    world.rooms.log("a").who[b"you/1"] = b'["1", null, "sse", 0.5]'
    for _ in range(8):
        world.redis.advance(1)
    assert members(world) == ["1"]


def test_while_redis_is_away_this_node_tells_its_own() -> None:
    """And writes nothing."""
    world = BusWorld(speaks_locally=True)
    world.attach()
    world.go_away()
    card = world.join(Somebody())
    assert world.events[-1][:3] == ("join", "a", card.id)
    assert world.redis.take("attend") == []


def test_whoever_watches_nodes_is_told_of_each_change() -> None:
    """At once, when this one is cut off, and when it is back; but not of no change."""
    world = BusWorld()
    found = watched(world)
    assert found == [set()]
    world.rooms.nodes.add(b"you")
    world.redis.advance(5)
    world.redis.advance(5)
    assert found == [set(), {"you"}]
    world.go_away()
    assert found[2:] == [set()]
    world.come_back()
    assert found[3:] == [{"you"}]


def test_who_watches_is_told_once_what_was_held_is_put_right() -> None:
    """And not where this node is cut off again meanwhile."""
    world = BusWorld()
    world.go_away()
    found = watched(world)
    world.redis.next("HKEYS", WAIT)
    world.come_back()
    assert found == [set()]
    world.go_away()
    assert found == [set(), set()]
    world.come_back()
    assert found == [set(), set(), set()]


def test_a_node_with_members_that_is_not_known_is_asked_for() -> None:
    """It has just come, or it is dead."""
    world = BusWorld()
    world.rooms.log("a").who[b"dead/1"] = b'["1", null, "sse", 0.5]'
    world.redis.take()
    world.attach()
    assert len(world.redis.take("beat")) == 1
    assert members(world) == []


def test_the_members_of_those_that_live_are_counted() -> None:
    """By room; a node that Redis does not tell of now is none of them."""
    world = BusWorld()
    world.join(Somebody())
    world.rooms.log("b").who[b"dead/1"] = b"x"
    got = told(world.bus.counts())
    world.redis.settle()
    assert got == [{"a": 1, "b": 0}]
    world.redis.next("beat", Refusal("OOM no"))
    got = told(world.bus.counts())
    world.redis.settle()
    assert isinstance(got[0], BusUnavailable)


def test_a_sign_of_life_that_is_refused_is_given_again() -> None:
    """Nobody is thought dead for it."""
    world = BusWorld()
    found = watched(world)
    world.rooms.nodes.add(b"you")
    world.redis.advance(5)
    world.redis.next("beat", Refusal("OOM no"))
    world.redis.advance(5)
    world.redis.advance(5)
    assert found == [set(), {"you"}]


def test_this_node_takes_its_name_back_at_its_end() -> None:
    """Others need not wait until it has gone."""
    world = BusWorld()
    world.redis.take()
    world.bus.stop()
    assert world.redis.take("ZREM") == [("ZREM", "p:{@}:nodes", world.bus.node)]
    world.redis.advance(60)
    assert world.redis.take() == []
