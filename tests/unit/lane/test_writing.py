# SPDX-License-Identifier: MIT
"""One connection on the lane, with a socket that takes as much as the test says."""

import select
from typing import Any

from attrs import define, field
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock

from tests.unit.lane.joined import Connection
from wsecho.lane.transport import LaneTransport
from wsecho.lane.writing import FULL


@define
class FakeSocket:
    """Takes `room` octets, and gives what is in `incoming`."""

    room: int = 1 << 30
    taken: bytearray = field(factory=bytearray)
    incoming: list[bytes | OSError] = field(factory=list)
    has_fin: bool = False

    def fileno(self) -> int:
        """Any number."""
        return 7

    def send(self, data: bytes) -> int:
        """Take what there is room for."""
        if self.room < 0:
            raise ConnectionResetError
        if not self.room:
            raise BlockingIOError
        sent = min(self.room, len(data))
        self.room -= sent
        self.taken += data[:sent]
        return sent

    def sendmsg(self, pieces: list[bytes | memoryview]) -> int:
        """Take what there is room for."""
        return self.send(b"".join(pieces))

    def recv_into(self, destination: memoryview) -> int:
        """Put the next piece there."""
        piece = self.recv(len(destination))
        destination[: len(piece)] = piece
        return len(piece)

    def recv(self, _size: int) -> bytes:
        """Give the next piece."""
        if not self.incoming:
            raise BlockingIOError
        piece = self.incoming.pop(0)
        if isinstance(piece, OSError):
            raise piece
        return piece

    def shutdown(self, _how: int) -> None:
        """Note the FIN."""
        self.has_fin = True


@define
class World:
    """A transport, all that is around it, and what they are told."""

    connection: Connection[FakeSocket] = field(factory=lambda: Connection(FakeSocket()))
    clock: Clock = field(factory=Clock)
    told: list[str] = field(factory=list)
    received: bytearray = field(factory=bytearray)
    watched: dict[str, bool] = field(factory=dict)
    transport: LaneTransport = field(init=False)

    def __attrs_post_init__(self) -> None:
        here: Any = self
        self.transport = LaneTransport(here, self.clock, self.connection, here)
        self.transport.begin()
        self.transport.registerProducer(self, True)

    @property
    def socket(self) -> FakeSocket:
        """The socket."""
        return self.connection.socket

    def watch(self, _descriptor: int, **what: bool) -> None:
        """Be the lane: note what is waited for."""
        self.watched = what

    def release(self, _descriptor: int) -> None:
        """Be the lane: note that it is gone."""
        self.watched = {}
        self.told.append("released")

    def forget(self, _descriptor: int) -> None:
        """Be the lane: it stays open for now."""

    def dataReceived(self, data: bytes) -> None:
        """Be the protocol."""
        self.received += data

    def pauseProducing(self) -> None:
        """Be the producer."""
        self.told.append("pause")

    def resumeProducing(self) -> None:
        """Be the producer."""
        self.told.append("resume")

    def stopProducing(self) -> None:
        """Be the producer."""
        self.told.append("stop")


def test_what_was_yet_to_be_sent_goes_first() -> None:
    """The handshake's answer waits in the old transport when the lane begins."""
    connection = Connection(
        FakeSocket(), dataBuffer=b"xxHTTP", offset=2, tempDataBuffer=[b"/1.1 ", b"101"]
    )
    world = World(connection)
    world.transport.write(b" frames")
    assert world.socket.taken == b"HTTP/1.1 101 frames"
    assert not connection.is_watched


def test_a_write_goes_out_at_once() -> None:
    """Nothing waits, and nobody has to look whether more may be written."""
    world = World()
    world.transport.write(b"a")
    world.transport.writeSequence([b"b", b"c"])
    assert world.socket.taken == b"abc"
    assert world.watched == {}


def test_what_the_socket_does_not_take_waits_in_its_order() -> None:
    """And the producer pauses only once much is waiting."""
    world = World()
    world.socket.room = 2
    world.transport.write(b"abc")
    world.transport.write(b"d")
    assert world.watched == {"read": True, "write": True}
    assert world.told == []
    world.transport.write(b"e" * FULL)
    assert world.told == ["pause"]
    world.socket.room = 1 << 30
    world.transport.serve(select.EPOLLOUT)
    assert world.socket.taken == b"abcd" + b"e" * FULL
    assert world.told == ["pause", "resume"]
    assert world.watched == {"read": True, "write": False}


