# SPDX-License-Identifier: MIT
"""WAMP clients of a server in memory: over WebSocket, RawSocket and HTTP.

They write and read with the formats' own libraries, never with the server's modules.
"""

import json
from typing import Any

import cbor2
import msgpack
from attrs import define, field
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure
from twisted.web.resource import Resource

from tests.unit.doors.harness import Client, Peer, Server
from wsecho.bus.memory import MemoryBus
from wsecho.config.config import Config
from wsecho.doors.wamp.serve import longpoll_resource
from wsecho.fanout.rooms import MakeBus

HELLO: list[Any] = [
    1,
    "realm1",
    {"roles": {"publisher": {}, "subscriber": {}, "caller": {}, "callee": {}}},
]
FORMS = (
    "wamp.2.json",
    "wamp.2.msgpack",
    "wamp.2.cbor",
    "wamp.2.json.batched",
    "wamp.2.msgpack.batched",
)
ROOM = "wsecho.room.a"


def make_server(make_bus: MakeBus = MemoryBus, /, **options: Any) -> Server:
    """A server with `/lp` in its tree, whose WebSockets may be silent."""
    root = Resource()
    server = Server(Config(**{"auto_ping": 0.0, **options}), root, make_bus=make_bus)
    lp = longpoll_resource(
        server.config, server.admission.gate, server.router, server.clock, server.state
    )
    root.putChild(b"lp", lp)
    return server


def write(form: str, *messages: object) -> bytes:
    """Write messages as a client of that form does."""
    if form == "wamp.2.json.batched":
        return b"".join(json.dumps(message).encode() + b"\x1e" for message in messages)
    if form == "wamp.2.msgpack.batched":
        written = [msgpack.packb(message) for message in messages]
        return b"".join(len(octets).to_bytes(4) + octets for octets in written)
    [message] = messages
    if form == "wamp.2.json":
        return json.dumps(message).encode()
    packed: bytes = msgpack.packb(message) if form == "wamp.2.msgpack" else cbor2.dumps(message)
    return packed


def read(form: str, octets: bytes) -> list[Any]:
    """Read what came as one."""
    if form == "wamp.2.json.batched":
        assert octets.endswith(b"\x1e")
        return [json.loads(chunk) for chunk in octets.split(b"\x1e")[:-1]]
    if form == "wamp.2.msgpack.batched":
        messages = []
        while octets:
            length = int.from_bytes(octets[:4])
            messages.append(msgpack.unpackb(octets[4 : 4 + length]))
            octets = octets[4 + length :]
        return messages
    if form == "wamp.2.json":
        return [json.loads(octets)]
    return [msgpack.unpackb(octets) if form == "wamp.2.msgpack" else cbor2.loads(octets)]


@define
class Wamp:
    """A WAMP client over WebSocket."""

    client: Client
    form: str
    _requests: int = 0

    @classmethod
    def open(cls, server: Server, form: str = "wamp.2.json") -> "Wamp":
        """Open the WebSocket; no session is there yet."""
        return cls(server.open("/ws", subprotocols=[form]), form)

    @classmethod
    def join(cls, server: Server, form: str = "wamp.2.json", **details: object) -> "Wamp":
        """Open the WebSocket and a session, with further details of its HELLO."""
        wamp = cls.open(server, form)
        wamp.say([*HELLO[:2], {**HELLO[2], **details}])
        [[kind, *_]] = wamp.heard()
        assert kind == 2
        return wamp

    def say(self, *messages: object) -> None:
        """Send messages, as one where the form is batched."""
        octets = write(self.form, *messages)
        if "json" in self.form:
            self.client.text(octets.decode())
        else:
            self.client.binary(octets)

    def heard(self) -> list[Any]:
        """Take the messages received so far."""
        return [
            message
            for frame in self.client.take()
            for message in read(self.form, bytes(frame.data))
        ]

    def subscribe(self, topic: str, **options: object) -> int:
        """Subscribe; returns the subscription."""
        self._requests += 1
        self.say([32, self._requests, options, topic])
        [[kind, _, subscription]] = self.heard()
        assert kind == 33
        return int(subscription)

    def publish(self, topic: str, *args: object, **kwargs: object) -> Any:
        """Publish, acknowledged; returns PUBLISHED or ERROR."""
        self._requests += 1
        self.say([16, self._requests, {"acknowledge": True}, topic, list(args), kwargs])
        [answer] = self.heard()
        return answer

    def call(self, procedure: str, *args: object, **kwargs: object) -> Any:
        """Call; returns RESULT or ERROR."""
        self._requests += 1
        self.say([48, self._requests, {}, procedure, list(args), kwargs])
        [answer] = self.heard()
        return answer


