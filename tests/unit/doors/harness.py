# SPDX-License-Identifier: MIT
"""A whole server in memory: a client that others wrote talks to it over a string transport."""

import json
from collections.abc import Iterable
from typing import Any, TypeVar

from attrs import define, field
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import Request
from websockets.client import ClientProtocol
from websockets.extensions.base import ClientExtensionFactory
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from tests.support.events import Event, read_events
from wsecho.bus.memory import MemoryBus
from wsecho.config.config import Config
from wsecho.core.promise import Later, Promise
from wsecho.doors.admission import Admission
from wsecho.doors.broadcast.longpoll import Poll
from wsecho.doors.broadcast.resource import Broadcast
from wsecho.doors.broadcast.sse import RoomEventStream
from wsecho.doors.front import Front, FrontFactory
from wsecho.doors.handshake import Handshake
from wsecho.doors.http.page import Missing
from wsecho.doors.http.site import EchoSite
from wsecho.doors.lab.lab import Lab
from wsecho.doors.lab.resource import LabResource
from wsecho.doors.wamp.serve import make_router, rawsocket_maker
from wsecho.doors.websocket.connection import WebSocketFactory
from wsecho.fanout.asking import Asking
from wsecho.fanout.rooms import MakeBus, Rooms
from wsecho.hooks.questions import Questions
from wsecho.router import Router
from wsecho.server.state import ServerState

T = TypeVar("T")


def known(outcome: Later[T]) -> T:
    """What is known at once."""
    assert not isinstance(outcome, Promise)
    return outcome


class Wire(StringTransport):
    """A transport that remembers how it was ended, and can be full."""

    producer: Any

    def __init__(self, address: str = "192.168.1.1") -> None:
        kind = IPv6Address if ":" in address else IPv4Address
        peer = kind("TCP", address, 54321) if address else UNIXAddress(None)
        super().__init__(peerAddress=peer)
        self.aborted = False
        self.half_closed = False
        self.takes: int | None = None
        """Writes after which it says that it is full; None for never."""

    def write(self, data: bytes) -> None:
        """Take bytes."""
        super().write(data)
        self._count()

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Take bytes in pieces."""
        super().writeSequence(data)
        self._count()

    def setTcpNoDelay(self, enabled: Any) -> None:
        """TCP's own option means nothing here."""

    def loseWriteConnection(self) -> None:
        """Remember the FIN."""
        self.half_closed = True

    def abortConnection(self) -> None:
        """Remember the reset."""
        self.aborted = True

    def fill(self) -> None:
        """Tell the server that nothing more is taken for now."""
        self.producer.pauseProducing()

    def empty(self) -> None:
        """Tell the server that all was taken."""
        self.producer.resumeProducing()

    def _count(self) -> None:
        if self.takes is not None:
            self.takes -= 1
            if self.takes <= 0 and self.producer is not None:
                self.fill()


class Bare(Resource):
    """A tree without a page: 404 at every address that nothing is put at."""

    def getChild(self, path: bytes, request: Request) -> Resource:
        """Find nothing."""
        return Missing()


