# SPDX-License-Identifier: MIT
"""Rooms whose members are sent to together, over real sockets."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest
from attrs import define, field
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.logger import capturedLogs
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from tests.support.events import read_events
from tests.unit.doors.crowd import LanePeer, LaneServer, crowd
from tests.unit.doors.harness import Client, Exchange
from wsecho.config.config import Config
from wsecho.core.limits import scheduler
from wsecho.core.limits.scheduler import SLICE
from wsecho.core.rooms.callers import Caller
from wsecho.core.rooms.history import Message
from wsecho.core.websocket.frames import Opcode, encode_frame
from wsecho.core.wire.positions import Position
from wsecho.fanout import batch
from wsecho.fanout.batch import MAX_MESSAGES, MAX_OCTETS
from wsecho.fanout.fanout import MAX_WAITING
from wsecho.lane import speedups

V1 = ["wsecho.v1"]
LARGE = "x" * 6_000
"""More than a small socket takes."""


def raw(server: LaneServer, query: str = "", *, room: str = "a", deflate: bool = False) -> Client:
    """Join a room by the raw door."""
    extensions = [ClientPerMessageDeflateFactory()] if deflate else None
    return server.open(f"/broadcast/{room}{query}", extensions=extensions)


def v1(server: LaneServer, query: str = "", *, deflate: bool = False) -> Client:
    """Join by `wsecho.v1`."""
    extensions = [ClientPerMessageDeflateFactory()] if deflate else None
    return server.open(f"/broadcast/a{query}", subprotocols=V1, extensions=extensions)


class Stream(Exchange):
    """A reader by server-sent events."""

    def read(self) -> None:
        """Take what came."""
        assert self.body is not None

    def texts(self) -> list[str]:
        """The messages that came since the last call."""
        messages = [event.data for event in self.events if event.name == "message"]
        self.told, told = len(messages), self.told
        return messages[told:]

    told = 0


def sse(server: LaneServer, query: str = "") -> Stream:
    """Join by server-sent events."""
    asked = server.ask("GET", f"/broadcast/a{query}", Accept="text/event-stream")
    return Stream(asked.peer, "GET")


def hang_up(client: Client | Stream) -> None:
    """Be gone without a word."""
    assert isinstance(client.peer, LanePeer)
    client.peer.hang_up()


def say(server: LaneServer, *texts: str) -> None:
    """Say something in the room."""
    for text in texts:
        server.rooms.publish("a", text.encode(), is_binary=False)


def drain(server: LaneServer, *clients: Client | Stream) -> None:
    """Have some read until nothing waits for them."""
    for _ in range(1_000):
        for client in clients:
            client.read()
        if not server.turn():
            return
    raise AssertionError("it never ends")


def frames(client: Client) -> list[Any]:
    """What a client by `wsecho.v1` has got."""
    return [json.loads(text) for text in client.texts()]


def is_raw(client: Client | Stream) -> bool:
    """Tell whether it gets messages as they are."""
    return isinstance(client, Client) and client.protocol.subprotocol is None


def said(client: Client | Stream) -> list[str]:
    """What the messages that it has got say."""
    texts = client.texts()
    if is_raw(client):
        return texts
    all_of_it = map(json.loads, texts)
    return [frame["data"] for frame in all_of_it if frame["type"] == "message"]


@pytest.fixture
def server() -> Any:
    """A server with a lane."""
    with crowd() as server:
        yield server


def test_each_kind_has_a_group_and_all_get_the_same(server: LaneServer) -> None:
    """Raw, `wsecho.v1`, compressed or not, and events: one message for each, whoever says it."""
    members = [make(server, deflate=deflate) for make in (raw, v1) for deflate in (False, True)]
    members += [raw(server), v1(server, deflate=True)]
    streams = [sse(server), sse(server)]
    kinds = {"raw": 2, "v1": 1, "raw/deflate-12": 1, "v1/deflate-12": 2, "sse": 2}
    assert server.fanned() == kinds
    members[0].text("a" * 1_000)
    members[2].text('{"type":"publish","data":"b"}')
    members[1].text("c")
    everybody: list[Client | Stream] = [*members, *streams]
    for one in everybody:
        assert said(one) == ["a" * 1_000, "b", "c"]
    assert server.sent("raw") == 3 * 3
    assert server.sent("v1") == 3 * (3 + 1)
    assert server.sent("sse") == 2 * (3 + 1)


def test_compressed_members_share_one_encoding(server: LaneServer) -> None:
    """What they get is compressed, and is the same octets."""
    members = [raw(server, deflate=True) for _ in range(3)]
    say(server, "abc" * 1_000)
    got = [member.peer.received() for member in members]
    assert len(set(got)) == 1
    assert len(got[0]) < 100
    for member, data in zip(members, got, strict=True):
        member.protocol.receive_data(data)
        assert said(member) == ["abc" * 1_000]


def test_who_does_without_its_own_is_in_no_group(server: LaneServer) -> None:
    """And gets what all others say."""
    quiet, other = raw(server, "?self=0"), raw(server)
    assert server.fanned() == {"raw": 1}
    quiet.text("mine")
    other.text("yours")
    assert (said(quiet), said(other)) == (["yours"], ["mine", "yours"])
    assert server.sent("raw") == 3


def test_who_falls_behind_leaves_and_comes_back_without_loss(server: LaneServer) -> None:
    """Others are sent to as before; once it has read all, it is one of them again."""
    fast: list[Client | Stream] = [raw(server), v1(server), sse(server)]
    server.take_little = True
    slow: list[Client | Stream] = [raw(server), v1(server), sse(server)]
    texts = [LARGE, "behind", LARGE, "last"]
    say(server, LARGE)
    assert server.fanned() == {"raw": 1, "v1": 1, "sse": 1}
    say(server, *texts[1:])
    assert [said(one) for one in fast] == [texts] * 3
    drain(server, *slow)
    assert server.fanned() == {"raw": 2, "v1": 2, "sse": 2}
    say(server, "again")
    for one in slow:
        assert said(one) == [*texts, "again"]
    assert [server.sent(door) for door in ("raw", "v1", "sse")] == [10, 12, 12]


def test_a_replay_comes_first_and_then_the_group(server: LaneServer) -> None:
    """Who reads the past slowly is in none, and gets what is said meanwhile behind it."""
    say(server, *(f"{number}{LARGE}" for number in range(20)))
    server.take_little = True
    late = raw(server, "?history=20")
    assert server.fanned() == {}
    say(server, "live")
    drain(server, late)
    assert server.fanned() == {"raw": 1}
    say(server, "fanned")
    assert [text[:2] for text in said(late)][-3:] == ["19", "li", "fa"]
    assert server.sent("raw") == 22


def test_who_leaves_is_in_no_group(server: LaneServer) -> None:
    """By a Close frame, without a word, and by the server's own end; the count stays exact."""
    stays, closes, gone = raw(server), raw(server), raw(server)
    closes.protocol.send_close(1000)
    closes.flush()
    server.turn()
    hang_up(gone)
    say(server, "x")
    assert server.fanned() == {"raw": 1}
    server.turn()
    say(server, "y")
    server.clock.advance(20)
    assert said(stays) == ["x", "y"]
    assert [len(server.rooms.hub.members("a")), len(server.state.stats.doors["raw"].visits)] == [
        1,
        1,
    ]
    # The one that was gone was written to once, which nobody could know then.
    assert server.sent("raw") == 3
    stays.protocol.send_close(1000)
    stays.flush()
    assert server.fanned() == {}


