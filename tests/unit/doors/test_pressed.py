# SPDX-License-Identifier: MIT
"""Publishers, at each door, before a bus that has too much on its way already."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.doors.harness import Client, Peer, Server
from tests.unit.doors.wamp.harness import HELLO, ROOM, Poller, Raw, Wamp, make_server
from wsecho.bus.interface import BusListener
from wsecho.bus.memory import MemoryBus
from wsecho.core.limits.backpressure import Backpressure
from wsecho.core.rooms.hub import Hub

FEW = 3
ALL = [f"{number}" for number in range(3 * FEW)]


class PressedBus(MemoryBus):
    """A bus in memory that says that it is behind when it is told to."""

    def __init__(self, hub: Hub[Any], listener: BusListener, now: Callable[[], float]) -> None:
        super().__init__(hub, listener, now)
        self.level = 0
        self.pressure: Backpressure = Backpressure(lambda: self.level, 1, grace=FEW)

    # A bus that leads to others.
    directory: Any = object()

    def watch_nodes(self, changed: Callable[[frozenset[str]], None]) -> None:
        """There is nobody else."""
        changed(frozenset({self.node}))

    def relieve(self) -> None:
        """Let go on who waits, though it may be behind again by then."""
        self.pressure.relieve_all()


@pytest.fixture
def server() -> Server:
    """A server on such a bus."""
    return make_server(PressedBus)


def bus(server: Server) -> PressedBus:
    """Its bus."""
    assert isinstance(server.rooms.bus, PressedBus)
    return server.rooms.bus


def raw(server: Server) -> tuple[Peer, Callable[[str], None]]:
    """A raw member: its connection, and what says something."""
    client = server.open("/broadcast/a?self=0")
    return client.peer, client.text


def framed(server: Server) -> tuple[Peer, Callable[[str], None]]:
    """One that speaks `wsecho.v1`."""
    client = server.open("/broadcast/a?self=0", subprotocols=["wsecho.v1"])
    return client.peer, lambda text: client.text(json.dumps({"type": "publish", "data": text}))


def wamp(server: Server) -> tuple[Peer, Callable[[str], None]]:
    """A WAMP session over WebSocket."""
    peer = Wamp.join(server)
    return peer.client.peer, lambda text: peer.say([16, int(text) + 1, {}, ROOM, [text]])


def rawsocket(server: Server) -> tuple[Peer, Callable[[str], None]]:
    """A WAMP session over RawSocket."""
    peer, _ = Raw.shake_hands(server)
    peer.say(HELLO)
    assert peer.heard()[0][0] == 2
    return peer.peer, lambda text: peer.say([16, int(text) + 1, {}, ROOM, [text]])


Open = Callable[[Server], tuple[Peer, Callable[[str], None]]]
every_door = pytest.mark.parametrize("door", [raw, framed, wamp, rawsocket])


@every_door
def test_a_few_pass_and_the_rest_waits(server: Server, door: Open) -> None:
    """In order; it is read from again once nothing waits any more, and others all along."""
    reader, other = server.open("/broadcast/a"), server.open("/broadcast/b")
    peer, say = door(server)
    bus(server).level = 2
    for text in ALL:
        say(text)
    assert peer.wire.producerState == "paused"
    passed = reader.texts()
    assert passed == ALL[: len(passed)]
    assert FEW <= len(passed) <= FEW + 1
    other.text("x")
    assert other.texts() == ["x"]
    bus(server).relieve()
    assert peer.wire.producerState == "paused"
    passed += reader.texts()
    assert passed == ALL[: len(passed)]
    assert len(passed) < len(ALL)
    bus(server).level = 0
    bus(server).relieve()
    assert passed + reader.texts() == ALL
    assert peer.wire.producerState == "producing"
    assert not bus(server).pressure


@every_door
def test_who_says_little_does_not_wait(server: Server, door: Open) -> None:
    """What it said before, while there was room, does not count."""
    reader = server.open("/broadcast/a")
    peer, say = door(server)
    for text in ALL[:FEW]:
        say(text)
    bus(server).level = 2
    for text in ALL[FEW : FEW + 2]:
        say(text)
    assert peer.wire.producerState == "producing"
    assert reader.texts() == ALL[: FEW + 2]


@every_door
def test_what_had_come_is_said_though_its_peer_has_gone(server: Server, door: Open) -> None:
    """And to be relieved later harms nobody."""
    reader: Client = server.open("/broadcast/a")
    peer, say = door(server)
    bus(server).level = 2
    for text in ALL:
        say(text)
    peer.lose()
    assert reader.texts() == ALL
    bus(server).relieve()
    bus(server).level = 0
    bus(server).relieve()
    assert not bus(server).pressure


@pytest.mark.parametrize("over_rawsocket", [True, False])
def test_answers_to_who_has_gone_harm_nobody(server: Server, *, over_rawsocket: bool) -> None:
    """What had come is said, and acknowledged to nobody."""
    reader = server.open("/broadcast/a")
    speaker: Raw | Wamp
    if over_rawsocket:
        speaker, _ = Raw.shake_hands(server)
        speaker.say(HELLO)
    else:
        speaker = Wamp.join(server)
    peer = speaker.peer if isinstance(speaker, Raw) else speaker.client.peer
    bus(server).level = 2
    for number, text in enumerate(ALL, 1):
        speaker.say([16, number, {"acknowledge": True}, ROOM, [text]])
    peer.lose()
    assert reader.texts() == ALL
    assert len(server.router.sessions) == 0


def test_a_batch_stops_in_the_middle(server: Server) -> None:
    """However many messages it has; its POST is answered when all of them were said."""
    reader = server.open("/broadcast/a")
    poller = Poller.join(server, "wamp.2.json.batched")
    bus(server).level = 2
    posted = poller.send(
        b"".join(
            b'[16,%d,{},"%s",["%s"]]\x1e' % (number, ROOM.encode(), text.encode())
            for number, text in enumerate(ALL, 1)
        )
    )
    passed = reader.texts()
    assert 0 < len(passed) < len(ALL)
    assert not posted.is_answered
    bus(server).level = 0
    bus(server).relieve()
    assert posted.status == 204
    assert passed + reader.texts() == ALL


def test_who_is_held_back_and_reads_nothing_can_close_all_the_same() -> None:
    """It is read from again once its session is given up, for its Close frame has to come."""
    server = make_server(PressedBus, send_queue=1000)
    slow, speaker = Wamp.join(server), server.open("/broadcast/a")
    slow.subscribe(ROOM)
    bus(server).level = 2
    for number in range(1, 2 * FEW):
        slow.say([16, number + 1, {}, ROOM, ["x"]])
    wire = slow.client.peer.wire
    assert wire.producerState == "paused"
    wire.fill()
    bus(server).level = 0
    for _ in range(20):
        speaker.text("y" * 100)
    assert len(server.router.sessions) == 0
    assert not bus(server).pressure
    assert wire.producerState == "producing"
    wire.empty()
    assert slow.client.close_code == 1013


def test_what_brought_too_much_is_answered_though_its_session_is_over(server: Server) -> None:
    """Whoever ends it while it is held back."""
    poller = Poller.join(server, "wamp.2.json.batched")
    bus(server).level = 2
    posted = poller.send(
        b"".join(
            b'[16,%d,{},"%s",["x"]]\x1e' % (number, ROOM.encode()) for number in range(1, 3 * FEW)
        )
    )
    assert not posted.is_answered
    server.clock.advance(server.config.lp_timeout + 1)
    assert len(server.router.sessions) == 0
    assert posted.status == 204
    assert not bus(server).pressure
