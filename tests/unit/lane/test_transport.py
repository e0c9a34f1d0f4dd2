# SPDX-License-Identifier: MIT
"""Whole messages on the lane: read, sent and sent back over real sockets."""

import select
import socket
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from attrs import define, field

from tests.support.frames import Frame, whole
from tests.unit.lane.implementations import IMPLEMENTATIONS, give, take, using
from tests.unit.lane.joined import OneLane, joined
from tests.unit.lane.test_writing import World
from wsecho.core.websocket.frames import encode_message
from wsecho.core.websocket.large import LargeMessage
from wsecho.core.websocket.reading import read_head
from wsecho.lane import speedups
from wsecho.lane import transport as transport_module
from wsecho.lane.transport import LaneTransport

PING = Frame(0x89, b"ping", b"abcd", 0).write()
SMALL, LARGE = 1 << 14, 1 << 18


@define
class Protocol:
    """Notes what it is told, in its order."""

    told: list[Any] = field(factory=list)

    def messages_received(self, messages: list[tuple[bytes, bool]]) -> None:
        """Take messages."""
        self.told.append(messages)

    def echoed(self, messages: int, octets: int) -> None:
        """Count messages."""
        self.told.append((messages, octets))

    def dataReceived(self, data: bytes) -> None:
        """Take what is no message."""
        self.told.append(data)

    def large_filled(self, *, is_valid: bool) -> None:
        """Note whether the large message is valid."""
        self.told.append(is_valid)


@define
class Place:
    """A peer, and a transport with whom it tells."""

    peer: socket.socket
    lane: OneLane
    protocol: Protocol
    transport: LaneTransport

    def get(self, data: bytes) -> list[Any]:
        """What the protocol is told of data in one turn."""
        give(self.peer, data)
        return self.turn()

    def turn(self) -> list[Any]:
        """What it is told in a turn."""
        self.lane.turn()
        told, self.protocol.told = self.protocol.told, []
        return told

    def drain(self) -> bytes:
        """Read until nothing waits any more."""
        got = take(self.peer)
        while self.lane.events & select.EPOLLOUT:
            assert self.turn() == []
            got += take(self.peer)
        return got

    @property
    def ends(self) -> list[str]:
        """How it ended."""
        return self.lane.connection.ends

    @property
    def least(self) -> int:
        """How many octets have to be there before the socket is ready."""
        return self.lane.connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT)


@pytest.fixture(params=IMPLEMENTATIONS, ids=lambda module: module.__name__.rpartition(".")[2])
def world(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Once in Python, once compiled."""
    implementation: ModuleType = request.param
    with using(implementation), joined() as (peer, lane):
        protocol = Protocol()
        yield Place(peer, lane, protocol, lane.take(None, protocol))


def test_messages_come_at_once_and_what_follows_behind_them(world: Place) -> None:
    """Up to the length that was said, and while any was."""
    stream = whole(b"a") + whole(b"b", 0x82)
    assert world.get(stream) == [stream]
    world.transport.messages_up_to = 5
    assert world.get(stream) == [[(b"a", False), (b"b", True)]]
    assert world.get(stream + PING) == [[(b"a", False), (b"b", True)], PING]
    assert world.get(PING + stream) == [PING + stream]
    assert world.get(whole(b"123456")) == [whole(b"123456")]
    assert world.turn() == []
    world.transport.messages_up_to = 0
    assert world.get(stream) == [stream]
    assert take(world.peer) == b""


def test_messages_are_sent_back_without_the_protocol(world: Place) -> None:
    """It hears how many, and gets the rest."""
    world.transport.messages_up_to, world.transport.echoes = 5, True
    assert world.get(whole(b"abc") + whole(b"de", 0x82) + PING) == [(2, 5), PING]
    assert take(world.peer) == b"\x81\x03abc\x82\x02de"
    assert world.get(PING) == [PING]
    assert world.turn() == []


@pytest.mark.parametrize("echoes", [True, False])
def test_ends_are_told_apart(world: Place, echoes: bool) -> None:
    """What came before the end comes first."""
    world.transport.messages_up_to, world.transport.echoes = 5, echoes
    give(world.peer, whole(b"last"))
    world.peer.shutdown(socket.SHUT_WR)
    assert len(world.turn()) == 1
    assert (world.turn(), world.ends) == ([], ["ConnectionDone"])
    assert world.lane.events == 0


@pytest.mark.parametrize("echoes", [True, False])
def test_a_reset_is_told(world: Place, echoes: bool) -> None:
    """Nothing else is."""
    world.transport.messages_up_to, world.transport.echoes = 5, echoes
    world.transport.write(b"never read")
    world.peer.close()
    assert (world.turn(), world.ends) == ([], ["ConnectionLost"])


def test_an_echo_to_who_is_gone_ends_the_connection(world: Place) -> None:
    """It has nobody to hear it."""
    world.transport.messages_up_to, world.transport.echoes = 5, True
    give(world.peer, whole(b"hello"))
    world.peer.shutdown(socket.SHUT_RD)
    world.turn()
    assert world.ends == ["ConnectionLost"]


def test_what_waits_goes_before_what_is_echoed(world: Place) -> None:
    """While anything waits, messages go the protocol's way; afterwards they are echoed again."""
    world.lane.connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4608)
    world.transport.messages_up_to, world.transport.echoes = 20_000, True
    texts = [bytes([65 + number]) * 5000 for number in range(6)]
    stream = b"".join(whole(text) for text in texts[:3])
    # The peer reads nothing: a part of the answers waits.
    assert [told for told in world.get(stream) if isinstance(told, tuple)] == [(3, 15_000)]
    assert not world.transport.is_clear
    assert world.get(whole(texts[3])) == [[(texts[3], False)]]
    world.transport.send_message(texts[3], is_binary=False)
    world.transport.write(b"\x8a\x00")
    world.transport.send_message(memoryview(texts[4]), is_binary=True)
    got = world.drain()
    assert world.get(whole(texts[5])) == [(1, 5000)]
    got += world.drain()
    expected = [encode_message(text, is_binary=False) for text in texts]
    expected[4] = b"\x8a\x00" + encode_message(texts[4], is_binary=True)
    assert got == b"".join(expected)


