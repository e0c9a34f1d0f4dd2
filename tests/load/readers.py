# SPDX-License-Identifier: MIT
"""One reader for each door: it notes what it saw, can be killed, and resumes by another.

They read the wire by hand: a client library spends more on one message than a server does on
twenty, and hundreds of readers must not be the bottleneck.
"""

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import quote

from attrs import define, field

_KEY: Final = b64encode(bytes(16)).decode()
_MESSAGE: Final = re.compile(
    rb'"position":"([^":]+):(\d+)","time":\d+,(?:"from":\{[^}]*\},)?"data":"(\d+)"'
)
_CHUNK: Final = re.compile(rb"([0-9a-fA-F]+)\r\n")
_EVENT: Final = re.compile(rb'\[36,\d+,\d+,\{\},\["(\d+)"\],\{"position":"([^":]+):(\d+)"\}\]')


@define(eq=False)
class ReaderLog:
    """What one reader has seen of a room, over all of its connections.

    Attributes:
        epoch: of its position, empty before the first connection.
        offset: of its position.
        numbers: the payloads, in order.
        refused: positions that could not be resumed.
        skipped: times that it was told of messages left out.
        turned_away: statuses of refusals that only mean to come back, as 503 in an outage.
        begun: what was seen, as stretches without a break: the epoch, the offset that the first
            message followed, and how many messages had been seen before it.
    """

    epoch: str = ""
    offset: int = 0
    numbers: list[int] = field(factory=list)
    refused: int = 0
    skipped: int = 0
    fault: str = ""
    turned_away: frozenset[str] = frozenset()
    begun: list[tuple[str, int, int]] = field(factory=list)

    def position(self) -> str:
        """Where it stands."""
        return f"{self.epoch}:{self.offset}"

    def begin(self, position: str) -> None:
        """Note the position that the next message follows."""
        epoch, _, offset = position.rpartition(":")
        if self.epoch and (epoch, int(offset)) != (self.epoch, self.offset):
            self.fault = self.fault or f"resumed {self.position()} at {position}"
        if not self.epoch:
            self.begun.append((epoch, int(offset), len(self.numbers)))
        self.epoch, self.offset = epoch, int(offset)

    def refuse(self) -> None:
        """Note that the place is gone."""
        self.refused += 1
        self.epoch = ""

    def take(self, offset: int, number: int) -> None:
        """Note a message."""
        if offset != self.offset + 1:
            self.fault = self.fault or f"message {offset} came behind {self.offset}"
        self.offset = offset
        self.numbers.append(number)