def test_closing_waits_for_what_is_yet_to_be_sent() -> None:
    """Then it is over, as for any transport."""
    world = World()
    world.socket.room = 0
    world.transport.write(b"last words")
    world.transport.unregisterProducer()
    world.transport.loseConnection()
    world.clock.advance(0)
    assert world.connection.ends == []
    world.socket.room = 100
    world.transport.serve(select.EPOLLOUT)
    assert (bytes(world.socket.taken), world.connection.ends) == (b"last words", ["ConnectionDone"])


def test_closing_with_nothing_to_send_happens_in_the_next_turn() -> None:
    """Whoever closes is in the middle of something."""
    world = World()
    world.transport.loseConnection()
    assert world.connection.ends == []
    world.clock.advance(0)
    assert world.connection.ends == [ConnectionDone.__name__]
    world.transport.write(b"late")
    assert world.socket.taken == b""


def test_fin_comes_behind_what_waits_and_reading_goes_on() -> None:
    """A half close; nothing is written after it."""
    world = World()
    world.socket.room = 0
    world.transport.write(b"x")
    world.transport.loseWriteConnection()
    assert not world.socket.has_fin
    world.socket.room = 1
    world.transport.serve(select.EPOLLOUT)
    assert world.socket.has_fin
    world.transport.write(b"y")
    world.socket.incoming = [b"still here"]
    world.transport.serve(select.EPOLLIN)
    assert (world.socket.taken, world.received) == (b"x", b"still here")


def test_the_peers_end_and_its_reset_are_told_apart() -> None:
    """By the reason that all transports give."""
    for piece, reason in ((b"", ConnectionDone), (ConnectionResetError(), ConnectionLost)):
        world = World()
        world.socket.incoming = [piece]
        world.transport.serve(select.EPOLLIN)
        assert world.connection.ends == [reason.__name__]
        assert world.told == ["released", "stop"]
    world = World()
    world.transport.serve(select.EPOLLHUP)
    assert world.connection.ends == [ConnectionLost.__name__]


def test_a_reset_that_a_write_meets_is_told_afterwards() -> None:
    """Not in the middle of it."""
    world = World()
    world.socket.room = -1
    world.transport.write(b"x")
    assert world.connection.ends == []
    world.clock.advance(0)
    assert world.connection.ends == [ConnectionLost.__name__]


def test_a_ready_event_without_data_is_no_end() -> None:
    """The kernel may change its mind."""
    world = World()
    world.transport.serve(select.EPOLLIN | select.EPOLLOUT)
    assert (world.connection.ends, bytes(world.received)) == ([], b"")


def test_reading_pauses_and_goes_on() -> None:
    """As an echo whose peer does not read asks for."""
    world = World()
    world.transport.pauseProducing()
    assert world.watched == {"read": False, "write": False}
    world.transport.resumeProducing()
    assert world.watched == {"read": True, "write": False}


def test_an_abort_is_the_old_transports() -> None:
    """Once, and the lane has let go before."""
    world = World()
    for _ in range(2):
        world.transport.abortConnection()
    assert world.connection.ends == ["aborted"]
    assert world.told == ["released"]


def test_a_peer_that_says_no_more_may_be_answered_yet() -> None:
    """Where the protocol knows of such ends; nothing more is read, and nothing is lost."""
    told: list[str] = []

    class Patient(World):
        def readConnectionLost(self) -> None:
            """Be the protocol: answer."""
            told.append("ended")
            self.transport.write(b"last words")
            self.transport.loseConnection()

    world = Patient()
    world.socket.incoming.append(b"")
    world.transport.serve(select.EPOLLIN)
    assert told == ["ended"]
    assert world.watched == {"read": False, "write": False}
    assert world.connection.ends == []
    world.clock.advance(0)
    assert (bytes(world.socket.taken), world.connection.ends) == (b"last words", ["ConnectionDone"])
