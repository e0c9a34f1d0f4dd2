# SPDX-License-Identifier: MIT
"""What every door into a room promises: each message once, in order, however often one resumes."""

import json
from typing import Any, Protocol
from urllib.parse import quote

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from tests.support.events import EventReader
from tests.unit.doors.harness import Client, Exchange, Peer, Server
from tests.unit.tls.secure import SecureServer
from wsecho.config.config import Config
from wsecho.core.rooms.history import Message


class Reader(Protocol):
    """One visit of a reader, from a position on."""

    @property
    def peer(self) -> Peer:
        """Its connection."""

    def begin(self, server: Server, after: str) -> None:
        """Come, by a connection that may be slow."""

    def read(self) -> list[tuple[str, str]]:
        """Take what came: each message's position, and what it says."""


@define
class Raw:
    """Counts its frames from `Wsecho-Position`."""

    peer: Peer
    _client: Client = field(init=False)
    _count: int = 0

    def begin(self, server: Server, after: str) -> None:
        """Open a WebSocket."""
        self._client = Client.to(self.peer, f"/broadcast/a?after={quote(after)}")
        self._client.shake_hands()

    def read(self) -> list[tuple[str, str]]:
        """Number the frames."""
        epoch, _, offset = self._client.response.headers["Wsecho-Position"].partition(":")
        read = []
        for text in self._client.texts():
            self._count += 1
            read.append((f"{epoch}:{int(offset) + self._count}", text))
        return read


@define
class Framed:
    """Reads `wsecho.v1`."""

    peer: Peer
    query: str = ""
    recovered: bool = True
    _client: Client = field(init=False)

    def begin(self, server: Server, after: str) -> None:
        """Open a WebSocket."""
        path = f"/broadcast/a?after={quote(after)}{self.query}"
        self._client = Client.to(self.peer, path, subprotocols=["wsecho.v1"])
        self._client.shake_hands()

    def read(self) -> list[tuple[str, str]]:
        """Read the frames."""
        return read_frames(map(json.loads, self._client.texts()), recovered=self.recovered)


@define
class Events:
    """Reads server-sent events, and trusts in their ids."""

    peer: Peer
    query: str = ""
    recovered: bool = True
    _exchange: Exchange = field(init=False)
    _taken: int = 0

    def begin(self, server: Server, after: str) -> None:
        """Open a stream as a browser does when it comes back."""
        self._exchange = self.peer.ask(
            "GET", f"/broadcast/a?{self.query}", Accept="text/event-stream", Last_Event_ID=after
        )

    def read(self) -> list[tuple[str, str]]:
        """Read the events."""
        events = EventReader().feed(self._exchange.body)[self._taken :]
        self._taken += len(events)
        assert all(e.last_id == e.frame["position"] for e in events)
        return read_frames((event.frame for event in events), recovered=self.recovered)


@define
class Polls:
    """Asks again as soon as it is answered."""

    peer: Peer
    query: str = ""
    recovered: bool = True
    _exchange: Exchange = field(init=False)

    def begin(self, server: Server, after: str) -> None:
        """Ask."""
        path = f"/broadcast/a?after={after}&wait=60&limit=4{self.query}"
        self._exchange = self.peer.ask("GET", path)

    def read(self) -> list[tuple[str, str]]:
        """Read the answer, and ask for more."""
        read: list[tuple[str, str]] = []
        while self._exchange.is_over:
            page = self._exchange.json
            assert page["recovered"] is self.recovered
            self.recovered = True
            read += read_frames(page["messages"])
            self._exchange = self.peer.ask(
                "GET", f"/broadcast/a?after={page['position']}&wait=60&limit=4"
            )
        return read


def read_frames(frames: Any, *, recovered: bool = True) -> list[tuple[str, str]]:
    """Take the messages; nothing else than `joined` may come beside them."""
    read = []
    for frame in frames:
        if frame["type"] == "message":
            read.append((frame["position"], frame["data"]))
        else:
            assert (frame["type"], frame["recovered"]) == ("joined", recovered)
    return read


DOORS = [Raw, Framed, Events, Polls]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.integers(1, 5)),
        st.tuples(st.just("read"), st.integers(1, 4)),
        st.tuples(st.just("come back"), st.integers(1, 6)),
    ),
    max_size=30,
)


# pytest-twisted cannot have `given` below `parametrize`: it wraps the test once for each.
@given(steps=STEPS)
def test_each_message_comes_once_and_in_order(steps: Any) -> None:
    """While others publish, the connection takes little, breaks and comes back."""
    for door in DOORS:
        come_and_go(door, steps)