@pytest.mark.parametrize("size", [0, 3, 125, 126, 300])
def test_a_message_of_which_any_part_was_sent_arrives_whole(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """The socket may take any number of its octets, those of its head too."""
    payload = bytes(range(256))[:125] * 3
    payload = payload[:size]
    frame = encode_message(payload, is_binary=True)
    for sent in range(len(frame) + 1):
        world = World()

        def send(_descriptor: int, _payload: bytes, _is_binary: bool) -> int:
            world.socket.taken += frame[:sent]  # noqa: B023
            return len(frame) - sent  # noqa: B023

        monkeypatch.setattr(speedups, "send_message", send)
        world.transport.send_message(memoryview(payload), is_binary=True)
        assert world.transport.is_clear == (sent == len(frame))
        world.transport.write(b"next")
        world.transport.serve(select.EPOLLOUT)
        assert world.socket.taken == frame + b"next"
        assert world.transport.is_clear


def test_a_message_to_who_is_gone_is_dropped(world: Place) -> None:
    """Its sender hears of it afterwards, and nothing waits for ever."""
    world.peer.close()
    world.transport.send_message(b"hello", is_binary=False)
    assert not world.transport.is_clear
    assert world.ends == []
    world.lane.clock.advance(0)
    assert world.ends == ["ConnectionLost"]


def test_a_sealed_transport_takes_no_more(world: Place) -> None:
    """What waited before is sent yet; the messages that come are read."""
    world.lane.connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4608)
    world.transport.messages_up_to, world.transport.echoes = 10, True
    world.transport.write(b"x" * 20_000)
    world.transport.seal()
    world.transport.write(b"no")
    world.transport.send_message(b"no", is_binary=False)
    assert world.drain() == b"x" * 20_000
    assert not world.transport.is_clear
    assert world.get(whole(b"hello")) == [[(b"hello", False)]]
    assert take(world.peer) == b""


# -- large messages


def begin(length: int, first: int = 0x82) -> LargeMessage:
    """A message of which nothing is here; masked, it is what it is unmasked."""
    frame = Frame(first, b"x" * length, bytes(4), 0).write()
    head = read_head(frame, 1 << 21, most_deflated=1 << 21)
    assert head is not None
    place = memoryview(bytearray(length))
    return LargeMessage(head, place, speedups.unmask_in_place, speedups.unmask_text)


def test_what_comes_of_a_large_message_is_put_where_it_belongs(world: Place) -> None:
    """Until it is whole; what follows is told as ever."""
    large = begin(300_000)
    world.transport.read_into(large)
    assert world.get(b"a" * 1000) == [True]
    assert (large.missing, world.least) == (299_000, 1 << 17)
    assert world.get(b"b" * 190_000) == [True]
    assert world.least == 109_000
    assert world.get(b"c" * 109_000 + PING) == [True]
    assert (large.is_whole, world.least) == (True, 1)
    assert large.payload == b"a" * 1000 + b"b" * 190_000 + b"c" * 109_000
    assert world.turn() == [PING]


