# SPDX-License-Identifier: MIT
"""A WAMP client on any transport of a server in memory: for what holds on each of them."""

import json
from typing import Any, Final

from attrs import define, field

from tests.unit.doors.harness import Client, Peer, Server, known
from tests.unit.doors.wamp.harness import HELLO

ERROR, SUBSCRIBED, EVENT, RESULT, INVOCATION = 8, 33, 36, 50, 68
OVER_LIMIT, OVER_RATE = "wsecho.error.over_limit", "wsecho.error.over_rate"
ECHO: Final = "wsecho.echo"
TRANSPORTS: Final = ("websocket", "rawsocket", "lp")


@define
class TransportClient:
    """A client on any transport: lists in, lists out."""

    server: Server
    kind: str
    peer: Peer = field(init=False)
    _client: Client | None = None
    _path: str = ""
    _next: int = 0

    @classmethod
    def join(cls, server: Server, kind: str = "websocket") -> "TransportClient":
        """Open a session."""
        wamp = cls(server, kind)
        wamp.begin()
        return wamp

    def begin(self) -> Any:
        """Open it; return WELCOME."""
        server, kind, wamp = self.server, self.kind, self
        if kind == "websocket":
            wamp._client = server.open("/ws", subprotocols=["wamp.2.json"])
            wamp.peer = wamp._client.peer
        elif kind == "rawsocket":
            wamp.peer = server.connect()
            wamp.peer.send(b"\x7f\xf1\0\0")
            wamp.peer.received()
        else:
            wamp.peer = server.connect()
            opened = wamp._post("/lp/open", b'{"protocols":["wamp.2.json.batched"]}')
            wamp._path = f"/lp/{json.loads(opened)['transport']}"
        wamp.say(HELLO)
        [welcome] = wamp.heard()
        assert welcome[0] == 2
        return welcome

    def say(self, *messages: Any) -> None:
        """Send messages."""
        for message in messages:
            octets = json.dumps(message).encode()
            if self._client is not None:
                self._client.text(octets.decode())
            elif self.kind == "rawsocket":
                self.peer.send(b"\0" + len(octets).to_bytes(3) + octets)
            else:
                self._post(f"{self._path}/send", octets + b"\x1e")

    def heard(self) -> list[Any]:
        """What was received since the last call."""
        if self._client is not None:
            return [json.loads(text) for text in self._client.texts()]
        if self.kind == "lp":
            found: list[Any] = []
            while chunks := self._fetch().split(b"\x1e")[:-1]:
                found += [json.loads(chunk) for chunk in chunks]
            return found
        found, data = [], self.peer.received()
        while data:
            end = 4 + int.from_bytes(data[1:4])
            found.append(json.loads(data[4:end]))
            data = data[end:]
        return found

    @property
    def close_code(self) -> int | None:
        """The code that the WebSocket was closed with."""
        return None if self._client is None else self._client.close_code

    def ask(self, kind: int, *rest: Any) -> Any:
        """Send a request; its answer."""
        self._next += 1
        self.say([kind, self._next, *rest])
        return self.heard()[-1]

    def subscribe(self, topic: str) -> Any:
        """Subscribe; the answer."""
        return self.ask(32, {}, topic)

    def _fetch(self) -> bytes:
        fetched = self._post(f"{self._path}/receive", b"")
        if not fetched:
            self.server.clock.advance(10)
            self.peer.received()
        return fetched

    def _post(self, path: str, body: bytes) -> bytes:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        self.peer.send(head.encode() + body)
        return self.peer.received().partition(b"\r\n\r\n")[2]


def speak(server: Server, room: str, count: int) -> list[str]:
    """Say something in a room; the positions."""
    return [
        str(known(server.rooms.publish(room, b"x" * 100, is_binary=False)).position)
        for _ in range(count)
    ]
