# SPDX-License-Identifier: MIT
"""Testaments over several nodes: those of a dead one are published by the others, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.router.cluster.air import Cluster, Radio
from tests.unit.router.cluster.nodes import AWAY, bequeath, heard
from tests.unit.router.peers import Peer, Rooms
from wsecho.core.promise import Later, Promise
from wsecho.router import Publication, WampError
from wsecho.router.cluster import messages

if TYPE_CHECKING:
    import random


def test_a_testament_reaches_other_nodes(cluster: Cluster) -> None:
    """It is published when its session is gone."""
    heir, testator = cluster[1].peer(), cluster[0].peer()
    heir.subscribe("com.will")
    testator.result("wamp.session.add_testament", "com.will", ["x"], {})
    testator.session.lost()
    cluster.settle()
    assert heir.events() == [[["x"]]]


def test_the_testaments_of_a_dead_node_are_published_once(cluster: Cluster) -> None:
    """In their order, by scope; not those that were flushed, or were published before."""
    heirs = [cluster[1].peer(), cluster[2].peer()]
    for heir in heirs:
        heir.subscribe("com.will")
    one, two, gone = (cluster[0].peer() for _ in range(3))
    for number in range(12):
        bequeath(one, number, scope="detached" if number % 2 else "destroyed")
    bequeath(two, "flushed", scope="detached")
    two.result("wamp.session.flush_testaments", scope="detached")
    bequeath(gone, "gone")
    gone.session.lost()
    cluster.settle()
    assert [heard(heir) for heir in heirs] == [["gone"], ["gone"]]
    cluster.kill("node0")
    cluster.settle()
    assert [heard(heir) for heir in heirs] == [[], []]
    cluster.bury("node0")
    cluster.settle()
    expected = [*range(1, 12, 2), *range(0, 12, 2)]
    assert [heard(heir) for heir in heirs] == [expected, expected]
    cluster.tell_who_lives()
    cluster.settle()
    assert [heard(heir) for heir in heirs] == [[], []]


def test_a_testament_of_a_dead_node_keeps_its_options(cluster: Cluster) -> None:
    """Who may have it, who it is from, and that it is retained."""
    testator = cluster[0].known("ann", "author")
    bob, eve = cluster[1].known("bob", "reader"), cluster[1].known("eve", "spy")
    for peer in (bob, eve):
        peer.subscribe("com.will")
    options = {"eligible_authid": ["bob"], "disclose_me": True, "retain": True}
    bequeath(testator, "x", publish_options=options)
    cluster.kill("node0")
    cluster.bury("node0")
    cluster.settle()
    [event] = bob.take()
    assert (event[3]["publisher_authid"], event[4]) == ("ann", ["x"])
    assert eve.take() == []
    later = cluster[2].known("bob", "reader")
    later.subscribe("com.will", get_retained=True)
    assert heard(later) == ["x"]


def test_a_node_that_was_only_away_publishes_no_testament_again(cluster: Cluster) -> None:
    """Nor does it what its sessions have flushed meanwhile; what they add then counts."""
    heir = cluster[1].peer()
    heir.subscribe("com.will")
    dead, ended, flushed = (cluster[0].peer() for _ in range(3))
    bequeath(dead, "dead")
    bequeath(ended, "ended")
    cluster.cut("node0")
    cluster.bury("node0")
    cluster.settle()
    assert sorted(heard(heir)) == ["dead", "ended"]
    ended.session.lost()
    cluster.rejoin("node0")
    cluster.settle()
    dead.session.lost()
    bequeath(flushed, "flushed")
    flushed.result("wamp.session.flush_testaments")
    flushed.session.lost()
    cluster.settle()
    assert heard(heir) == []
    assert not cluster.air.wills or not any(cluster.air.wills.values())


def test_a_testament_waits_until_it_can_be_published(cluster: Cluster) -> None:
    """Its session ended while the other nodes could not be reached."""
    heir = cluster[1].peer()
    heir.subscribe("com.will")
    testator, refused = cluster[0].peer(), cluster[0].peer()
    bequeath(testator, "x")
    cluster.cut("node0")
    assert refused.refused("wamp.session.add_testament", "com.will", ["y"], {}) == AWAY
    testator.session.lost()
    refused.session.lost()
    cluster.settle()
    assert heard(heir) == []
    cluster.rejoin("node0")
    cluster.settle()
    assert heard(heir) == ["x"]
    cluster.check()


@given(st.randoms(use_true_random=True))
def test_each_testament_is_published_once_whatever_happens(dice: random.Random) -> None:
    """Sessions end, nodes are cut off, taken for dead while they live, and die midway."""
    cluster = Cluster(4)
    watcher = cluster[3].peer()
    watcher.subscribe("com.will")
    peers = {f"{node}/{number}": cluster[node].peer() for node in range(3) for number in range(3)}
    for name, peer in peers.items():
        bequeath(peer, name)
    for _ in range(dice.randrange(40)):
        happen(cluster, dice, peers)
    for node in [f"node{number}" for number in range(3)]:
        cluster.air.radios.pop(node, None)
        cluster.bury(node)
    for _ in range(3):
        cluster.settle()
        cluster.tell_who_lives()
    cluster.settle()
    assert sorted(heard(watcher)) == sorted(peers)


def happen(cluster: Cluster, dice: random.Random, peers: dict[str, Peer]) -> None:
    """Let something happen to a node or a session, or some of what is under way."""
    number = dice.randrange(3)
    node = f"node{number}"
    is_there, is_away = node in cluster.air.radios, cluster.radios[node].is_away
    act = dice.choice(["end", "cut", "bury", "rejoin", "kill", "step", "step", "step"])
    if act == "end" and (is_there or is_away):
        peers[f"{number}/{dice.randrange(3)}"].session.lost()
    elif act in {"cut", "kill"} and is_there:
        (cluster.cut if act == "cut" else cluster.kill)(node)
    elif act == "bury" and not is_there:
        cluster.bury(node)
    elif act == "rejoin" and is_away:
        cluster.rejoin(node)
    else:
        for _ in range(dice.randrange(20)):
            cluster.step(dice)


class Heirs(Rooms):
    """Rooms on one node: they note the testaments that they carry out."""

    def __init__(self) -> None:
        super().__init__()
        self.executed: list[tuple[Any, ...]] = []

    def execute(self, publication: Publication, authid: str, authrole: str) -> Later[int]:
        """Note it; fail, or answer later, as `publish` does."""
        self.executed.append((publication.topic, publication.args, authid, authrole))
        answer: Later[int] = self._answer(publication.id)
        return answer


def with_owners(number: int) -> tuple[Cluster, list[Heirs]]:
    """Nodes whose rooms have an owner each."""
    cluster, owners = Cluster(0), [Heirs() for _ in range(number)]
    for place, owner in enumerate(owners):
        cluster._settings = {"owner": owner}
        owner.realm = cluster.start(f"node{place}").realm
    cluster.settle()
    return cluster, owners


ROOM = "wsecho.room.a"
CARRIED_OUT = (ROOM, ["x"], "ann", "user")


def test_a_testament_to_a_room_is_the_rooms_to_carry_out() -> None:
    """On the node that its session was on, in the name of whoever made it."""
    cluster, owners = with_owners(2)
    testator = cluster[0].known("ann")
    bequeath(testator, "x", topic="wsecho.room.A")
    testator.session.lost()
    cluster.settle()
    assert [owner.executed for owner in owners] == [[CARRIED_OUT], []]
    assert not any(cluster.air.wills.values())
    cluster.check()


def test_a_room_carries_out_what_a_dead_node_left() -> None:
    """Once: it is spent when the room has it, and others that look find nothing."""
    cluster, owners = with_owners(2)
    bequeath(cluster[0].known("ann"), "x", topic=ROOM)
    cluster.kill("node0")
    for _ in range(2):
        cluster.bury("node0")
        cluster.settle()
    assert [owner.executed for owner in owners] == [[], [CARRIED_OUT]]
    cluster.check()


def test_a_room_that_cannot_be_reached_is_tried_again() -> None:
    """At the next look, for it is not spent; what is refused for good is not."""
    for uri, times in (("wamp.error.timeout", 2), ("wamp.error.not_authorized", 1)):
        cluster, (_, heir) = with_owners(2)
        bequeath(cluster[0].known("ann"), "x", topic=ROOM)
        heir.refuse = WampError(uri)
        cluster.kill("node0")
        cluster.bury("node0")
        cluster.settle()
        assert heir.executed == [CARRIED_OUT]
        heir.refuse = None
        cluster.tell_who_lives()
        cluster.settle()
        assert heir.executed == [CARRIED_OUT] * times
        assert not any(cluster.air.wills.values())
        cluster.check()


def test_a_room_may_answer_later() -> None:
    """The testament stays until it has, and through a promise that fails."""
    cluster, (_, heir) = with_owners(2)
    bequeath(cluster[0].known("ann"), "x", topic=ROOM)
    heir.later = Promise()
    cluster.kill("node0")
    cluster.bury("node0")
    cluster.settle()
    assert any(cluster.air.wills.values())
    heir.later.fail(WampError("wamp.error.network_failure"))
    heir.later = Promise()
    cluster.tell_who_lives()
    cluster.settle()
    assert len(heir.executed) == 2
    heir.later.give(7)
    cluster.settle()
    assert not any(cluster.air.wills.values())
    cluster.check()


def test_a_room_is_not_asked_for_what_others_carried_out() -> None:
    """Taken for dead while it lived: its own node asks before it says it again."""
    cluster, owners = with_owners(2)
    testator = cluster[0].known("ann")
    bequeath(testator, "x", topic=ROOM)
    cluster.cut("node0")
    cluster.bury("node0")
    cluster.settle()
    assert owners[1].executed == [CARRIED_OUT]
    cluster.rejoin("node0")
    testator.session.lost()
    cluster.settle()
    assert owners[0].executed == []
    cluster.check()


def test_a_testament_that_cannot_be_stored_is_not_there(cluster: Cluster) -> None:
    """Whether nodes cannot be reached, may not have it, or could not read it."""
    heir, testator = cluster[1].peer(), cluster[0].peer()
    heir.subscribe("com.will")
    radio = cluster.radios["node0"]
    testator.session.receive(
        [48, 1, {}, "wamp.session.add_testament", ["com.will", ["doubtful"], {}]]
    )
    radio.asked.pop().fail(WampError("wamp.error.timeout"))
    assert testator.one()[4] == "wamp.error.timeout"
    cluster.settle()
    testator.request = 1
    refused = testator.refused("wamp.session.add_testament", "com.will", ["\ud800"], {})
    assert refused == "wamp.error.invalid_payload"
    radio.is_away = True
    assert testator.refused("wamp.session.add_testament", "com.will", ["away"], {}) == AWAY
    radio.is_away = False
    testator.session.lost()
    cluster.settle()
    assert heard(heir) == []
    assert not any(cluster.air.wills.values())
    cluster.check()


def test_what_is_bequeathed_and_is_no_testament_is_done_with(cluster: Cluster) -> None:
    """A later release may leave what this one cannot carry out."""
    assert cluster.radios["node0"].heir("node1", "a", messages.Left(5)) is True


@pytest.mark.parametrize("uri", ["wamp.error.network_failure", "wamp.error.timeout"])
def test_a_dead_nodes_testament_waits_for_the_network(cluster: Cluster, uri: str) -> None:
    """It is not spent where it is not known to have been told."""
    heir, testator = cluster[2].peer(), cluster[0].peer()
    heir.subscribe("com.will")
    bequeath(testator, "x")

    def fail(*_: object) -> Any:
        raise WampError(uri)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Radio, "carry_out", fail)
        cluster.kill("node0")
        cluster.bury("node0")
        cluster.settle()
    assert any(cluster.air.wills.values())
    assert heard(heir) == []
    cluster.tell_who_lives()
    cluster.settle()
    assert heard(heir) == ["x"]
    cluster.check()


def test_a_testament_that_is_refused_for_good_is_done_with() -> None:
    """Its session is over, nobody can be told, and it must not be tried for ever."""
    cluster, (owner, _) = with_owners(2)
    testator = cluster[0].known("ann")
    bequeath(testator, "x", topic=ROOM)
    owner.refuse = WampError("wamp.error.not_authorized")
    testator.session.lost()
    cluster.settle()
    assert owner.executed == [CARRIED_OUT]
    assert not any(cluster.air.wills.values())
    owner.refuse = None
    cluster.cut("node0")
    cluster.rejoin("node0")
    cluster.settle()
    assert owner.executed == [CARRIED_OUT]
    cluster.check()