def test_one_that_does_not_read_gets_1013_and_others_are_unharmed() -> None:
    """All that was sent before the Close frame is whole."""
    with crowd(Config(auto_ping=0, send_queue=50_000)) as server:
        fast = raw(server)
        server.take_little = True
        slow = raw(server)
        texts = [f"{number}{LARGE}" for number in range(60)]
        for text in texts:
            say(server, text)
            assert said(fast) == [text]
        assert server.fanned() == {"raw": 1}
        drain(server, slow)
        got = said(slow)
        assert got == texts[: len(got)]
        assert 0 < len(got) < 60
        assert slow.close_code == 1013
        say(server, "after")
        assert said(fast) == ["after"]


def test_a_new_epoch_closes_the_raw_ones_with_4410(server: LaneServer) -> None:
    """They leave the group; a `wsecho.v1` reader stays in its own, and is told."""
    counts, framed = raw(server), v1(server)
    position = Position("new", 7)
    server.rooms.hub.reset("a", "new", 7, server.clock.seconds())
    server.rooms.fanout.renew("a", position)
    assert server.fanned() == {"v1": 1}
    assert counts.close_code == 4410
    say(server, "x")
    assert [frame["type"] for frame in frames(framed)] == ["joined", "joined", "message"]


def test_who_has_a_past_in_a_new_epoch_is_sent_it_by_itself(server: LaneServer) -> None:
    """It leaves its group for as long, and is told nothing twice."""
    framed, other = v1(server, "?history=2"), v1(server)
    assert server.fanned() == {"v1": 2}
    history = server.rooms.read("a")
    history.reset("new", 6)
    for _ in range(3):
        history.append(Message(history.next_position(), b"x", False, 0.0, 1), 0.0)
    server.rooms.fanout.renew("a", history.position)
    say(server, "live")
    server.turn()
    say(server, "live")
    assert server.fanned() == {"v1": 2}
    found = [[frame.get("position") for frame in frames(each)][1:] for each in (framed, other)]
    assert found == [
        [f"new:{offset}" for offset in (7, 8, 9, 10, 11)],
        [f"new:{offset}" for offset in (9, 10, 11)],
    ]


