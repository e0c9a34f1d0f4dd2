# SPDX-License-Identifier: MIT
"""Rooms through all doors at once, against a plain model: no loss, no double, one order.

Readers join by any door, are cut off at any byte, stall, and resume by any other door, while
others publish by any door and retry what they do not know to have arrived.
"""

import json
from typing import Any, Final

from attrs import define, field
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from tests.load.readers import DOORS, Connection, Events, Framed, Poll, ReaderLog, Wamp, WebSocket
from tests.unit.doors.harness import Peer, Server
from wsecho.config.config import Config
from wsecho.core.rooms.presence import LINGER

ROOMS: Final = st.sampled_from(["a", "b.c/d"])
DOOR: Final = st.sampled_from(DOORS)
SECRETS: Final = st.sampled_from(["", "", "ann-0123456789abc", "bob-0123456789abc"])
_TURNS: Final = 8
"""Round trips that suffice for every door to know its position."""

_DEATH: Final = Failure(ConnectionLost())


@define(eq=False)
class Pipe:
    """Carries what a reader sends to the server at once, and keeps what comes back."""

    peer: Peer
    reader: Connection
    arrived: bytes = b""
    _is_closing: bool = False

    def write(self, data: bytes) -> None:
        """Send."""
        if not self._is_closing:
            self.peer.send(data)

    def is_closing(self) -> bool:
        """Whether this end was given up."""
        return self._is_closing

    def abort(self) -> None:
        """Cut the connection."""
        if self._is_closing:
            return
        self._is_closing = True
        self.peer.front.connectionLost(_DEATH)
        self.reader.connection_lost(None)

    def read(self, most: int | None = None) -> None:
        """Let the reader have what came, or the first bytes of it."""
        self.arrived += self.peer.received()
        data, self.arrived = self.arrived[:most], self.arrived[len(self.arrived[:most]) :]
        if data and not self._is_closing:
            self.reader.data_received(data)


@define(eq=False)
class Reader:
    """One reader over all of its connections."""

    room: str
    secret: str
    start: int = -1
    seen: ReaderLog = field(factory=ReaderLog)
    connection: Connection | None = None
    has_stalled: bool = False
    """Whether the server may have given its connection up, which it sees when it reads again."""

    @property
    def pipe(self) -> Pipe:
        """Its connection's pipe."""
        assert self.connection is not None
        pipe: Pipe = self.connection.transport
        return pipe


class Publisher(WebSocket):
    """Speaks by the raw door, by `wsecho.v1` or by WAMP, and reads the answers."""

    def __init__(self, subprotocol: str, room: str) -> None:
        super().__init__(ReaderLog(), "localhost", room, "self=0")
        self.subprotocol = subprotocol
        self.answers: list[Any] = []

    def target(self, *more: str) -> str:
        """The room, or the router."""
        return "/ws" if self.subprotocol.startswith("wamp") else super().target(*more)

    def message(self, payload: bytes) -> None:
        """Keep an answer."""
        self.answers.append(json.loads(payload))

    def say(self, message: Any) -> None:
        """Send JSON."""
        data = json.dumps(message).encode()
        length = len(data)
        head = bytes((0x81, 0x80 | length)) if length < 126 else b"\x81\xfe" + length.to_bytes(2)
        self.transport.write(head + bytes(4) + data)