@pytest.mark.parametrize("is_read", [True, False])
@pytest.mark.parametrize("kind", ["data", "messages", "echo"])
def test_what_is_there_of_a_large_message_is_read_when_it_begins(
    world: Place, monkeypatch: pytest.MonkeyPatch, kind: str, is_read: bool
) -> None:
    """Unless the protocol wants to read no more."""
    large, head = begin(SMALL), b"head of it"
    world.transport.messages_up_to = 0 if kind == "data" else 1 << 20
    world.transport.echoes = kind == "echo"

    def begun(protocol: Protocol, data: bytes) -> None:
        protocol.told.append(data)
        world.transport.messages_up_to = 0
        world.transport.read_into(large)
        if not is_read:
            world.transport.pauseProducing()

    monkeypatch.setattr(Protocol, "dataReceived", begun)
    before = head + b"y" * (SMALL - len(head))
    assert world.get(before + b"x" * SMALL) == [before, *[True] * is_read]
    assert large.is_whole == is_read
    world.transport.resumeProducing()
    assert world.turn() == [True] * (not is_read)
    assert large.payload == b"x" * SMALL


def test_no_more_than_a_stretch_of_it_is_read_in_a_turn(
    world: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others wait meanwhile."""
    monkeypatch.setattr(transport_module, "_STRETCH", 1000)
    large = begin(2500)
    world.transport.read_into(large)
    assert (world.get(b"x" * 2500), large.missing) == ([True], 1500)
    assert (world.turn(), large.missing) == ([True], 500)
    assert (world.turn(), large.missing) == ([True], 0)


def test_an_end_within_a_large_message_is_an_end(world: Place) -> None:
    """As any."""
    world.transport.read_into(begin(100))
    give(world.peer, b"abc")
    world.peer.shutdown(socket.SHUT_WR)
    assert world.turn() == [True]
    assert (world.turn(), world.ends) == ([], ["ConnectionDone"])


@pytest.mark.parametrize(
    ("first", "least"), [(0x81, 1), (0x82, 1 << 17), (0xC1, 1 << 17), (0xC2, 1 << 17)]
)
def test_each_octet_of_a_text_is_awaited(world: Place, first: int, least: int) -> None:
    """It may turn out to be none; of what is no text yet, a good part is waited for at a time."""
    large = begin(300_000, first)
    world.transport.read_into(large)
    assert world.get(b"a" * 1000) == [True]
    assert world.least == least
    assert world.turn() == []
    assert world.least == least


def test_a_large_text_that_is_none_is_left_off(world: Place) -> None:
    """What comes then is data, at once; the transport holds its memory no longer."""
    large = begin(300_000, 0x81)
    world.transport.read_into(large)
    assert world.get(b"a" * 1000) == [True]
    assert world.get(b"\xff") == [False]
    assert world.least == 1
    assert world.get(b"b") == [b"b"]
    memory: Any = large.payload.obj
    large.payload.release()
    memory.clear()


def test_a_connection_that_is_gone_holds_no_memory(world: Place) -> None:
    """And asks nothing more of a socket that may be closed."""
    before, after = begin(300_000), begin(300_000)
    world.transport.read_into(before)
    world.transport.abortConnection()
    world.transport.read_into(after)
    for large in before, after:
        memory: Any = large.payload.obj
        large.payload.release()
        memory.clear()
    assert world.ends == ["aborted"]


@pytest.mark.parametrize("echoes", [True, False])
def test_more_is_read_at_a_time_once_messages_are_large(
    world: Place, monkeypatch: pytest.MonkeyPatch, echoes: bool
) -> None:
    """Until there are many small ones in a read: each of them costs time that others wait."""
    asked: list[int] = []
    for name in ("receive", "echo"):
        ask = getattr(speedups, name)

        def read(descriptor: int, size: int, most: int, ask: Any = ask) -> Any:
            asked.append(size)
            return ask(descriptor, size, most)

        monkeypatch.setattr(speedups, name, read)
    transport = world.transport
    transport.messages_up_to, transport.echoes = 1 << 20, echoes

    def get_large(length: int) -> None:
        transport.messages_up_to = 0
        transport.read_into(begin(length))
        world.get(b"x" * length)
        transport.messages_up_to = 1 << 20

    sizes = []
    # 0: no large message; else how long it was.
    for length in 0, 100, SMALL + 1, 0, LARGE + 1, 0, 100:
        if length:
            get_large(length)
        world.get(whole(b"a"))
        sizes.append(asked.pop())
    # A head's size is what one reads of a message that is likely as large as the last.
    assert sizes == [SMALL, SMALL, LARGE, LARGE, 14, 14, SMALL]
    get_large(LARGE + 1)
    world.get(whole(b"a" * 8) + whole(b"a"))
    world.turn()
    assert asked == [14, SMALL]
    asked.clear()
    get_large(SMALL + 1)
    flood = whole(b"x" * 1000)
    world.peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    world.lane.connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    assert world.peer.send(flood * 280) == len(flood) * 280
    world.turn()
    world.turn()
    assert asked == [LARGE, SMALL]
