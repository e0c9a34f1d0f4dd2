# SPDX-License-Identifier: MIT
"""Sockets that are sent the same octets, some of which do not take them."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from attrs import define, field
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from tests.unit.lane.implementations import IMPLEMENTATIONS, name_of, take, using
from tests.unit.lane.joined import Connection, OneLane
from wsecho.lane.send_group import GroupSend, SendGroup
from wsecho.lane.transport import LaneTransport


@pytest.fixture(params=IMPLEMENTATIONS, ids=name_of)
def sender(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have the group send by each implementation in turn."""
    with using(request.param):
        yield


by_each = pytest.mark.usefixtures("sender")


@define(eq=False)
class Member:
    """One connection that may be in a group, and what it is told."""

    peer: socket.socket
    lane: OneLane
    messages: int = 0
    octets: int = 0
    is_in: bool = False
    departures: int = 0
    due: bytearray = field(factory=bytearray)
    got: bytearray = field(factory=bytearray)
    frames: int = 0
    is_broken: bool = False
    transport: LaneTransport = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.transport = self.lane.take(None, None)

    def left_group(self) -> None:
        """Note it."""
        assert self.is_in
        self.is_in = False
        self.departures += 1

    def was_sent(self, messages: int, octets: int) -> None:
        """Add it up."""
        assert messages
        self.messages += messages
        self.octets += octets

    def expect(self, frame: bytes) -> None:
        """Note what it is to get."""
        self.due += frame
        self.frames += 1

    def read(self) -> None:
        """Take what came."""
        if not self.is_broken:
            self.got += take(self.peer)

    def break_off(self) -> None:
        """Be gone."""
        self.is_broken = True
        self.peer.close()


@define
class World:
    """Some connections and their group."""

    members: list[Member]
    clock: Clock
    group: SendGroup[Any] = field(factory=SendGroup)
    passages: list[tuple[GroupSend[Any], list[tuple[Member, int]], list[bytes]]] = field(
        factory=list
    )

    def put(self, *numbers: int) -> None:
        """Take some in that are clear and not in it yet."""
        for member in map(self.members.__getitem__, numbers):
            if not member.is_in and member.transport.is_clear:
                member.is_in = True
                self.group.put(member.transport, member)

    def inside(self) -> list[Member]:
        """Who is in it."""
        return [member for member in self.members if member.is_in]

    def send(self, frame: bytes) -> None:
        """Send to everybody."""
        for member in self.inside():
            member.expect(frame)
        self.group.send(frame)

    def begin(self, frame: bytes) -> None:
        """Begin to send to everybody, together with what has yet to begin where that may be."""
        if self.passages:
            passage, waiting, frames = self.passages[-1]
            if len(waiting) == len(self.group) and passage.is_for(self.group):
                passage.add(frame)
                frames.append(frame)
                return
        waiting = [(member, member.departures) for member in self.group._members]
        self.passages.append((self.group.begin(frame), waiting, [frame]))

    def advance(self, most: int) -> None:
        """Go on with what began first: who has left since is to be sent to by itself."""
        if not self.passages:
            return
        passage, waiting, frames = self.passages[0]
        turn, waiting[:] = waiting[:most], waiting[most:]
        gone = [member for member, departures in turn if member.departures > departures]
        for member, _ in turn:
            for frame in frames if member not in gone else ():
                member.expect(frame)
        assert passage.advance(most) == gone
        assert len(passage) == len(waiting)
        if not waiting:
            self.passages.pop(0)

    def finish(self) -> None:
        """Go on until nothing is on its way."""
        while self.passages:
            self.advance(2)

    def drain(self) -> None:
        """Have all read until nothing waits."""
        for member in self.members:
            member.read()
            while not member.is_broken and member.lane.turn():
                member.read()

    def check(self) -> None:
        """See to it that what belongs together stands together."""
        group, inside = self.group, self.inside()
        assert len(group) == len(inside)
        assert set(group._members) == set(inside)
        for place, member in enumerate(group._members):
            assert group._transports[place] is member.transport
            assert group._descriptors[place] == member.transport.fileno()
            assert group._places[member.transport] == place
        lengths = {len(group._descriptors), len(group._transports), len(group._places)}
        assert lengths | {len(group._counted), len(group._octets_counted)} == {len(inside)}
        for member in self.members:
            assert (member.transport.group is group) == member.is_in
            assert member.transport.is_clear or not member.is_in

    def check_all_came(self) -> None:
        """Each got what was sent while it was in, whole and in order, and so say the counts."""
        self.group.count()
        for member in self.members:
            assert (member.messages, member.octets) == (member.frames, len(member.due))
            if not member.is_broken:
                assert member.got == member.due


@contextmanager
def world(size: int, *, room: int = 1) -> Iterator[World]:
    """Connections whose sockets take no more than the least that there is, unless said."""
    clock, members = Clock(), []
    pairs = [socket.socketpair() for _ in range(size)]
    try:
        for peer, server in pairs:
            peer.setblocking(False)
            server.setblocking(False)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, room)
            members.append(Member(peer, OneLane(Connection(server), clock)))
        yield World(members, clock)
    finally:
        for one in (one for pair in pairs for one in pair):
            with suppress(OSError):
                one.close()


@by_each
def test_everybody_is_sent_the_same() -> None:
    """Whoever is in it then, and nobody else."""
    with world(4) as here:
        here.put(0, 1, 2)
        here.send(b"a")
        here.group.take_out(here.members[0].transport)
        here.put(3)
        here.send(b"bc")
        here.drain()
        assert [bytes(member.got) for member in here.members] == [b"a", b"abc", b"abc", b"bc"]
        here.check()
        here.check_all_came()