class MixedDoors(RuleBasedStateMachine):
    """Everybody at once."""

    def __init__(self) -> None:
        super().__init__()
        self.server = Server(Config(auto_ping=0, send_queue=2_000))
        self.said: dict[str, list[int]] = {}
        self.readers: list[Reader] = []
        self.number = 0
        # Until when, and whether it may have been gone before.
        self.gone: dict[tuple[str, str], tuple[float, bool]] = {}

    @initialize(room=ROOMS)
    def begin(self, room: str) -> None:
        """Somebody is there from the start."""
        self.come(room, DOORS[0], "")

    # -- readers

    @precondition(lambda self: len(self.readers) < 8)
    @rule(room=ROOMS, door=DOOR, secret=SECRETS)
    def come(self, room: str, door: type[Connection], secret: str) -> None:
        """A new reader joins."""
        reader = Reader(room, secret)
        self.readers.append(reader)
        self.open(reader, door)

    @rule(data=st.data(), door=DOOR)
    def resume(self, data: st.DataObject, door: type[Connection]) -> None:
        """A reader that was cut off comes back by some door."""
        away = [reader for reader in self.readers if reader.connection is None]
        if away:
            self.open(data.draw(st.sampled_from(away)), door)

    @rule(data=st.data())
    def read(self, data: st.DataObject) -> None:
        """A reader gets some of what waits for it, or all."""
        reader = self.pick(data)
        if reader is not None:
            reader.pipe.read(data.draw(st.none() | st.integers(0, 300)))
            self.look(reader)

    @rule(data=st.data())
    def cut(self, data: st.DataObject) -> None:
        """A connection dies at some byte of what was on its way."""
        reader = self.pick(data)
        if reader is not None:
            reader.pipe.read(data.draw(st.integers(0, 300)))
            self.lose(reader)

    @rule(data=st.data(), takes=st.none() | st.integers(0, 3))
    def stall(self, data: st.DataObject, takes: int | None) -> None:
        """A connection takes nothing for a while, or a few writes more, or all again."""
        reader = self.pick(data)
        if reader is not None and not isinstance(reader.connection, Poll):
            reader.has_stalled = True
            wire = reader.pipe.peer.wire
            wire.takes = takes or None
            if wire.producer is not None:
                (wire.fill if takes == 0 else wire.empty)()
            self.look(reader)

    # -- publishers

    @rule(room=ROOMS, times=st.integers(1, 3), count=st.integers(1, 12))
    def publish_by_http(self, room: str, times: int, count: int) -> None:
        """Each message under a key, sent once or again: it appears once."""
        for number in self.numbers(room, count):
            answers = {self.post(room, number) for _ in range(times)}
            assert len(answers) == 1, answers

    @rule(room=ROOMS, count=st.integers(1, 12))
    def publish_raw(self, room: str, count: int) -> None:
        """Several messages in a row."""
        publisher = self.publisher("wsecho.raw", room)
        for number in self.numbers(room, count):
            publisher.send(1, b"%d" % number)
        publisher.kill()

    @rule(room=ROOMS, count=st.integers(1, 12))
    def publish_framed(self, room: str, count: int) -> None:
        """Acknowledged with their positions."""
        publisher = self.publisher("wsecho.v1", room)
        for number in self.numbers(room, count):
            publisher.say({"type": "publish", "data": str(number), "id": number})
        publisher.transport.read()
        acknowledged = [a["position"] for a in publisher.answers if a["type"] == "published"]
        offsets = [int(position.rpartition(":")[2]) for position in acknowledged]
        head = len(self.said[room])
        assert offsets == list(range(head - count + 1, head + 1))
        publisher.kill()

    @rule(room=ROOMS, again=st.booleans())
    def publish_by_wamp_and_retry(self, room: str, again: bool) -> None:
        """The answer to the first is never read; the retry by HTTP says where it is."""
        publisher = self.publisher("wamp.2.json", room)
        publisher.say([1, "realm1", {"roles": {"publisher": {}}}])
        [number] = self.numbers(room, 1)
        topic = Wamp(ReaderLog(), "localhost", room).topic()
        key = {"key": f"k{number}"}
        publisher.say([16, 1, {"acknowledge": True}, topic, [str(number)], key])
        publisher.kill()
        if again:
            assert self.post(room, number).endswith(f":{len(self.said[room])}")

    @rule(room=ROOMS, number=st.integers(0, 99), size=st.integers(0, 9))
    def cut_a_publisher(self, room: str, number: int, size: int) -> None:
        """Half a frame is nothing said."""
        publisher = self.publisher("wsecho.raw", room)
        frame = b"\x81\x84" + bytes(4) + b"%04d" % number
        publisher.transport.write(frame[:size])
        publisher.kill()

    # -- time and presence

    @rule(seconds=st.sampled_from([0.0, 1.0, LINGER, 16.0]))
    def time_passes(self, seconds: float) -> None:
        """Polls are answered, hearts beat, members that went are gone."""
        self.server.clock.advance(seconds)

    @rule(room=ROOMS)
    def presence_is_true(self, room: str) -> None:
        """The list of members is who is connected, and who went a moment ago.

        Of those who do not read nobody knows.
        """
        answer = self.ask(f"GET {path(room)}/members HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert len(self.present(room)) <= len(answer["members"])
        assert len(answer["members"]) <= len(self.present(room, stalled=True))

    def teardown(self) -> None:
        """In the end all come back by `wsecho.v1`, and have seen all."""
        for reader in self.readers:
            if reader.connection is not None:
                self.lose(reader)
            self.open(reader, Framed)
            reader.pipe.read()
            self.look(reader)
            assert len(reader.seen.numbers) == len(self.said.get(reader.room, [])) - reader.start
            reader.pipe.abort()

    # -- the rest

    def open(self, reader: Reader, door: type[Connection]) -> None:
        """Open a door for a reader, which reads until it knows its position."""
        if reader.secret and door is Poll:
            # Between two polls it is neither here nor gone; test_longpoll looks at that.
            door = Events
        query = f"member={reader.secret}" if reader.secret else ""
        connection = door(reader.seen, "localhost", reader.room, query)
        began: list[bool] = []
        connection.began = lambda: began.append(True)
        reader.connection = connection
        self.attach(connection)
        reader.has_stalled = False
        if reader.secret:
            self.gone.pop((reader.room, reader.secret), None)
        for _ in range(_TURNS):
            reader.pipe.read()
            self.server.clock.advance(0)
        assert began, f"{door.__name__} did not begin: {connection.head}"
        if reader.start < 0:
            reader.start = reader.seen.offset - len(reader.seen.numbers)
        self.look(reader)

    def attach(self, connection: Connection) -> None:
        """Connect to the server in memory."""
        connection.connection_made(Pipe(self.server.connect(), connection))  # type: ignore[arg-type]

    def lose(self, reader: Reader) -> None:
        """End a reader's connection."""
        was_member = self.is_member(reader)
        reader.pipe.abort()
        reader.connection = None
        if was_member and reader.secret and not self.named(reader.room, reader.secret):
            until = self.server.clock.seconds() + LINGER
            self.gone[reader.room, reader.secret] = until, reader.has_stalled

    def pick(self, data: st.DataObject) -> Reader | None:
        """Choose a reader that is connected."""
        here = [reader for reader in self.readers if reader.connection is not None]
        return data.draw(st.sampled_from(here)) if here else None

    def look(self, reader: Reader) -> None:
        """Hold a reader to what was said, and note where the server gave it up."""
        seen = reader.seen
        assert not seen.fault, seen.fault
        assert seen.refused == seen.skipped == 0
        said = self.said.get(reader.room, [])
        assert seen.numbers == said[reader.start : seen.offset]
        if reader.connection is not None and reader.connection.is_over:
            self.lose(reader)

    def numbers(self, room: str, count: int) -> list[int]:
        """Draw numbers never said before, and note them as said."""
        fresh = list(range(self.number, self.number + count))
        self.number += count
        self.said.setdefault(room, []).extend(fresh)
        return fresh

    def publisher(self, subprotocol: str, room: str) -> Publisher:
        """Open a connection to publish by."""
        publisher = Publisher(subprotocol, room)
        self.attach(publisher)
        publisher.transport.read()
        return publisher

    def post(self, room: str, number: int) -> str:
        """Publish by HTTP; returns the position."""
        body = str(number)
        answer = self.ask(
            f"POST {path(room)} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
            f"Idempotency-Key: k{number}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )
        return str(answer["position"])

    def ask(self, request: str) -> Any:
        """Send a request and read the JSON of its answer."""
        peer = self.server.connect()
        peer.send(request.encode())
        head, _, body = peer.received().partition(b"\r\n\r\n")
        assert head.split(b" ")[1].startswith(b"20"), head
        peer.front.connectionLost(_DEATH)
        return json.loads(body)

    def is_member(self, reader: Reader) -> bool:
        """Whether others see a reader that is connected."""
        connection = reader.connection
        polls = isinstance(connection, Poll)
        return (
            connection is not None and not connection.is_over and not (polls and not reader.secret)
        )

    def named(self, room: str, secret: str) -> bool:
        """Whether a named member is connected."""
        return any(
            self.is_member(reader) and (reader.room, reader.secret) == (room, secret)
            for reader in self.readers
        )

    def present(self, room: str, *, stalled: bool = False) -> set[Any]:
        """Who must be in a room's list; with those who may be, where asked for."""
        now = self.server.clock.seconds()
        here: set[Any] = {
            reader.secret or reader
            for reader in self.readers
            if reader.room == room
            and self.is_member(reader)
            and (stalled or not reader.has_stalled)
        }
        return here | {
            secret
            for (where, secret), (until, is_doubtful) in self.gone.items()
            if where == room and until > now and (stalled or not is_doubtful)
        }


def path(room: str) -> str:
    """The path of a room."""
    return Poll(ReaderLog(), "localhost", room).path


def test_mixed_doors_lose_nothing_and_double_nothing() -> None:
    """One order and true presence, whichever door each comes back by."""
    run_state_machine_as_test(MixedDoors)