@define
class Server:
    """All of the server but its ports and its processes."""

    config: Config = field(factory=Config)
    root: Resource = field(factory=Bare)
    clock: Clock = field(factory=Clock)
    is_on_loopback: bool = False
    make_bus: MakeBus = MemoryBus
    ahead: float = 0.0
    apps: tuple[object, ...] = ()
    admission: Admission = field(init=False)
    state: ServerState = field(init=False)
    rooms: Rooms = field(init=False)
    router: Router = field(init=False)
    websockets: WebSocketFactory = field(init=False)
    factory: FrontFactory = field(init=False)
    lab: Lab = field(init=False)

    def __attrs_post_init__(self) -> None:
        config, clock = self.config, self.clock
        self.state = ServerState.of(config, clock, self.time_of_day)
        self.rooms = Rooms(
            *(config.rules, clock, self.state.stats, self.make_bus, self.time_of_day),
            self.state.room_rules,
        )
        self.admission = Admission.of(
            *(config, self.time_of_day, lambda: self.is_on_loopback, self.state.room_rules)
        )
        asking = self.asking()
        self.router = make_router(
            *(config, self.rooms, clock, self.admission, self.state.wall, asking)
        )
        self.websockets = WebSocketFactory(config, clock, self.state)
        gate = self.admission.gate
        self.lab = Lab(config, self.state, clock, lambda: self.is_on_loopback)
        handshake = Handshake(
            *(config, gate, self.rooms, self.router, self.websockets, self.lab, asking)
        )
        broadcast = Broadcast(config, gate, self.rooms, self.state, clock, asking)
        self.root.putChild(b"broadcast", broadcast)
        self.root.putChild(b"lab", LabResource(self.lab, self.state))
        site = EchoSite(self.root, handshake, clock, config)
        rawsocket = rawsocket_maker(config, self.router, clock, self.state)
        self.factory = FrontFactory(site, handshake, rawsocket, clock, config.open_timeout)

    def asking(self) -> Asking | None:
        """What asks the applications, where there are any."""
        if not self.apps:
            return None
        config = self.config
        questions = Questions(self.apps, config.ask_timeout, self.clock, config.max_message_size)
        return Asking(questions, self.rooms, self.state.room_rules, set(config.ask_header))

    def time_of_day(self) -> float:
        """The wall clock, which somebody may set: it is `ahead` of the other."""
        return self.clock.seconds() + self.ahead

    def answering(self) -> list[RoomEventStream | Poll]:
        """The readers whose answers are not over."""
        return [one for one in self.state.connections if isinstance(one, RoomEventStream | Poll)]

    def connect(self, address: str = "192.168.1.1") -> "Peer":
        """Open a TCP connection, so to say; one of a Unix socket, where the address is empty."""
        front = self.factory.buildProtocol(None)
        assert isinstance(front, Front)
        wire = Wire(address)
        front.makeConnection(wire)
        return Peer(front, wire)

    def ask(self, method: str, path: str, body: bytes = b"", /, **headers: str) -> "Exchange":
        """Send an HTTP request on a connection of its own; `_` in a header's name means `-`."""
        return self.connect().ask(method, path, body, **headers)

    def open(self, path: str, **options: Any) -> "Client":
        """Open a WebSocket."""
        client = Client.to(self.connect(), path, **options)
        client.shake_hands()
        assert client.response.status_code == 101
        return client


@define
class Peer:
    """One connection, bytes in and bytes out."""

    front: Front
    wire: Wire

    def send(self, data: bytes) -> None:
        """Send bytes, all at once."""
        self.front.dataReceived(data)

    def trickle(self, data: bytes) -> None:
        """Send bytes, one by one."""
        for position in range(len(data)):
            self.front.dataReceived(data[position : position + 1])

    def half_close(self) -> None:
        """Send nothing more, and read on, as far as the server knows of such a thing."""
        protocol = IHalfCloseableProtocol(self.front, None)
        if protocol is None:
            self.lose()
        else:
            protocol.readConnectionLost()

    def lose(self) -> None:
        """Let the connection be gone."""
        self.front.connectionLost(Failure(ConnectionLost()))

    def ask(self, method: str, path: str, body: bytes = b"", /, **headers: str) -> "Exchange":
        """Send an HTTP request."""
        fields = {"Host": "localhost", **{n.replace("_", "-"): v for n, v in headers.items()}}
        if body or method == "POST":
            fields["Content-Length"] = str(len(body))
        lines = [
            f"{method} {path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in fields.items()),
        ]
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        return Exchange(self, method)

    def received(self) -> bytes:
        """Take what the server sent since the last call."""
        data: bytes = self.wire.value()
        self.wire.clear()
        return data