def test_the_counts_are_told_when_they_are_asked_for() -> None:
    """And when somebody leaves; nobody is told of nothing."""
    with world(2) as here:
        here.put(0)
        here.send(b"ab")
        here.put(1)
        here.send(b"c")
        assert [member.messages for member in here.members] == [0, 0]
        here.group.take_out(here.members[1].transport)
        assert [(member.messages, member.octets) for member in here.members] == [(0, 0), (1, 1)]
        here.group.count()
        here.group.count()
        assert (here.members[0].messages, here.members[0].octets) == (2, 3)


@by_each
def test_who_does_not_take_all_leaves_and_loses_nothing() -> None:
    """Of some the socket takes a part, of others nothing; the rest is sent behind it."""
    with world(3) as here:
        here.members[1].lane.connection.socket.setsockopt(
            socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20
        )
        here.put(0, 1, 2)
        here.send(b"x" * 100_000)
        assert [member.is_in for member in here.members] == [False, True, False]
        here.check()
        here.put(0, 2)
        assert len(here.group) == 1
        here.send(b"only the one")
        here.drain()
        here.put(0, 2)
        assert len(here.group) == 3
        here.send(b"all")
        here.drain()
        here.check_all_came()


@by_each
def test_whose_peer_is_gone_leaves_in_the_middle_of_it() -> None:
    """The others get all of it; the connection is lost afterwards, not within the call."""
    with world(5) as here:
        here.put(*range(5))
        for number in (0, 3, 4):
            here.members[number].break_off()
        here.send(b"x")
        assert [member.is_in for member in here.members] == [False, True, True, False, False]
        here.check()
        assert all(not member.lane.connection.ends for member in here.members)
        here.clock.advance(0)
        ends = [member.lane.connection.ends for member in here.members]
        assert ends == [["ConnectionLost"], [], [], ["ConnectionLost"], ["ConnectionLost"]]
        here.drain()
        here.check_all_came()
        assert [member.departures for member in here.members] == [1, 0, 0, 1, 1]


def test_a_connection_that_is_about_to_end_is_in_none() -> None:
    """However it ends."""
    with world(4) as here:
        here.put(*range(4))
        transports = [member.transport for member in here.members]
        transports[0].loseWriteConnection()
        transports[1].abortConnection()
        transports[2].leave()
        transports[3].seal()
        assert len(here.group) == 0
        here.send(b"x")
        here.check()


def test_who_writes_by_itself_too_keeps_its_order() -> None:
    """Its own words stand where they were said, whether its socket took them or not."""
    with world(1) as here:
        here.put(0)
        [member] = here.members
        here.send(b"a")
        member.transport.write(b"b" * 100_000)
        assert not member.is_in
        here.send(b"not for it")
        here.drain()
        here.put(0)
        here.send(b"c")
        here.drain()
        assert bytes(member.got) == b"a" + b"b" * 100_000 + b"c"


@by_each
def test_what_goes_round_by_and_by_reaches_who_was_in_when_it_began() -> None:
    """Not who came later; who has left before its turn is named, and not counted for it."""
    with world(6) as here:
        here.put(0, 1, 2, 3, 4)
        passage = here.group.begin(b"abc")
        assert passage.advance(2) == []
        here.put(5)
        for number in (1, 3):
            here.group.take_out(here.members[number].transport)
        here.put(3)
        assert len(passage) == 3
        assert passage.advance(2) == [here.members[3]]
        assert passage.advance(2) == []
        assert len(passage) == 0
        for member in here.members:
            member.read()
        got = [bytes(member.got) for member in here.members]
        assert got == [b"abc", b"abc", b"abc", b"", b"abc", b""]
        here.group.count()
        counts = [(member.messages, member.octets) for member in here.members]
        assert counts == [(1, 3), (1, 3), (1, 3), (0, 0), (1, 3), (0, 0)]


SIZE = 5
WHO = st.integers(0, SIZE - 1)
STEPS = st.one_of(
    st.tuples(st.just("put"), WHO),
    st.tuples(st.just("take out"), WHO),
    st.tuples(st.just("send"), st.sampled_from([1, 100, 3_000, 20_000])),
    st.tuples(st.just("begin"), st.sampled_from([1, 3_000, 20_000])),
    st.tuples(st.just("advance"), st.integers(1, SIZE)),
    st.tuples(st.just("read"), WHO),
    st.tuples(st.just("break"), WHO),
    st.tuples(st.just("count"), st.none()),
)


@given(st.lists(STEPS, max_size=40))
@example([("put", 0), ("put", 1), ("send", 20_000), ("read", 0), ("put", 0), ("send", 1)])
def test_whatever_happens_each_gets_what_was_sent_while_it_was_in(
    steps: list[tuple[str, Any]],
) -> None:
    """Whole, in order and once, and what was on its way unless it left before its turn.

    The places of all stay right, and the counts are exact.
    """
    with world(SIZE) as here:
        here.put(*range(SIZE))
        for number, (step, which) in enumerate(steps):
            mark = b"%d;" % number
            if step == "put":
                here.put(which)
            elif step == "take out" and here.members[which].is_in:
                here.group.take_out(here.members[which].transport)
            elif step == "send":
                here.send(mark * which)
            elif step == "begin" and len(here.group):
                here.begin(mark * which)
            elif step == "advance":
                here.advance(which)
            elif step == "read":
                here.members[which].read()
                here.members[which].lane.turn()
            elif step == "break":
                here.members[which].break_off()
            elif step == "count":
                here.group.count()
            here.check()
        here.finish()
        here.drain()
        here.check_all_came()