class Connection(asyncio.Protocol):
    """A connection of a reader: raw bytes in, what was seen out.

    Args:
        seen: where it is noted.
        authority: the server's host and port.
        room: the room's name.
        query: further parameters of the room, such as `presence=1`.

    Attributes:
        began: called once when the position is known.
        ended: called once when the connection is gone.
    """

    transport: Any

    def __init__(self, seen: ReaderLog, authority: str, room: str, query: str = "") -> None:
        self.seen = seen
        self.authority = authority
        self.path = f"/broadcast/{quote(room, safe='')}"
        self.room = room
        self.query = query
        self.began: Callable[[], None] = _nothing
        self.ended: Callable[[], None] = _nothing
        self.is_over = False
        self.buffer = b""
        self.head = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the request."""
        self.transport = cast(Any, transport)
        self.transport.write(self.request().encode())

    def request(self) -> str:
        """Write the request that opens the door."""
        raise NotImplementedError

    def read(self) -> None:
        """Read what the buffer holds, behind the head."""
        raise NotImplementedError

    def kill(self) -> None:
        """Cut the connection; what was on its way is gone."""
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Read the head, then all else."""
        self.buffer += data
        if not self.head:
            head, end, rest = self.buffer.partition(b"\r\n\r\n")
            if not end:
                return
            self.head, self.buffer = head.decode("latin-1"), rest
            self.opened()
        if self.transport.is_closing():
            self.buffer = b""
            return
        self.read()

    def opened(self) -> None:
        """Look at the head."""
        status = self.head.split(" ", 2)[1]
        if status in self.seen.turned_away:
            self.kill()
        elif status not in {"101", "200"}:
            self.fail(self.head.splitlines()[0])

    def header(self, name: str) -> str:
        """A header of the answer."""
        found = re.search(rf"(?im)^{name}: *(.*?)\r?$", self.head)
        return found[1] if found else ""

    def fail(self, why: str) -> None:
        """Note that something is wrong, and end."""
        self.seen.fault = self.seen.fault or f"{type(self).__name__}: {why}"
        self.kill()

    def skipped(self, after: str, upto: str) -> None:
        """Note that messages were left out, and come back for them."""
        self.seen.skipped += 1
        self.kill()

    def is_ready(self) -> None:
        """The position is known, messages may come."""
        began, self.began = self.began, _nothing
        began()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell who waits."""
        self.is_over = True
        self.is_ready()
        ended, self.ended = self.ended, _nothing
        ended()

    def target(self, *more: str) -> str:
        """The room with all parameters, the one that resumes among them."""
        after = [f"after={quote(self.seen.position())}"] if self.seen.epoch else []
        parameters = [*after, *more, *([self.query] if self.query else [])]
        return f"{self.path}?{'&'.join(parameters)}" if parameters else self.path


class WebSocket(Connection):
    """A door over WebSocket."""

    subprotocol = ""

    def request(self) -> str:
        """Write the opening handshake."""
        lines = [
            f"GET {self.target()} HTTP/1.1",
            f"Host: {self.authority}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {_KEY}",
            "Sec-WebSocket-Version: 13",
        ]
        if self.subprotocol:
            lines.append(f"Sec-WebSocket-Protocol: {self.subprotocol}")
        return "\r\n".join([*lines, "", ""])

    def read(self) -> None:
        """Read whole frames."""
        buffer, start = self.buffer, 0
        while len(buffer) - start >= 2:
            opcode, length, begin = buffer[start] & 15, buffer[start + 1], start + 2
            if length >= 126:
                size = 2 if length == 126 else 8
                length = int.from_bytes(buffer[begin : begin + size])
                begin += size
            if len(buffer) < begin + length:
                break
            self.frame(opcode, buffer[begin : begin + length])
            start = begin + length
        self.buffer = buffer[start:]

    def frame(self, opcode: int, payload: bytes) -> None:
        """Read a frame."""
        if opcode == 8:
            self.closed(int.from_bytes(payload[:2]), payload[2:].decode())
        elif opcode == 9:
            self.send(10, payload)
        else:
            self.message(payload)

    def closed(self, code: int, reason: str) -> None:
        """Note a close that was not asked for."""
        if code in {1001, 1013}:
            self.kill()
        elif code == 4410:
            self.seen.refuse()
            self.kill()
        else:
            self.fail(f"closed with {code} {reason}")

    def message(self, payload: bytes) -> None:
        """Read a message."""
        raise NotImplementedError

    def send(self, opcode: int, payload: bytes) -> None:
        """Send a frame, masked with zeros."""
        length = len(payload)
        size = bytes((0x80 | length,)) if length < 126 else b"\xfe" + length.to_bytes(2)
        self.transport.write(bytes((0x80 | opcode,)) + size + bytes(4) + payload)


class Raw(WebSocket):
    """The raw door: the k-th frame is the position's offset + k."""

    def opened(self) -> None:
        """Read the position."""
        super().opened()
        position = self.header("Wsecho-Position")
        if position:
            self.seen.begin(position)
        self.is_ready()

    def message(self, payload: bytes) -> None:
        """Count."""
        self.seen.take(self.seen.offset + 1, int(payload))


class Framed(WebSocket):
    """The door `wsecho.v1`."""

    subprotocol = "wsecho.v1"

    def message(self, payload: bytes) -> None:
        """Read a frame."""
        found = _MESSAGE.search(payload)
        if found:
            self.seen.take(int(found[2]), int(found[3]))
        else:
            note(self, json.loads(payload))