@define
class Raw:
    """A WAMP client over RawSocket, with JSON."""

    peer: Peer

    @classmethod
    def shake_hands(cls, server: Server, octets: bytes = b"\x7f\xf1\0\0") -> tuple["Raw", bytes]:
        """Connect and send a handshake; returns the answer too."""
        peer = server.connect()
        peer.send(octets)
        return cls(peer), peer.received()

    def say(self, message: object) -> None:
        """Send a message."""
        self.frame(0, json.dumps(message).encode())

    def frame(self, kind: int, payload: bytes) -> None:
        """Send a frame."""
        self.peer.send(bytes((kind,)) + len(payload).to_bytes(3) + payload)

    def frames(self) -> list[tuple[int, bytes]]:
        """Take the frames received so far."""
        octets, frames = self.peer.received(), []
        while octets:
            end = 4 + int.from_bytes(octets[1:4])
            frames.append((octets[0], octets[4:end]))
            octets = octets[end:]
        return frames

    def heard(self) -> list[Any]:
        """Take the messages received so far."""
        return [json.loads(payload) for _, payload in self.frames()]


@define
class Exchange:
    """One HTTP request and its answer, whole or not yet."""

    peer: Peer
    _octets: bytes = b""

    def _read(self) -> tuple[list[str], bytes]:
        self._octets += self.peer.received()
        head, _, body = self._octets.partition(b"\r\n\r\n")
        return head.decode().split("\r\n"), body

    @property
    def is_answered(self) -> bool:
        """Whether an answer has begun."""
        return self.status != 0

    @property
    def status(self) -> int:
        """The answer's status, 0 while there is none."""
        lines, _ = self._read()
        return int(lines[0].split()[1]) if lines[0] else 0

    @property
    def headers(self) -> dict[str, str]:
        """The answer's header fields, in lower case."""
        lines, _ = self._read()
        return {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}

    @property
    def body(self) -> bytes:
        """The answer's body, as far as it is here."""
        _, body = self._read()
        if self.headers.get("transfer-encoding") != "chunked":
            return body
        whole = b""
        while body:
            size, _, rest = body.partition(b"\r\n")
            whole += rest[: int(size, 16)]
            body = rest[int(size, 16) + 2 :]
        return whole

    @property
    def is_over(self) -> bool:
        """Whether a chunked answer has ended."""
        return self._read()[1].endswith(b"0\r\n\r\n")

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def events(self) -> list[tuple[int, Any]]:
        """The server-sent events so far: their ids and messages."""
        found = []
        for block in self.body.decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            if "data" in lines:
                found.append((int(lines["id"]), json.loads(lines["data"])))
        return found

    def lose(self) -> None:
        """Lose the connection."""
        self.peer.front.connectionLost(Failure(ConnectionLost()))


def http(
    server: Server, method: str, path: str, body: bytes | None = None, **headers: str
) -> Exchange:
    """Send one request on a connection of its own; `_` in a field's name is a hyphen."""
    peer = server.connect()
    fields = {"host": "localhost:8080"}
    if body is not None:
        fields |= {"content-length": str(len(body)), "content-type": "application/json"}
    fields |= {name.replace("_", "-").lower(): value for name, value in headers.items()}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    peer.send("\r\n".join([*lines, "", ""]).encode() + (body or b""))
    return Exchange(peer)


@define
class Poller:
    """A WAMP client over `/lp`."""

    server: Server
    form: str
    address: str = field(init=False)

    def __attrs_post_init__(self) -> None:
        opened = http(
            self.server, "POST", "/lp/open", json.dumps({"protocols": [self.form]}).encode()
        )
        assert opened.json()["protocol"] == self.form
        self.address = f"/lp/{opened.json()['transport']}"

    @classmethod
    def join(cls, server: Server, form: str = "wamp.2.json") -> "Poller":
        """Open a transport and a session on it."""
        poller = cls(server, form)
        poller.say(HELLO)
        [[kind, *_]] = poller.fetch()
        assert kind == 2
        return poller

    def send(self, octets: bytes, query: str = "", **headers: str) -> Exchange:
        """POST octets to `send`."""
        kind = "application/json" if "json" in self.form else "application/octet-stream"
        return http(
            self.server,
            "POST",
            f"{self.address}/send{query}",
            octets,
            content_type=headers.get("content_type", kind),
        )

    def say(self, *messages: object, query: str = "") -> None:
        """Send messages in one POST."""
        assert self.send(write(self.form, *messages), query).status == 204

    def receive(self, query: str = "") -> Exchange:
        """Ask for messages."""
        return http(self.server, "POST", f"{self.address}/receive{query}", b"")

    def fetch(self, query: str = "") -> list[Any]:
        """Ask for messages that are there already."""
        answer = self.receive(query)
        assert answer.status == 200
        return read(self.form, answer.body)

    def stream(self, last_event_id: str = "") -> Exchange:
        """Open the stream of events."""
        path = f"{self.address}/events"
        if not last_event_id:
            return http(self.server, "GET", path)
        return http(self.server, "GET", path, last_event_id=last_event_id)

    def close(self) -> Exchange:
        """Close the transport."""
        return http(self.server, "POST", f"{self.address}/close", b"")
