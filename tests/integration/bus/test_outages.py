# SPDX-License-Identifier: MIT
"""What becomes of rooms while Redis is stopped, dead, forgetful, or passes nothing on."""

import signal
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_twisted
from attrs import define, field
from twisted.internet.task import deferLater

from tests.support.buses import Member, Node, known, redis_node, the_reactor, until
from tests.support.redis_server import RedisServer, redis_server
from wsecho.bus.redis.bus import RedisBus
from wsecho.bus.redis.nodes import messaging
from wsecho.bus.redis.rooms.room_bus import LOCAL
from wsecho.core.rooms.hub import Rules
from wsecho.core.rooms.leases import Claim, HeldError
from wsecho.core.wire.errors import BusTimeout, BusUnavailable

asynchronous = pytest_twisted.ensureDeferred
QUICK = 1.0
"""Seconds that a command may take where a test waits for one that takes longer."""
LONG = 10.0
"""Seconds that one may take elsewhere: a machine may have other work to do."""


@define
class Cluster:
    """Nodes on one Redis."""

    redis: RedisServer
    prefix: str = field(factory=lambda: f"{uuid4().hex}:")
    nodes: list[Node] = field(factory=list)

    def node(self, rules: Rules | None = None, **settings: Any) -> Node:
        """One node more."""
        settings = {"prefix": self.prefix, "timeout": LONG, **settings}
        self.nodes.append(redis_node(self.redis.url, rules, **settings))
        return self.nodes[-1]

    async def all_up(self) -> None:
        """Wait until all nodes are connected and have caught up."""
        await until(lambda: all(is_well(node) for node in self.nodes))
        for node in self.nodes:
            await node.attach()


def bus(node: Node) -> RedisBus:
    """A node's bus."""
    assert isinstance(node.bus, RedisBus)
    return node.bus


def is_well(node: Node) -> bool:
    """Whether messages get through."""
    try:
        node.bus.check_health()
    except BusUnavailable:
        return False
    return True


def disconnect(cluster: Cluster, node: Node) -> None:
    """Have Redis drop a node's connection."""
    listed = cluster.redis.ask("CLIENT", "LIST").decode()
    [line] = [line for line in listed.splitlines() if f"name=wsecho-{bus(node).node} " in line]
    cluster.redis.ask("CLIENT", "KILL", "ID", line.split(" ", 1)[0].removeprefix("id="))


