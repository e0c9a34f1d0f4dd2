# SPDX-License-Identifier: MIT
"""Events to more subscribers than are sent to at once."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.router.peers import PUBLISH, UNSUBSCRIBE, Peer, World
from wsecho.core.limits import scheduler


@pytest.fixture(autouse=True)
def slices_of_three() -> Iterator[None]:
    """Make the slices smaller than the few subscribers of a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scheduler, "SLICE", 3)
        patch.setattr(scheduler, "_LEAST", 1)
        yield


def said(peers: list[Peer]) -> list[list[Any]]:
    """What the events say that each has got since the last call."""
    return [[event[0][0] for event in peer.events()] for peer in peers]


def subscribers(world: World, number: int, topic: str = "a") -> list[Peer]:
    """Have some subscribe."""
    peers = [world.peer() for _ in range(number)]
    for peer in peers:
        peer.subscribe(topic)
    return peers


def test_others_have_their_turn_between_slices(world: World) -> None:
    """Each gets each event once; a slice at once, the next in the next turn."""
    peers = subscribers(world, 8)
    world.peer().publish("a", "x")
    assert said(peers) == [["x"]] * 3 + [[]] * 5
    world.clock.move(0)
    assert said(peers) == [[]] * 3 + [["x"]] * 3 + [[]] * 2
    world.clock.move(0)
    assert said(peers) == [[]] * 6 + [["x"]] * 2
    assert not world.clock.waiting


def test_what_is_said_meanwhile_comes_behind(world: World) -> None:
    """In the order of publishing, on whatever topic; an event for few waits, too."""
    peers = subscribers(world, 5)
    for peer in peers:
        peer.subscribe("b")
    few = subscribers(world, 1, "c")
    publisher = world.peer()
    for topic in ("a", "b", "c"):
        publisher.publish(topic, topic)
    assert said(few) == [[]]
    for _ in range(4):
        world.clock.move(0)
    assert said(peers) == [["a", "b"]] * 5
    assert said(few) == [["c"]]
    publisher.publish("c", "at once")
    assert said(few) == [["at once"]]


def test_who_has_unsubscribed_or_gone_is_passed_over(world: World) -> None:
    """No event comes behind UNSUBSCRIBED; who subscribes later gets none of before."""
    peers = [world.peer() for _ in range(6)]
    subscriptions = [peer.subscribe("a") for peer in peers]
    world.peer().publish("a", "x")
    peers[3].ask(UNSUBSCRIBE, subscriptions[3])
    peers[4].session.lost()
    late = subscribers(world, 1)
    world.clock.move(0)
    assert said([*peers, *late]) == [["x"]] * 3 + [[], [], ["x"], []]


def test_a_fault_of_one_slice_is_not_the_others(world: World) -> None:
    """It is told, and the next slice is sent."""
    peers = subscribers(world, 5)

    def fail(_raw: Any) -> None:
        raise ValueError("a fault of ours")

    peers[0].transport.on_send = fail
    world.peer().publish("a", "x")
    world.clock.move(0)
    assert said(peers[3:]) == [["x"]] * 2
    assert [type(fault) for fault in world.faults] == [ValueError]
    world.faults.clear()


def test_what_is_said_because_of_an_event_waits_behind_it(world: World) -> None:
    """Even where it ends somebody, whose testament is an event."""
    peers = subscribers(world, 4)
    other = subscribers(world, 1, "wamp.session.on_leave")
    peers[0].transport.on_send = lambda _: peers[1].session.lost()
    world.peer().publish("a", "x")
    assert said(other) == [[]]
    world.clock.move(0)
    world.clock.move(0)
    assert said([peers[0], peers[2], peers[3]]) == [["x"]] * 3
    assert len(other[0].transport.objects) > 1


def test_what_is_said_because_of_an_event_to_few_waits_behind_it(world: World) -> None:
    """Else the last words of whoever has gone would come before what it had said."""
    gone, reader = subscribers(world, 2)
    gone.call("wamp.session.add_testament", "a", ["last words"], {})
    gone.transport.on_send = lambda _: gone.session.lost()
    gone.ask(PUBLISH, {"exclude_me": False}, "a", ["x"])
    assert said([reader]) == [["x", "last words"]]
