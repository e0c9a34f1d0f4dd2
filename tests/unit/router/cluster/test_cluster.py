# SPDX-License-Identifier: MIT
"""Nodes come, go, and are cut off: what each session sees is as if there were one."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.router.cluster.air import PATIENCE, Cluster
from tests.unit.router.cluster.nodes import AWAY, TAKEN, callees, filled, knows
from tests.unit.router.peers import (
    CALL,
    ERROR,
    INTERRUPT,
    INVOCATION,
    PUBLISH,
    REGISTER,
    UNREGISTER,
    UNREGISTERED,
    Peer,
    Rooms,
    is_over,
)
from wsecho.router import Identity
from wsecho.router.cluster import messages
from wsecho.router.cluster.cluster import RealmCluster


def test_the_owner_of_topics_hears_of_its_own_node_alone() -> None:
    """A room has to be followed on each node that has a member."""
    owners = [Rooms(), Rooms()]
    cluster = Cluster(0)
    for number, owner in enumerate(owners):
        cluster._settings = {"owner": owner}
        owner.realm = cluster.start(f"node{number}").realm
    cluster.settle()
    peers = [cluster[number].peer() for number in (0, 1)]
    ids = {peer.subscribe("wsecho.room.a") for peer in peers}
    assert len(ids) == 1
    peers[0].publish("wsecho.room.a", "x", exclude_me=False)
    assert [peer.events() for peer in peers] == [[[["x"]]], []]
    for peer in peers:
        peer.session.lost()
    cluster.settle()
    for owner, peer in zip(owners, peers, strict=True):
        told = [entry for entry in owner.log if entry[0] in {"subscribed", "unsubscribed"}]
        assert told == [
            ("subscribed", peer.id, "wsecho.room.a", True),
            ("unsubscribed", peer.id, "wsecho.room.a", True),
        ]
    cluster.check_empty()


def test_a_node_that_comes_later_knows_all(cluster: Cluster) -> None:
    """However much there is."""
    for number in range(450):
        filled(cluster, number % 3) if number < 3 else cluster[number % 3].peer()
    later = cluster.start("later")
    cluster.settle()
    assert knows(later) == knows(cluster[0])
    assert len(knows(later)[0]) == 450
    caller = later.peer()
    assert caller.call("com.at1") is None


def test_a_dead_node_goes_with_all_that_it_had(cluster: Cluster) -> None:
    """Calls fail, its procedures are free, and whoever watches is told."""
    watching, caller = cluster[0].peer(), cluster[0].peer()
    gone = filled(cluster, 1)
    watching.subscribe("wamp.session.on_leave")
    watching.subscribe("wamp.registration.on_delete")
    watching.subscribe("wamp.subscription.on_delete")
    caller.call("com.at1")
    busy = filled(cluster, 2)
    gone.call("com.at2")
    assert busy.one()[0] == INVOCATION
    cluster.kill("node1")
    # Redis knows at once that nobody listens there any more.
    assert caller.call("com.at1")[4] == "wamp.error.canceled"
    assert cluster[2].peer().ask(REGISTER, {}, "com.at1")[4] == TAKEN
    cluster.bury("node1")
    cluster.settle()
    assert [raw[4] for raw in caller.take()] == ["wamp.error.canceled"]
    assert busy.one()[0] == INTERRUPT
    assert len(watching.events()) == 3
    assert gone.id not in watching.result("wamp.session.list")
    cluster[2].peer().register("com.at1")
    assert not cluster.air.held["exact com.at1"][1:]


def test_while_a_node_is_cut_off_nothing_is_half_done(cluster: Cluster) -> None:
    """Publishing, calling, registering and the meta API are refused; sessions stay."""
    here, there = filled(cluster, 0), filled(cluster, 1)
    other = cluster[0].peer()
    other.subscribe("com.t")
    here.call("com.at1")
    there.call("com.at0")
    here.take()
    there.take()
    here.session.receive([PUBLISH, 90, {"acknowledge": True}, "com.t"])
    cluster.cut("node0")
    assert [raw[4] for raw in here.take() if raw[0] == ERROR] == [
        *("wamp.error.timeout", AWAY),
    ]
    here.request = 100
    for kind, rest in (
        (PUBLISH, ({"acknowledge": True}, "com.t")),
        (CALL, ({}, "com.at0")),
        (CALL, ({}, "com.at1")),
        (CALL, ({}, "com.nothing")),
        (CALL, ({}, "wamp.session.count")),
        (REGISTER, ({}, "com.new")),
    ):
        assert here.ask(kind, *rest)[4] == AWAY
    here.ask(PUBLISH, {}, "com.t")
    here.subscribe("com.late")
    assert other.take() == []
    cluster.rejoin("node0")
    cluster.settle()
    assert knows(cluster[0]) == knows(cluster[1]) == knows(cluster[2])
    assert here.call("com.at1") is None
    assert there.take()[-1][0] == INVOCATION
    assert there.result("wamp.subscription.lookup", "com.late") is not None


def test_after_a_short_outage_nobody_has_left(cluster: Cluster) -> None:
    """What has changed meanwhile is told, and no more."""
    watching = cluster[0].peer()
    stays, goes = filled(cluster, 1), cluster[1].peer()
    for topic in ("wamp.session.", "wamp.subscription.", "wamp.registration."):
        watching.subscribe(topic, match="prefix")
    goes_id = goes.id
    for node in ("node0", "node1", "node2"):
        cluster.cut(node)
    goes.session.lost()
    for node in ("node0", "node1", "node2"):
        cluster.rejoin(node)
    cluster.settle()
    left = [raw for raw in watching.take() if raw[3]["topic"] == "wamp.session.on_leave"]
    assert [raw[4][0] for raw in left] == [goes_id]
    assert stays.session.is_open
    assert knows(cluster[0]) == knows(cluster[1])


def test_a_node_that_does_not_come_back_is_given_up(cluster: Cluster) -> None:
    """Once it could have."""
    filled(cluster, 1)
    watching = cluster[0].peer()
    for node in ("node0", "node1", "node2"):
        cluster.cut(node)
    cluster.air.known.clear()
    cluster.rejoin("node0")
    cluster.rejoin("node2")
    cluster.settle()
    assert watching.result("wamp.session.count") == 2
    cluster.clock.move(PATIENCE)
    cluster.settle()
    assert watching.result("wamp.session.count") == 1


def test_who_goes_on_alone_serves_its_own() -> None:
    """`--when-bus-down local`; on return all is told again, and the first claim stands."""
    cluster = Cluster(2, goes_on_alone=True)
    here, there = filled(cluster, 0), filled(cluster, 1)
    cluster.cut("node0")
    caller = cluster[0].peer()
    assert caller.result("wamp.session.count") == 2
    caller.subscribe("com.t")
    here.publish("com.t", "local", retain=True)
    assert caller.events() == [[["local"]]]
    caller.call("com.at0")
    assert here.one()[0] == INVOCATION
    assert caller.call("com.at1")[4] == "wamp.error.no_such_procedure"
    doubled = cluster[0].peer(callees("registration_revocation"))
    doubled.register("com.at1")
    doubled.register("com.shared", invoke="roundrobin")
    here.register("com.shared", invoke="roundrobin")
    caller.call("com.shared")
    cluster.rejoin("node0")
    cluster.settle()
    assert [raw[0] for raw in doubled.take()] == [INVOCATION, UNREGISTERED]
    caller.call("com.at1")
    assert there.one()[0] == INVOCATION
    assert knows(cluster[0]) == knows(cluster[1])
    late = cluster[1].peer()
    late.subscribe("com.t", get_retained=True)
    assert late.events() == [[["local"]]]
    cluster.check()


class Story:
    """What may happen to three nodes, drawn by dice, and what must hold at the end."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.cluster = Cluster(3)
        self.peers: list[tuple[str, Peer]] = []
        self.fresh = 3

    def act(self) -> None:
        """Do something."""
        acts = [self.join, self.leave, self.subscribe, self.register, self.drop, self.blink]
        acts += [self.crash, *[self.wait] * 6]
        self.dice.choice(acts)()

    def join(self) -> None:
        """Somebody comes."""
        node = self.dice.choice(list(self.cluster.radios))
        transport = Identity(f"{len(self.peers)}", "user", "token")
        self.peers.append((node, self.cluster.worlds[node].raw_peer(identity=transport).hello()))

    def somebody(self) -> Peer | None:
        """One who is there."""
        there = [peer for _, peer in self.peers if not is_over(peer)]
        return self.dice.choice(there) if there else None

    def leave(self) -> None:
        """Somebody goes."""
        if peer := self.somebody():
            peer.session.lost()

    def subscribe(self) -> None:
        """Somebody subscribes."""
        if peer := self.somebody():
            peer.request += 1
            peer.session.receive([32, peer.request, {}, self.dice.choice(["com.a", "com.b"])])

    def register(self) -> None:
        """Somebody registers."""
        if peer := self.somebody():
            peer.request += 1
            invoke = self.dice.choice(["single", "first", "roundrobin"])
            uri = self.dice.choice(["com.a", "com.b", "com.c"])
            peer.session.receive([REGISTER, peer.request, {"invoke": invoke}, uri])

    def drop(self) -> None:
        """Somebody takes back what it has."""
        peer = self.somebody()
        for kind, held in (
            (34, peer.session.subscriptions if peer else {}),
            (UNREGISTER, peer.session.registrations if peer else {}),
        ):
            if peer is not None and held:
                peer.request += 1
                peer.session.receive([kind, peer.request, self.dice.choice(list(held))])

    def blink(self) -> None:
        """A node is cut off for a moment; the others may take it for dead."""
        node = self.dice.choice(list(self.cluster.radios))
        self.cluster.cut(node)
        if self.dice.random() < 0.5:
            self.cluster.bury(node)
        for _ in range(self.dice.randrange(12)):
            self.cluster.step(self.dice)
        self.cluster.rejoin(node)

    def crash(self) -> None:
        """A node dies, and another is started."""
        node = self.dice.choice(list(self.cluster.radios))
        self.cluster.kill(node)
        del self.cluster.radios[node], self.cluster.worlds[node]
        self.peers = [entry for entry in self.peers if entry[0] != node]
        self.cluster.bury(node)
        self.cluster.start(f"node{self.fresh}")
        self.fresh += 1

    def wait(self) -> None:
        """Something is carried."""
        self.cluster.step(self.dice)