def note(connection: Connection, frame: dict[str, Any]) -> None:
    """Read a frame of `wsecho.v1` that is no message."""
    seen = connection.seen
    if frame["type"] == "joined":
        if frame.get("recovered") is False:
            seen.refuse()
        seen.begin(frame["position"])
        connection.is_ready()
    elif frame["type"] == "skipped":
        connection.skipped(frame["from"], frame["to"])
    elif frame["type"] == "error":
        connection.fail(frame["reason"])


class Events(Connection):
    """Server-sent events."""

    def __init__(self, seen: ReaderLog, authority: str, room: str, query: str = "") -> None:
        super().__init__(seen, authority, room, query)
        self._body = b""

    def where(self) -> str:
        """The room, without the position: a browser sends that in a header."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def request(self) -> str:
        """Ask for the stream, as a browser comes back."""
        last = f"Last-Event-ID: {self.seen.position()}\r\n" if self.seen.epoch else ""
        return (
            f"GET {self.where()} HTTP/1.1\r\nHost: {self.authority}\r\n"
            f"Accept: text/event-stream\r\n{last}\r\n"
        )

    def read(self) -> None:
        """Read whole chunks, then whole events."""
        while (size := _CHUNK.match(self.buffer)) is not None:
            if int(size[1], 16) == 0:
                # The stream's end; a proxy keeps the connection.
                self.kill()
                return
            end = size.end() + int(size[1], 16)
            if len(self.buffer) < end + 2:
                break
            self._body += self.buffer[size.end() : end]
            self.buffer = self.buffer[end + 2 :]
        events = self._body.split(b"\n\n")
        self._body = events.pop()
        for event in events:
            self.event(event)

    def event(self, event: bytes) -> None:
        """Read one event."""
        found = _MESSAGE.search(event)
        if found:
            self.seen.take(int(found[2]), int(found[3]))
            return
        data = [line[6:] for line in event.split(b"\n") if line.startswith(b"data: ")]
        if data:
            note(self, json.loads(b"\n".join(data)))


class Poll(Connection):
    """Long-poll, one request after the other on a connection that is kept alive."""

    def request(self) -> str:
        """Ask for what comes next; at first for where the room stands."""
        more = []
        if self.seen.epoch:
            # It may be long until there is an answer.
            self.is_ready()
            more = ["wait=20", "limit=1000"]
        return f"GET {self.target(*more)} HTTP/1.1\r\nHost: {self.authority}\r\n\r\n"

    def read(self) -> None:
        """Read a whole answer, then ask for the next."""
        length = int(self.header("Content-Length") or 0)
        if len(self.buffer) < length or not self.head:
            return
        answer = json.loads(self.buffer[:length])
        self.head, self.buffer = "", self.buffer[length:]
        self.answered(answer)
        if not self.transport.is_closing():
            self.transport.write(self.request().encode())

    def answered(self, answer: dict[str, Any]) -> None:
        """Take the messages of an answer."""
        if answer.get("recovered") is False:
            self.seen.refuse()
        for message in answer["messages"]:
            self.seen.take(int(message["position"].rpartition(":")[2]), int(message["data"]))
        self.seen.begin(answer["position"])
        self.is_ready()


class Wamp(WebSocket):
    """WAMP: subscribe, hold what comes, ask for the past, merge by position."""

    subprotocol = "wamp.2.json"

    def __init__(self, seen: ReaderLog, authority: str, room: str, query: str = "") -> None:
        super().__init__(seen, authority, room, query)
        self._held: list[tuple[int, int]] | None = []
        self._subscription = 0
        self._asked = 1

    def target(self, *more: str) -> str:
        """Where the router is."""
        return "/ws"

    def opened(self) -> None:
        """Begin a session."""
        super().opened()
        details: dict[str, Any] = {"roles": {"subscriber": {}, "publisher": {}, "caller": {}}}
        if self.query.startswith("member="):
            details["authextra"] = {"member": self.query.removeprefix("member=")}
        self.say([1, "realm1", details])

    def say(self, message: list[Any]) -> None:
        """Send a WAMP message."""
        self.send(1, json.dumps(message).encode())

    def message(self, payload: bytes) -> None:
        """Read a WAMP message."""
        found = _EVENT.match(payload)
        if found:
            self.event(int(found[3]), int(found[1]))
            return
        message = json.loads(payload)
        kind = message[0]
        if kind == 2:
            self.say([32, 1, {}, self.topic()])
        elif kind == 33:
            self._subscription = message[2]
            self.ask()
        elif kind == 50:
            self.past(message)
        elif kind == 8 and self.seen.turned_away:
            self.kill()
        elif kind == 36 and "recovered" in message[5]:
            self.renewed(message[5]["position"])
        elif kind == 36:
            skipped = message[5]["skipped"]
            self.skipped(skipped["from"], skipped["to"])
        elif kind not in {3, 6}:
            self.fail(f"message {message}")

    def renewed(self, position: str) -> None:
        """Go on in another epoch; come back for it where the past is being asked for."""
        self.seen.refuse()
        if self._held is None:
            self.seen.begin(position)
        else:
            self.kill()

    def topic(self) -> str:
        """The room's topic."""
        return f"wsecho.room.{quote(self.room, safe='')}"

    def ask(self) -> None:
        """Ask for the past behind the position, or for where the room stands."""
        seen = self.seen
        query = {"after_position": seen.position()} if seen.epoch else {"limit": 1, "reverse": True}
        self._asked += 1
        self.say([48, self._asked, {}, "wamp.subscription.get_events", [self._subscription], query])

    def past(self, message: list[Any]) -> None:
        """Take the past, then what was held meanwhile."""
        args = message[3] if len(message) > 3 else []
        kwargs = message[4] if len(message) > 4 else {}
        if kwargs.get("recovered") is False:
            self.seen.refuse()
        if not self.seen.epoch:
            # The answer is cut behind the newest message, and its own position stands at the cut.
            self.seen.begin((args[0]["kwargs"] if args else kwargs)["position"])
        else:
            for event in args:
                offset = int(event["kwargs"]["position"].rpartition(":")[2])
                self.seen.take(offset, int(event["args"][0]))
            if self.seen.position() != kwargs["position"]:
                self.seen.fault = (
                    f"the past ends at {kwargs['position']}, not {self.seen.position()}"
                )
            elif args:
                self.ask()
                return
        held, self._held = self._held or [], None
        for offset, number in held:
            if offset > self.seen.offset:
                self.seen.take(offset, number)
        self.is_ready()

    def event(self, offset: int, number: int) -> None:
        """Take a live event, or hold it until the past is here."""
        if self._held is not None:
            self._held.append((offset, number))
        elif offset > self.seen.offset:
            self.seen.take(offset, number)


DOORS: Final[tuple[type[Connection], ...]] = (Raw, Framed, Events, Poll, Wamp)


def _nothing() -> None:
    """Call nobody."""


async def connect(
    door: type[Connection], seen: ReaderLog, host: str, port: int, room: str, *query: str
) -> tuple[Connection, asyncio.Event]:
    """Open a door for a reader, and wait until it knows its position.

    Returns:
        the connection, and what is set when it is gone.
    """
    ready, over = asyncio.Event(), asyncio.Event()

    def make() -> Connection:
        connection = door(seen, f"{host}:{port}", room, *query)
        connection.began, connection.ended = ready.set, over.set
        return connection

    _, connection = await asyncio.get_running_loop().create_connection(make, host, port)
    await ready.wait()
    return connection, over


class RawSpeaker(WebSocket):
    """Speaks at the raw door, does not hear itself, and lets pass what others say."""

    def opened(self) -> None:
        """Begin at once."""
        super().opened()
        self.is_ready()

    def target(self, *more: str) -> str:
        """Leave out what it says itself."""
        return f"{self.path}?self=0"

    def message(self, payload: bytes) -> None:
        """Let it pass."""