@define
class Exchange:
    """An HTTP request, and what came of its answer so far."""

    peer: Peer
    method: str
    _raw: bytes = b""

    @property
    def status(self) -> int | None:
        """The answer's status, None before there is one."""
        head = self._parts()[0]
        return int(head.split(b" ", 2)[1]) if head else None

    @property
    def headers(self) -> dict[str, str]:
        """The answer's headers, their names in lower case."""
        lines = self._parts()[0].decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (s.partition(":") for s in lines)}

    @property
    def body(self) -> bytes:
        """What came of the body."""
        return self._content()[0]

    @property
    def is_over(self) -> bool:
        """Whether the whole answer is here."""
        return self._content()[1]

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def events(self) -> list[Event]:
        """The server-sent events so far."""
        return read_events(self.body)

    def _parts(self) -> tuple[bytes, bytes]:
        self._raw += self.peer.received()
        head, _, rest = self._raw.partition(b"\r\n\r\n")
        return head, rest

    def _content(self) -> tuple[bytes, bool]:
        head, rest = self._parts()
        if not head:
            return b"", False
        if self.method == "HEAD" or self.status == 204:
            assert rest == b""
            return b"", True
        if "content-length" in self.headers:
            return rest, len(rest) == int(self.headers["content-length"])
        return unchunk(rest)


def unchunk(data: bytes) -> tuple[bytes, bool]:
    """Read a chunked body; return what came of it, and whether that is all."""
    body = b""
    while data:
        size, _, rest = data.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            assert rest == b"\r\n"
            return body, True
        body += rest[:length]
        data = rest[length + 2 :]
    return body, False


@define
class Client:
    """A WebSocket client: the sans-I/O one of `websockets`, on a `Peer`."""

    peer: Peer
    protocol: ClientProtocol
    headers: dict[str, str] = field(factory=dict)
    response: Response = field(init=False)
    messages: list[Frame] = field(factory=list)

    @classmethod
    def to(
        cls,
        peer: Peer,
        path: str,
        subprotocols: list[str] | None = None,
        extensions: list[ClientExtensionFactory] | None = None,
        headers: dict[str, str] | None = None,
    ) -> "Client":
        """Prepare a client; nothing is sent yet."""
        offered = None if subprotocols is None else [Subprotocol(name) for name in subprotocols]
        uri = parse_uri(f"ws://localhost{path}")
        protocol = ClientProtocol(uri, subprotocols=offered, extensions=extensions, max_size=None)
        return cls(peer, protocol, headers or {})

    def shake_hands(self) -> None:
        """Send the request and read the answer."""
        request = self.protocol.connect()
        for name, value in self.headers.items():
            request.headers.pop(name, None)
            request.headers[name] = value
        self.protocol.send_request(request)
        self.flush()

    def text(self, text: str) -> None:
        """Send a text message."""
        self.protocol.send_text(text.encode())
        self.flush()

    def binary(self, data: bytes) -> None:
        """Send a binary message."""
        self.protocol.send_binary(data)
        self.flush()

    def raw(self, data: bytes) -> None:
        """Send bytes that the client itself would not."""
        self.peer.send(data)
        self.read()

    def flush(self) -> None:
        """Exchange bytes until both sides are silent."""
        while data := b"".join(self.protocol.data_to_send()):
            self.peer.send(data)
            self.read()

    def read(self) -> None:
        """Read what the server sent."""
        if data := self.peer.received():
            self.protocol.receive_data(data)
        for event in self.protocol.events_received():
            if isinstance(event, Response):
                self.response = event
            elif isinstance(event, Frame) and event.opcode in {Opcode.TEXT, Opcode.BINARY}:
                self.messages.append(event)

    def texts(self) -> list[str]:
        """Take the text messages received so far."""
        return [bytes(frame.data).decode() for frame in self.take() if frame.opcode is Opcode.TEXT]

    def take(self) -> list[Frame]:
        """Take the messages received so far."""
        self.read()
        taken, self.messages = self.messages, []
        return taken

    @property
    def close_code(self) -> int | None:
        """The code of the Close frame that the server sent, if it did."""
        self.read()
        return None if self.protocol.close_rcvd is None else self.protocol.close_rcvd.code

    @property
    def close_reason(self) -> str:
        """The reason in the Close frame that the server sent."""
        self.read()
        assert self.protocol.close_rcvd is not None
        return self.protocol.close_rcvd.reason


def masked(opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0) -> bytes:
    """Write a short client frame by hand, so that it can be wrong."""
    assert len(payload) < 126
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    return bytes([first, 0x80 | len(payload), 0, 0, 0, 0]) + payload