@given(st.randoms(use_true_random=True), st.integers(1, 80))
def test_in_the_end_all_nodes_agree(dice: random.Random, length: int) -> None:
    """Whatever happened, on who is there, who subscribed, who serves what, in which order."""
    story = Story(dice)
    for _ in range(length):
        story.act()
    cluster = story.cluster
    while cluster.step(dice):
        pass
    cluster.clock.move(PATIENCE)
    cluster.settle()
    cluster.check()
    known = [knows(world) for world in cluster.worlds.values()]
    assert known[0] == known[1] == known[2]
    sessions = {peer.id for _, peer in story.peers if not is_over(peer)}
    assert known[0][0] == sessions
    for _, _, _, invoke in known[0][2]:
        holders = [held for key, held in known[0][2].items() if key[3] == invoke == "single"]
        assert all(len(held) == 1 for held in holders)
    held = {
        (int(holder), node)
        for place in cluster.air.held.values()
        for node, holder, _, _ in place
        if node in cluster.worlds
    }
    serving = {session for callees in known[0][2].values() for session, _ in callees}
    assert {holder for holder, _ in held} == serving
    for _, peer in story.peers:
        if not is_over(peer):
            peer.session.lost()
    cluster.settle()
    for world in cluster.worlds.values():
        assert not world.realm.remote_sessions
        world.check_empty()


def test_news_of_a_node_that_is_not_known_yet_is_passed_over(cluster: Cluster) -> None:
    """It will be asked for all that it has."""
    others = cluster[0].realm.others
    assert isinstance(others, RealmCluster)
    others.heard("stranger", messages.Left(5))
    others.heard("stranger", messages.Subscribed(5, "com.a", "exact", 1.0))
    assert "stranger" not in others._remote_nodes
    cluster.check()


def test_who_is_cut_off_again_gives_nobody_up(cluster: Cluster) -> None:
    """Its patience runs out while it cannot know who lives."""
    filled(cluster, 1)
    cluster.cut("node0")
    cluster.rejoin("node0")
    cluster.radios["node0"].take()
    cluster.cut("node0")
    before = knows(cluster[0])
    cluster.clock.move(PATIENCE)
    assert knows(cluster[0]) == before
    cluster.rejoin("node0")
    cluster.settle()
    assert knows(cluster[0]) == knows(cluster[1])
    cluster.check()