def test_who_has_gone_is_not_closed_again(server: LaneServer) -> None:
    """A round that finds a raw member gone leaves its connection alone."""
    member = raw(server)
    [door] = server.rooms.hub.members("a")
    hang_up(member)
    server.turn()
    assert server.websockets.connections == {}
    door.renew(Position("new", 7))
    door.skip("new", 1, 7)
    assert server.clock.getDelayedCalls() == []


def test_nobody_who_may_only_listen_speaks_twice(server: LaneServer) -> None:
    """Whoever the server stops is sent to no more, and its farewell is the last that it gets."""
    members = [raw(server), v1(server)]
    for connection in list(server.websockets.connections):
        connection.drain(1.0)
    assert server.fanned() == {}
    say(server, "late")
    assert said(members[0]) == []
    assert [frame["type"] for frame in frames(members[1])] == ["joined", "closing"]
    assert [member.close_code for member in members] == [1001, 1001]


def test_presence_and_acknowledgements_stand_in_between(server: LaneServer) -> None:
    """What is for one member alone stands where it was said, in a group and behind it."""
    watcher = v1(server, "?presence=1")
    assert server.fanned() == {"v1": 1}
    other = raw(server)
    other.text("a")
    watcher.text('{"type":"publish","id":1,"data":"b"}')
    other.protocol.send_close(1000)
    other.flush()
    server.turn()
    types = [frame["type"] for frame in frames(watcher)]
    assert types == ["joined", "presence", "message", "message", "published", "presence"]


def test_who_is_told_of_a_coming_in_the_middle_of_it_loses_nothing(server: LaneServer) -> None:
    """Being delivered to may end somebody and have others told, who fall behind by that."""
    server.take_little = True
    watcher = v1(server, "?presence=1")

    class Ends:
        """A member that is gone once it hears anything."""

        door, hears, is_present = "test", True, True
        wants_own, wants_presence = True, False
        caller = next(iter(server.websockets.connections)).caller

        def deliver(self, message: Any) -> None:
            """Have so many come and go that the watcher's socket is full."""
            while server.fanned():
                raw(server, room="a").peer.lose()

    server.rooms.join("a", Ends())  # type: ignore[arg-type]  # it is never told anything else
    say(server, "x")
    assert server.fanned() == {}
    drain(server, watcher)
    assert said(watcher) == ["x"]


def test_streams_end_as_ever(server: LaneServer) -> None:
    """Whoever ends it: the client, the server that stops, or who cuts the connection."""
    gone, stopped, cut = (sse(server) for _ in range(3))
    assert server.fanned() == {"sse": 3}
    hang_up(gone)
    server.turn()
    assert server.fanned() == {"sse": 2}
    first, second = server.answering()
    first.drain(2.0)
    assert [event.name for event in stopped.events] == ["joined", "closing"]
    assert stopped.is_over
    second.abort()
    say(server, "x")
    drain(server, stopped, cut)
    assert said(cut) == []
    assert server.fanned() == {}
    assert server.rooms.hub.members("a") == []
    assert not server.state.stats.doors["sse"].visits
    assert len(server.lane) == 0