@given(steps=STEPS)
def test_each_message_comes_once_and_in_order_under_tls(steps: Any) -> None:
    """The same where TLS writes, and says when it is full, a turn later."""
    for door in DOORS:
        come_and_go(door, steps, SecureServer)


def come_and_go(door: type[Any], steps: Any, kind: type[Server] = Server) -> None:
    """Let one reader do all that, and compare what it got with what was said."""
    server = kind()
    said: list[str] = []
    read: list[tuple[str, str]] = []
    reader: Any = None

    def come(patience: int | None) -> None:
        nonlocal reader
        if reader is not None:
            reader.peer.lose()
        peer = server.connect()
        peer.wire.takes = patience
        reader = door(peer)
        reader.begin(server, read[-1][0] if read else f"{server.rooms.read('a').epoch}:0")

    come(2)
    for step, count in steps:
        if step == "say":
            for _ in range(count):
                said.append(str(len(said)))
                server.rooms.publish("a", said[-1].encode(), is_binary=False)
        elif step == "read":
            read += reader.read()
            reader.peer.wire.takes = count
            reader.peer.wire.empty()
        else:
            come(count)
    come(None)
    server.rooms.publish("a", b"last", is_binary=False)
    read += reader.read()
    assert [text for _, text in read] == [*said, "last"]
    epoch = server.rooms.read("a").epoch
    assert [position for position, _ in read] == [
        f"{epoch}:{number}" for number in range(1, len(said) + 2)
    ]
    reader.peer.lose()


@pytest.mark.parametrize("kind", [Server, SecureServer])
@pytest.mark.parametrize(("before", "after"), [(a, b) for a in DOORS for b in DOORS])
def test_one_door_goes_on_where_another_stopped(
    before: type[Any], after: type[Any], kind: type[Server]
) -> None:
    """A position is good at every door."""
    server = kind(Config())
    epoch = server.rooms.read("a").epoch

    def say(text: str) -> None:
        server.rooms.publish("a", text.encode(), is_binary=False)

    first = before(server.connect())
    first.begin(server, f"{epoch}:0")
    say("x")
    say("y")
    read = first.read()
    first.peer.lose()
    say("between")
    second = after(server.connect())
    second.begin(server, read[-1][0])
    read += second.read()
    say("live")
    read += second.read()
    assert [text for _, text in read] == ["x", "y", "between", "live"]


@pytest.mark.parametrize("door", [Framed, Events, Polls])
@pytest.mark.parametrize("place", ["lost:7", "{epoch}:0", "{epoch}:99"])
@pytest.mark.parametrize("kept", [0, 1, 4])
def test_what_is_kept_is_had_by_who_lost_its_place(door: type[Any], place: str, kept: int) -> None:
    """As much as `history` asks for, where it begins is told, and all that follows comes."""
    server = Server(Config(history=4))
    for number in range(kept if place == "lost:7" else 9):
        server.rooms.publish("a", b"%d" % number, is_binary=False)
    history = server.rooms.read("a")
    past = [message.payload.decode() for message in history]
    reader = door(server.connect(), "&history=4", recovered=False)
    reader.begin(server, place.format(epoch=history.epoch))
    read = reader.read()
    server.rooms.publish("a", b"live", is_binary=False)
    read += reader.read()
    assert [text for _, text in read] == [*past, "live"]
    first = history.head - len(past)
    assert [position for position, _ in read] == [
        f"{history.epoch}:{number}" for number in range(first, history.head + 1)
    ]


@pytest.mark.parametrize("door", [Framed, Events, Polls])
@pytest.mark.parametrize("wanted", [0, 2, 9])
def test_what_is_kept_is_had_by_who_loses_its_place(door: type[Any], wanted: int) -> None:
    """As though it came back: the room stands elsewhere, with a past that was said elsewhere."""
    server = Server(Config(history=4))
    history = server.rooms.read("a")
    reader = door(server.connect(), f"&history={wanted}")
    reader.begin(server, str(history.position))
    assert reader.read() == []
    history.reset("other", 3)
    for number in range(4):
        message = Message(history.next_position(), b"%d" % number, False, 0.0, 1)
        history.append(message, server.clock.seconds())
    server.rooms.fanout.renew("a", history.position)
    server.clock.advance(0)
    reader.recovered = False
    read = reader.read()
    server.rooms.publish("a", b"live", is_binary=False)
    read += reader.read()
    past = [f"{number}" for number in range(4)][max(4 - wanted, 0) :]
    assert [text for _, text in read] == [*past, "live"]
    assert [position for position, _ in read] == [
        f"other:{number}" for number in range(8 - len(past), 9)
    ]