async def forget(cluster: Cluster) -> None:
    """Have Redis come back with nothing."""
    cluster.redis.kill()
    await until(lambda: not any(node.bus.is_up for node in cluster.nodes))
    cluster.redis.restore(None)
    cluster.redis.start()
    await cluster.all_up()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A Redis of its own that keeps what it acknowledged."""
    with redis_server() as server:
        made = Cluster(server)
        yield made
        for node in made.nodes:
            node.bus.stop()


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_redis_that_stops_answering(cluster: Cluster) -> None:
    """On its way: unknown. Afterwards: refused at once. Nothing comes twice, and all goes on."""
    one, two = cluster.node(timeout=QUICK), cluster.node(timeout=QUICK)
    members = [Member(), Member()]
    await one.join(members[0])
    await two.join(members[1])
    await one.say("before")
    cluster.redis.signal(signal.SIGSTOP)
    with pytest.raises(BusTimeout):
        await one.say("unknown", key="k")
    with pytest.raises(BusUnavailable):
        await one.say("refused")
    with pytest.raises(BusUnavailable):
        await one.attach()
    await until(lambda: not is_well(two))
    cluster.redis.signal(signal.SIGCONT)
    await cluster.all_up()
    receipt = await two.say("unknown", key="k")
    await one.say("after")
    await until(lambda: all(len(member.got) == 3 for member in members))
    for member in members:
        assert [said.payload for said in member.got] == [b"before", b"unknown", b"after"]
    assert receipt.position.offset == 2
    assert not [event for event in one.events + two.events if event[0] in {"renewed", "skipped"}]


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_node_that_was_cut_off_catches_up(cluster: Cluster) -> None:
    """By position, without a gap and without a double."""
    one, two = cluster.node(), cluster.node()
    member = Member()
    await one.join(member)
    await one.say("0")
    disconnect(cluster, one)
    for number in range(1, 30):
        await two.say(f"{number}")
    await cluster.all_up()
    await two.say("30")
    await until(lambda: len(member.got) == 31)
    assert [said.payload for said in member.got] == [b"%d" % number for number in range(31)]
    assert bus(one).measures.connects == 2


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_node_that_was_away_for_too_long_is_told(cluster: Cluster) -> None:
    """What the log has no more was skipped."""
    rules = Rules(history=5)
    one, two = cluster.node(rules), cluster.node(rules)
    member = Member()
    await one.join(member)
    await one.say("0")
    bus(one)._link.stop()
    bus(one).went_down()
    for number in range(1, 20):
        await two.say(f"{number}")
    bus(one)._link.start()
    await cluster.all_up()
    await until(lambda: len(member.got) == 6)
    assert [said.position.offset for said in member.got] == [1, 16, 17, 18, 19, 20]
    assert ("skipped", "a", 1, 15) in one.events


@pytest.mark.parametrize("memory", ["all", "older", "none"])
@asynchronous  # type: ignore[untyped-decorator]
async def test_a_redis_that_is_killed(cluster: Cluster, memory: str) -> None:
    """With its data: as if nothing had been. With less: everybody is told, nobody misled."""
    one, two = cluster.node(), cluster.node()
    members = [Member(), Member()]
    await one.join(members[0])
    await two.join(members[1])
    for number in range(3):
        before = await one.say(f"{number}")
    copy = cluster.redis.save()
    for number in range(3, 6):
        before = await one.say(f"{number}")
    await until(lambda: len(members[1].got) == 6)
    cluster.redis.kill()
    await until(lambda: not is_well(one) and not is_well(two))
    if memory != "all":
        cluster.redis.restore(copy if memory == "older" else None)
    cluster.redis.start()
    await cluster.all_up()
    receipts = [await one.say("6"), await two.say("7")]
    await until(lambda: all(len(member.got) == 8 for member in members))
    for member in members:
        assert [said.payload for said in member.got] == [b"%d" % number for number in range(8)]
        assert [said.position for said in member.got[6:]] == [each.position for each in receipts]
    is_told = [[e for e in node.events if e[0] == "renewed"] != [] for node in (one, two)]
    assert is_told == [memory != "all"] * 2
    assert (receipts[0].position.epoch == before.position.epoch) is (memory == "all")
    assert receipts[0].position.offset == (7 if memory == "all" else 1)


@asynchronous  # type: ignore[untyped-decorator]
async def test_an_offset_that_was_given_twice_is_noticed(cluster: Cluster) -> None:
    """A node without memory speaks first to a Redis that forgot: the others have it begin anew."""
    one = cluster.node()
    member = Member()
    await one.join(member)
    await one.say("0")
    copy = cluster.redis.save()
    first = await one.say("mine")
    cluster.redis.kill()
    one.bus.stop()
    cluster.redis.restore(copy)
    cluster.redis.start()
    stranger = cluster.node()
    other = await stranger.say("another's")
    assert other.position == first.position
    one.bus.start()
    await until(lambda: ("renewed", "a") in [event[:2] for event in one.events])
    assert [said.payload for said in member.got] == [b"0", b"mine"]
    assert (await stranger.say("next")).position.epoch != first.position.epoch
    await until(lambda: member.got[-1].payload == b"next")


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_subscription_that_passes_nothing_on(cluster: Cluster) -> None:
    """The canary is not heard: not well, counted, and the connection is made anew."""
    one = cluster.node(timeout=3 * QUICK)
    member = Member()
    await one.join(member)
    await until(lambda: is_well(one))
    bus(one)._link.ask("UNSUBSCRIBE", bus(one)._keys.node(one.bus.node))
    await until(lambda: not is_well(one))
    assert bus(one).measures.canaries_lost == 1
    await until(lambda: is_well(one))
    await one.say("x")
    assert [said.payload for said in member.got] == [b"x"]


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_message_that_does_not_come_round_is_fetched(cluster: Cluster) -> None:
    """Its publisher is told all the same, and the room is read from its log."""
    one = cluster.node(timeout=QUICK)
    member = Member()
    await one.join(member)
    bus(one)._link.ask("UNSUBSCRIBE", bus(one)._keys.room("a").channel)
    await one.say("x")
    await until(lambda: member.got)
    assert [said.payload for said in member.got] == [b"x"]


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_dead_node_takes_its_members_along(cluster: Cluster) -> None:
    """Within its time; one that was only silent for long brings them back."""
    one, two = cluster.node(node_ttl=1.0), cluster.node(node_ttl=1.0)
    watching = Member()
    await one.join(watching)
    await two.join(Member())
    await until(lambda: watching.told == ["join"])
    bus(two)._membership._loop.stop()
    await until(lambda: watching.told == ["join", "leave"])
    assert len(bus(one).members("a")) == 1
    bus(two)._membership.start()
    await until(lambda: watching.told == ["join", "leave", "join"])


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_node_that_has_just_come_is_counted(cluster: Cluster) -> None:
    """By one that has not heard of it: each looks again before it counts."""
    one = cluster.node(node_ttl=600.0)
    await until(lambda: bus(one)._membership.alive)
    two = cluster.node(node_ttl=600.0)
    await two.join(Member())
    assert await known(one.bus.counts()) == {"a": 1}


@asynchronous  # type: ignore[untyped-decorator]
async def test_who_came_and_went_while_it_was_away_is_told_later(cluster: Cluster) -> None:
    """By those who are cut off too."""
    one, two = cluster.node(), cluster.node()
    watching, going = Member(), Member()
    await one.join(watching)
    await two.join(going)
    await until(lambda: watching.told == ["join"])
    disconnect(cluster, one)
    await until(lambda: not is_well(one))
    two.leave(going)
    await two.join(Member())
    await until(lambda: len(watching.told) == 3)
    assert sorted(watching.told) == ["join", "join", "leave"]


@asynchronous  # type: ignore[untyped-decorator]
async def test_local_delivery_says_so(cluster: Cluster) -> None:
    """While Redis is away members here hear one another; afterwards all are one again."""
    one = cluster.node(speaks_locally=True)
    member = Member()
    await one.join(member)
    before = await one.say("before")
    cluster.redis.kill()
    await until(lambda: not is_well(one))
    alone = await one.say("alone", key="k")
    assert await one.say("alone", key="k") == alone
    assert alone.position.epoch.startswith(LOCAL)
    assert [said.payload for said in member.got] == [b"before", b"alone"]
    late = Member()
    await one.join(late)
    cluster.redis.start()
    await cluster.all_up()
    after = await one.say("after")
    assert after.position.epoch == before.position.epoch
    assert after.position.offset == 2
    assert [said.payload for said in late.got] == [b"after"]
    told = [event[2].partition(":")[0] for event in one.events if event[0] == "renewed"]
    assert [epoch.startswith(LOCAL) for epoch in told] == [True, False]


@asynchronous  # type: ignore[untyped-decorator]
async def test_scripts_that_were_flushed(cluster: Cluster) -> None:
    """Are brought along again."""
    one = cluster.node()
    await one.attach()
    cluster.redis.ask("SCRIPT", "FLUSH")
    assert (await one.say("x")).position.offset == 1


@asynchronous  # type: ignore[untyped-decorator]
async def test_two_prefixes_share_nothing(cluster: Cluster) -> None:
    """Nor is anybody else's key touched."""
    cluster.redis.ask("SET", "head", "mine")
    one, other = cluster.node(), cluster.node(prefix="other:")
    member = Member()
    await other.join(member)
    await one.attach()
    await one.say("x", key="k")
    await one.say("y", room="b")
    assert other.texts() == []
    assert other.hub.position("a", 0).offset == 0
    assert cluster.redis.ask("GET", "head") == b"mine"
    names = {name.decode().partition(":")[0] for name in cluster.redis.ask("KEYS", "*")}
    assert names == {"head", cluster.prefix[:-1], "other"}


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_redis_that_refuses(cluster: Cluster) -> None:
    """Out of memory: nothing was done, and it is told so."""
    one = cluster.node()
    await one.attach()
    cluster.redis.ask("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(BusUnavailable):
        await one.say("x")
    cluster.redis.ask("CONFIG", "SET", "maxmemory", "0")
    assert (await one.say("x")).position.offset == 1


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_room_is_let_go(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some time after its last member; what was seen of it is remembered."""
    monkeypatch.setattr("wsecho.bus.redis.rooms.housekeeping.LINGER", 0.1)
    one = cluster.node()
    member = Member()
    await one.join(member)
    receipt = await one.say("x")
    one.leave(member)
    await until(lambda: len(bus(one)) == 0)
    assert "a" not in one.hub
    assert bus(one)._remote_rooms.seen("a").offset == receipt.position.offset
    await one.attach()
    assert one.history() == ["x"]


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_long_log_is_read_in_parts(cluster: Cluster) -> None:
    """In order, whatever its size."""
    one, two = cluster.node(), cluster.node()
    for number in range(40):
        await one.say(b"%02d" % number + bytes(100_000))
    await two.attach()
    history = [said.payload[:2] for said in two.hub.read("a", 0)]
    assert history == [b"%02d" % number for number in range(40)]
    assert two.heard == []


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_log_that_is_short_is_no_other(cluster: Cluster) -> None:
    """What a node has seen last may be too old to be kept: that is no reason to begin anew."""
    one, two = cluster.node(), cluster.node()
    member = Member()
    await two.join(member)
    await cluster.all_up()
    receipt = await one.say("1")
    await until(lambda: len(member.got) == 1)
    two.bus.stop()
    cluster.redis.kill()
    await until(lambda: not one.bus.is_up)
    cluster.redis.start()
    await until(lambda: is_well(one))
    assert cluster.redis.ask("XDEL", f"{cluster.prefix}{{a}}:log", "1-0") == 1
    await one.say("2")
    two.bus.start()
    await until(lambda: len(member.got) == 2)
    assert (await one.say("3")).position.epoch == receipt.position.epoch
    await until(lambda: len(member.got) == 3)
    assert not [event for event in two.events if event[0] in {"renewed", "skipped"}]


@asynchronous  # type: ignore[untyped-decorator]
async def test_who_hears_of_pattern_subscriber_catches_up_with_all(cluster: Cluster) -> None:
    """Rooms that nobody here is in: each message once, in order, however often it is cut off."""
    one, two = cluster.node(), cluster.node()
    await cluster.all_up()
    await one.say("before", "r1")
    await known(two.bus.follow_rooms(all_rooms=True))
    member = Member()
    for number in range(600):
        await one.say(f"{number}", f"r{number % 7}")
        if number % 60 == 30:
            await until(lambda: two.bus.is_up)
            disconnect(cluster, two)
        # It follows one of them for a while, and lets it go.
        if number == 200:
            await until(lambda: two.bus.is_up)
            await two.join(member, "r3")
        elif number == 400:
            two.leave(member, "r3")
    await until(lambda: len(two.heard) == 600)
    for room in range(7):
        assert two.texts(f"r{room}") == [f"{number}" for number in range(room, 600, 7)]
    assert [event for event in two.events if event[0] in {"renewed", "skipped"}] == []
    two.bus.follow_rooms(all_rooms=False)
    await one.say("unheard", "r1")
    await known(two.bus.follow_rooms(all_rooms=True))
    await one.say("after", "r1")
    await until(lambda: two.texts("r1")[-1] == "after")
    assert len(two.heard) == 601


@asynchronous  # type: ignore[untyped-decorator]
async def test_who_hears_of_pattern_subscriber_is_told_what_is_gone(cluster: Cluster) -> None:
    """What the log is too short for; and that a room begins anew that Redis forgot."""
    one, two = cluster.node(Rules(history=5)), cluster.node(Rules(history=5))
    await cluster.all_up()
    await known(two.bus.follow_rooms(all_rooms=True))
    await one.say("1")
    await until(lambda: two.texts() == ["1"])
    two.bus.stop()
    for number in range(2, 12):
        await one.say(f"{number}")
    await one.say("x", "new")
    two.bus.start()
    await until(lambda: len(two.heard) == 7)
    assert two.texts() == ["1", "7", "8", "9", "10", "11"]
    assert two.texts("new") == ["x"]
    assert two.events == [("skipped", "a", 1, 6)]
    await forget(cluster)
    first = await one.say("after", "new")
    await until(lambda: two.texts("new")[-1] == "after")
    assert ("renewed", "new", f"{first.position.epoch}:0") in two.events


@asynchronous  # type: ignore[untyped-decorator]
async def test_what_is_proclaimed_meanwhile_is_heard_on_return(cluster: Cluster) -> None:
    """Once, in order, however often the connection is dropped; or Redis forgets its log."""
    one, two = cluster.node(), cluster.node()
    heard: list[bytes] = []
    two.bus.listen("weather", heard.append)
    await cluster.all_up()
    for number in range(200):
        if number % 40 == 20:
            await until(lambda: two.bus.is_up)
            disconnect(cluster, two)
        await known(one.bus.broadcast_logged("weather", b"%d" % number))
    await until(lambda: len(heard) == 200)
    assert heard == [b"%d" % number for number in range(200)]
    await forget(cluster)
    await known(one.bus.broadcast_logged("weather", b"after"))
    await until(lambda: heard[-1] == b"after")
    assert len(heard) == 201


@asynchronous  # type: ignore[untyped-decorator]
async def test_redis_may_be_away_for_longer_than_a_node_lives_without_a_sign(
    cluster: Cluster,
) -> None:
    """Whoever it dropped before it went hears what was logged then, once it is back."""
    one, two = cluster.node(node_ttl=0.3), cluster.node(node_ttl=0.3)
    heard: list[bytes] = []
    two.bus.listen("weather", heard.append)
    await cluster.all_up()
    await known(one.bus.broadcast_logged("weather", b"before"))
    await until(lambda: heard == [b"before"])
    disconnect(cluster, two)
    await known(one.bus.broadcast_logged("weather", b"missed"))
    cluster.redis.kill()
    assert heard == [b"before"]
    await deferLater(the_reactor(), 1.0)
    cluster.redis.start()
    await cluster.all_up()
    await known(one.bus.broadcast_logged("weather", b"after"))
    await until(lambda: heard[-1] == b"after")
    assert heard == [b"before", b"missed", b"after"]


@asynchronous  # type: ignore[untyped-decorator]
async def test_the_log_of_what_is_proclaimed_is_short(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was away for too long hears the rest."""
    monkeypatch.setattr(messaging, "LEAST_WAITING", 0.0)
    one, two = cluster.node(node_ttl=0.05), cluster.node(node_ttl=0.05)
    heard: list[bytes] = []
    two.bus.listen("weather", heard.append)
    await cluster.all_up()
    await known(one.bus.broadcast_logged("weather", b"first"))
    await until(lambda: heard)
    two.bus.stop()
    for number in range(1500):
        await known(one.bus.broadcast_logged("weather", b"%d" % number))
    assert cluster.redis.ask("XLEN", f"{cluster.prefix}{{@}}:log:weather") < 1200


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_claim_outlives_what_redis_forgets(cluster: Cluster) -> None:
    """It is made again, with its rank; one that others have meanwhile is lost."""
    one, two = cluster.node(), cluster.node()
    await cluster.all_up()
    lost: list[str] = []

    async def claim(node: Node, holder: str) -> int:
        asked = Claim("p", holder, "alone", is_shared=False)
        return await known(node.bus.claim(asked, lambda: lost.append(holder)))

    rank = await claim(one, "a")
    await forget(cluster)
    with pytest.raises(HeldError):
        await claim(two, "b")
    assert await claim(one, "a") == rank
    assert lost == []
    # As if another had been faster while this one was cut off.
    cluster.redis.ask("DEL", f"{cluster.prefix}{{@}}:claims")
    await claim(two, "b")
    disconnect(cluster, one)
    await until(lambda: lost == ["a"])


@asynchronous  # type: ignore[untyped-decorator]
async def test_the_claims_of_the_dead_do_not_count(cluster: Cluster) -> None:
    """Nor those that may have been made just before Redis stopped answering."""
    one, two = cluster.node(node_ttl=1.0, timeout=QUICK), cluster.node(node_ttl=1.0)
    await cluster.all_up()
    asked = Claim("p", "a", "alone", is_shared=False)
    cluster.redis.signal(signal.SIGSTOP)
    try:
        with pytest.raises(BusTimeout):
            await known(one.bus.claim(asked, lambda: None))
    finally:
        cluster.redis.signal(signal.SIGCONT)
    await cluster.all_up()
    await until(lambda: two.bus.is_up)
    await known(one.bus.catch_up())
    await known(two.bus.claim(asked, lambda: None))
    bus(two)._link.cut()
    bus(two).stop()
    lives: list[frozenset[str]] = []
    one.bus.watch_nodes(lives.append)
    await until(lambda: lives[-1] == {one.bus.node})
    await known(one.bus.claim(asked, lambda: None))