def test_a_stream_to_an_old_client_has_no_chunks(server: LaneServer) -> None:
    """HTTP/1.0 knows none; such readers have a group of their own."""
    chunked = sse(server)
    old = server.connect()
    old.send(b"GET /broadcast/a HTTP/1.0\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
    assert server.fanned() == {"sse": 1, "sse/1.0": 1}
    say(server, "x")
    head, _, body = old.received().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200 ")
    assert [event.name for event in read_events(body)] == ["joined", "message"]
    assert said(chunked) == ["x"]


@contextmanager
def sliced(size: int) -> Iterator[None]:
    """Make the slices smaller."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "SLICE", size)
        patch.setattr(scheduler, "SLICE", size)
        yield


def test_a_group_that_is_gone_by_its_turn(server: LaneServer) -> None:
    """All of it fell behind and came back while the round was with others."""
    with sliced(2):
        server.take_little = True
        slow = raw(server)
        others = [raw(server, "?self=0") for _ in range(4)]
        say(server, "first")
        assert server.fanned() == {"raw": 1}
        [connection] = [one for one in server.websockets.connections if one.free_transport()][:1]
        connection.send(LARGE.encode(), is_binary=False)
        assert server.fanned() == {}
        slow.read()
        server.lane.turn()
        while not server.fanned():
            slow.read()
            server.lane.turn()
        drain(server, slow, *others)
        assert said(slow) == [LARGE, "first"]
        assert all(said(other) == ["first"] for other in others)


@define(eq=False)
class Hearer:
    """A member that notes what it hears."""

    door, hears, is_present = "test", True, True
    wants_own, wants_presence = True, False
    caller = Caller("somewhere")
    got: list[bytes] = field(factory=list)

    def deliver(self, message: Message) -> None:
        """Note it."""
        self.got.append(message.payload)


def test_a_large_room_lets_others_have_their_turn(server: LaneServer) -> None:
    """Of more members than a slice, each gets each message once, in its order."""
    members = [Hearer() for _ in range(2 * SLICE + 3)]
    for member in members:
        server.rooms.join("a", member)  # type: ignore[arg-type]  # it is told nothing else
    say(server, "a")
    assert sum(len(member.got) for member in members) == SLICE
    say(server, "b")
    late = Hearer()
    server.rooms.join("a", late)  # type: ignore[arg-type]  # as above
    server.rooms.publish("b", b"at once", is_binary=False)
    server.clock.callLater(0, say, server, "c")
    server.clock.turn()
    assert sum(len(member.got) for member in members) == 2 * SLICE
    drain(server)
    assert all(member.got == [b"a", b"b", b"c"] for member in members)
    assert late.got == [b"c"]


def test_a_group_of_several_slices(server: LaneServer) -> None:
    """Those who are in it are sent to a slice at a time, whoever comes or goes in between."""
    with sliced(2):
        members = [raw(server) for _ in range(7)]
        say(server, "a")
        assert [said(member) for member in members] == [["a"]] * 2 + [[]] * 5
        say(server, "b")
        hang_up(members.pop())
        late = raw(server)
        members[0].text("c")
        drain(server)
        assert [said(member) for member in members] == [["b", "c"]] * 2 + [["a", "b", "c"]] * 4
        assert said(late) == ["c"]
        assert server.fanned() == {"raw": 7}


def test_what_waits_in_a_large_room_goes_round_together(server: LaneServer) -> None:
    """In one write to each; not what is said after somebody came, or went."""
    with sliced(2):
        members = [raw(server) for _ in range(4)]
        say(server, "a", "b", "c")
        late = raw(server)
        say(server, "d")
        assert [said(member) for member in members] == [["a"], ["a"], [], []]
        hang_up(members.pop())
        for _ in range(3):
            server.clock.turn()
        assert [said(member) for member in members] == [["b", "c"]] * 2 + [["a"]]
        server.rooms.fanout.skip("a", "E", 4, 4)
        say(server, "e")
        drain(server, late)
        assert [said(member) for member in members] == [["d"]] * 2 + [["b", "c", "d"]]
        assert said(late) == ["d"]
        assert late.close_code == 4410


def write(client: Client, *texts: str) -> None:
    """Send messages that the server has yet to read."""
    assert isinstance(client.peer, LanePeer)
    assert client.peer.socket is not None
    for text in texts:
        client.protocol.send_text(text.encode())
    data = b"".join(client.protocol.data_to_send())
    assert client.peer.socket.send(data) == len(data)


def test_what_several_say_at_once_goes_round_together(
    server: LaneServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One write to each, behind what those whose sockets were read said before."""
    members = [raw(server) for _ in range(3)]
    sends: list[int] = []

    def send_to_all(descriptors: Any, frame: bytes) -> Any:
        sends.append(len(descriptors))
        return send(descriptors, frame)

    send = speedups.send_to_all
    monkeypatch.setattr(speedups, "send_to_all", send_to_all)
    for number in (2, 0, 1):
        write(members[number], f"{number}")
    server.turn()
    got = said(members[0])
    assert sorted(got) == ["0", "1", "2"]
    assert [said(member) for member in members[1:]] == [got, got]
    assert sends == [3]


@pytest.mark.parametrize("kind", ["raw", "v1"])
def test_who_says_more_than_goes_round_is_held_back(server: LaneServer, kind: str) -> None:
    """It is read from again later, and others all along; nothing is lost."""
    with sliced(2):
        publisher = raw(server) if kind == "raw" else v1(server)
        readers = [raw(server) for _ in range(5)]
        other = server.open("/echo")
        most = (MAX_WAITING + 2) * MAX_MESSAGES
        texts = [f"{number:05d}" + "-" * 100 for number in range(3 * most)]
        frames = [json.dumps({"type": "publish", "data": text}) for text in texts]
        write(publisher, *(texts if kind == "raw" else frames))
        server.lane.turn()
        head = server.rooms.read("a").head
        assert 0 < head < most
        server.lane.turn()
        assert server.rooms.read("a").head == head
        other.text("still here")
        assert other.texts() == ["still here"]
        drain(server, publisher, *readers)
        assert all(said(reader) == texts for reader in readers)


def test_who_is_held_back_speaks_again_whatever_goes_round_last(server: LaneServer) -> None:
    """Not only behind messages: news of the room are on their way, too."""
    with sliced(2):
        publisher = v1(server)
        readers = [v1(server) for _ in range(5)]
        texts = [f"{number:05d}" + "-" * 100 for number in range((MAX_WAITING + 2) * MAX_MESSAGES)]
        write(publisher, *(json.dumps({"type": "publish", "data": text}) for text in texts))
        server.lane.turn()
        head = server.rooms.read("a").head
        assert head < len(texts)
        for _ in range(MAX_WAITING):
            server.rooms.fanout.skip("a", "E", head, head)
        drain(server, publisher, *readers)
        assert server.rooms.read("a").head == len(texts)


class Fault:
    """A listener that fails."""

    def heard(self, *_: Any) -> None:
        """Fail."""
        raise ValueError("a fault of ours")


def test_a_fault_in_what_goes_round_leaves_the_lane_alone(server: LaneServer) -> None:
    """It is logged; others are heard as before."""
    members = [raw(server) for _ in range(2)]
    server.rooms.fanout.listeners.append(Fault())  # type: ignore[arg-type]  # it is asked no more
    for member in members:
        write(member, "x")
    with capturedLogs() as logs:
        server.lane.turn()
    assert [log["log_failure"].type for log in logs] == [ValueError]
    server.rooms.fanout.listeners.clear()
    drain(server, *members)
    members[0].text("y")
    assert [said(member) for member in members] == [["x", "x", "y"]] * 2


def test_who_leaves_before_its_turn_gets_all_of_a_wave(server: LaneServer) -> None:
    """Whole, in order, and counted once."""
    with sliced(1):
        members = [raw(server), raw(server), raw(server, "?self=0")]
        server.take_little = True
        slow = raw(server)
        say(server, "a", "b")
        connection = next(reversed(server.websockets.connections))
        connection.push(encode_frame(Opcode.BINARY, b"x" * 50_000))
        assert server.fanned() == {"raw": 2}
        drain(server, slow, *members)
        got = [said(member) for member in (*members, slow)]
        assert got == [["a", "b"]] * 4
        assert server.sent("raw") == 9


def test_what_goes_round_together_is_bounded(server: LaneServer) -> None:
    """By number and by size."""
    with sliced(2):
        members = [raw(server) for _ in range(3)]
        few = [str(number) for number in range(2 * MAX_MESSAGES)]
        for texts in (few, ["y" * MAX_OCTETS, "z", "z"]):
            say(server, "first", *texts)
            while not (first := said(members[2])):
                server.clock.turn()
            assert first == ["first"]
            while not (together := said(members[2])):
                server.clock.turn()
            assert together == texts[: len(together)]
            assert 0 < len(together) < len(texts)
            drain(server, *members)
            assert together + said(members[2]) == texts
            assert said(members[0]) == ["first", *texts]


@define(eq=False)
class Model:
    """What one client is to get, by a plain definition."""

    client: Client | Stream
    wants_own: bool
    due: list[str]
    got: list[str] = field(factory=list)
    is_gone: bool = False

    def read(self) -> None:
        """Take what came."""
        self.got += said(self.client)


@define
class Scene:
    """A room whose members are clients of all kinds, and the definition of what they get."""

    server: LaneServer
    past: list[str] = field(factory=list)
    models: list[Model] = field(factory=list)

    def join(self, kind: str, history: int) -> None:
        """Have somebody come, who reads when told to."""
        self.server.take_little = "small" in kind
        query = f"?history={history}" + ("&self=0" if "quiet" in kind else "")
        client: Client | Stream
        if "sse" in kind:
            client = sse(self.server, query)
        else:
            make = v1 if "v1" in kind else raw
            client = make(self.server, query, deflate="deflate" in kind)
        due = self.past[-history:] if history else []
        self.models.append(Model(client, "quiet" not in kind, due))

    def say(self, who: int, text: str) -> None:
        """Have one of them speak, or nobody of the room."""
        self.past.append(text)
        here = [model for model in self.models if not model.is_gone]
        able = [model for model in here if isinstance(model.client, Client)]
        speaker = able[who % len(able)] if able and who else None
        client = None if speaker is None else speaker.client
        for model in here:
            if model is not speaker or model.wants_own:
                model.due.append(text)
        if not isinstance(client, Client):
            say(self.server, text)
        elif is_raw(client):
            client.text(text)
        else:
            client.text(json.dumps({"type": "publish", "data": text}))
        # It may be held back for a while: then it is said later than it was written.
        while self.server.rooms.read("a").head < len(self.past):
            assert self.server.turn()

    def step(self, step: str, which: int, what: str) -> None:
        """Do something."""
        model = self.models[which % len(self.models)] if self.models else None
        if step == "join":
            self.join(what, which)
        elif step == "turn":
            self.server.turn()
        elif step == "say":
            # No two are alike, and a large one has to be compressed in earnest.
            number = len(self.past)
            large = Random(number).randbytes(3_000).hex() if which % 2 else ""
            self.say(which, f"{number}:{large}")
        elif model is not None and not model.is_gone:
            model.read()
            if step == "leave":
                model.is_gone = True
                hang_up(model.client)
                self.server.turn()


KINDS = [
    *("raw", "raw small", "raw quiet small", "raw deflate", "raw deflate small"),
    *("v1", "v1 small", "v1 deflate small", "v1 quiet"),
    *("sse", "sse small", "sse quiet small"),
]
STEPS = st.tuples(
    st.sampled_from(["join", "say", "say", "say", "read", "turn", "leave"]),
    st.integers(0, 6),
    st.sampled_from(KINDS),
)


@given(st.lists(STEPS, max_size=30))
@example([("join", 0, "raw small"), ("say", 1, ""), ("say", 0, ""), ("turn", 0, "")])
def test_whatever_happens_nobody_loses_or_doubles_anything(
    steps: list[tuple[str, int, str]],
) -> None:
    """Each gets what was said while it was there, once and in order; the metrics say as much."""
    with sliced(2), crowd(Config(auto_ping=0, send_queue=1 << 20)) as server:
        scene = Scene(server)
        for kind in ("raw", "raw small", "v1 small"):
            scene.join(kind, 0)
        for step in steps:
            scene.step(*step)
        stay = [model for model in scene.models if not model.is_gone]
        drain(server, *(model.client for model in stay))
        for model in stay:
            model.read()
            assert model.got == model.due
        for model in scene.models:
            assert model.got == model.due[: len(model.got)]
        server.state.stats.count()
        counted = sorted(own_stats.messages_out for own_stats in server.state.stats)
        # Beside the messages, `wsecho.v1` and event streams are told that they have joined.
        framed = [not is_raw(model.client) for model in stay]
        assert counted == sorted(
            len(model.got) + more for model, more in zip(stay, framed, strict=True)
        )
        together = sum(model.wants_own for model in stay)
        assert sum(server.fanned().values()) == together
