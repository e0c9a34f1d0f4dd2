# SPDX-License-Identifier: MIT
"""A server's room as the machine sees it, without a network: so that it can be cut anywhere."""

import json
from base64 import b64encode
from typing import Any

from attrs import define, field

from wsecho.client.errors import Gap
from wsecho.client.model import Message, Position
from wsecho.client.protocol.actions import (
    AskToken,
    Connect,
    Drop,
    Ping,
    Post,
    Send,
    Settle,
)
from wsecho.client.protocol.machine import Machine
from wsecho.client.protocol.plan import Plan
from wsecho.client.protocol.refusals import passing


@define
class SimulatedRoom:
    """What a server keeps of a room, and of the keys that were used in it."""

    epoch: str = "e0"
    log: list[str | bytes] = field(factory=list)
    forgotten: int = 0
    keys: dict[str, int] = field(factory=dict)
    past: list[tuple[str, list[str | bytes]]] = field(factory=list)

    def say(self, data: str | bytes, key: str | None = None) -> int:
        """Take a message, once under its key; the offset that it has."""
        if key is not None and key in self.keys:
            return self.keys[key]
        self.log.append(data)
        if key is not None:
            self.keys[key] = len(self.log)
        return len(self.log)

    def begin_anew(self) -> None:
        """Lose everything, as a restart without Redis does."""
        self.past.append((self.epoch, self.log))
        self.epoch, self.log, self.keys = f"e{len(self.past)}", [], {}
        self.forgotten = 0

    def forget(self) -> None:
        """Keep none of the messages, but the place where the room stands."""
        self.forgotten = len(self.log)

    def everything(self) -> dict[str, list[str | bytes]]:
        """All that was ever said, by epoch."""
        return {**dict(self.past), self.epoch: self.log}

    def message(self, offset: int) -> dict[str, Any]:
        """The frame of a message."""
        data = self.log[offset - 1]
        fields = {"data": data} if isinstance(data, str) else {"base64": b64encode(data).decode()}
        return {"type": "message", "position": f"{self.epoch}:{offset}", "time": offset, **fields}


@define
class SimulatedConnection:
    """One connection of a reader: what is on its way, both ways."""

    room: SimulatedRoom
    epoch: str
    at: int
    to_client: list[dict[str, Any]] = field(factory=list)
    to_server: list[dict[str, Any]] = field(factory=list)

    @classmethod
    def of(cls, room: SimulatedRoom, asked: Connect) -> "SimulatedConnection":
        """Join as the server does."""
        after, recovered = asked.after, None
        at = max(len(room.log) - (asked.history or 0), room.forgotten)
        if after is not None:
            recovered = after.epoch == room.epoch and room.forgotten <= after.offset <= len(
                room.log
            )
            at = after.offset if recovered else at
        self = cls(room, room.epoch, at)
        joined = {"type": "joined", "member": "me", "position": f"{room.epoch}:{at}"}
        self.to_client.append(joined if recovered is None else {**joined, "recovered": recovered})
        return self

    def follow(self) -> None:
        """Send what was said since, or that the room began anew."""
        room = self.room
        if self.epoch != room.epoch:
            self.epoch, self.at = room.epoch, len(room.log)
            position = f"{room.epoch}:{self.at}"
            frame = {"type": "joined", "member": "me", "position": position, "recovered": False}
            self.to_client.append(frame)
        if self.at < room.forgotten:
            self.skip(room.forgotten)
        self.to_client += (room.message(each) for each in range(self.at + 1, len(room.log) + 1))
        self.at = len(room.log)

    def skip(self, to: int) -> None:
        """Leave messages out, and say so."""
        frame = {"type": "skipped", "from": f"{self.epoch}:{self.at}", "to": f"{self.epoch}:{to}"}
        self.to_client.append(frame)
        self.at = to

    def take(self) -> None:
        """Take a frame of the client's, and answer it."""
        frame = self.to_server.pop(0)
        if frame["type"] == "publish":
            offset = self.room.say(frame["data"], frame["key"])
            position = f"{self.room.epoch}:{offset}"
            self.follow()
            answer = {"type": "published", "id": frame["id"], "position": position}
            self.to_client.append(answer)


@define
class Simulation:
    """A client, a room, and what is between them; time goes on as it is told to."""

    plan: Plan = field(factory=Plan)
    room: SimulatedRoom = field(factory=SimulatedRoom)
    now: float = 1_000.0
    connection: SimulatedConnection | None = None
    connecting: Connect | None = None
    posts: list[Post] = field(factory=list)
    said: list[Settle] = field(factory=list)
    pings: int = 0
    asked: int = 0
    read: list[Any] = field(factory=list)
    machine: Machine = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.machine = Machine(self.plan, "key-", lambda: 0.5)

    def perform(self) -> None:
        """Do what the machine wants."""
        for action in self.machine.actions():
            match action:
                case Connect():
                    assert self.connection is None
                    self.connecting = action
                case Drop():
                    self.connection = self.connecting = None
                case Send(frame):
                    if self.connection is not None:
                        self.connection.to_server.append(json.loads(frame))
                case Post():
                    self.posts.append(action)
                case Settle():
                    self.said.append(action)
                case Ping():
                    self.pings += 1
                case AskToken():
                    self.asked += 1

    def start(self) -> None:
        """Begin."""
        self.machine.start(self.now)
        self.perform()

    def open(self) -> None:
        """Let the connection that is wanted be opened."""
        assert self.connecting is not None
        self.connection = SimulatedConnection.of(self.room, self.connecting)
        self.connecting = None
        self.machine.connected(self.now)
        self.perform()

    def cut(self) -> None:
        """Lose the connection, and what is on its way."""
        self.connection = self.connecting = None
        self.machine.disconnected(passing("cut"), self.now)
        self.perform()

    def deliver(self, frames: int = 1) -> None:
        """Let so many frames reach the client, as long as it reads."""
        for _ in range(frames):
            connection = self.connection
            if connection is None or not connection.to_client or not self.machine.is_reading:
                return
            self.machine.receive(json.dumps(connection.to_client.pop(0)), self.now)
            self.perform()

    def deliver_frame(self, **frame: Any) -> None:
        """Let the server have sent a frame of the test's."""
        self.machine.receive(json.dumps(frame), self.now)
        self.perform()

    def publish(self, data: object) -> None:
        """Say something."""
        self.machine.publish(data, self.now)
        self.perform()

    def take(self, items: int = 1) -> None:
        """Read so many of the items that wait."""
        for _ in range(items):
            item = self.machine.take(self.now)
            self.perform()
            if item is None:
                return
            self.read.append(item)

    def pass_time(self, seconds: float) -> None:
        """Let time go by, with all that becomes due on the way."""
        end = self.now + seconds
        for _ in range(1_000):
            deadline = self.machine.deadline()
            if deadline is None or deadline > end:
                break
            self.now = max(self.now, deadline)
            self.machine.wake(self.now)
            self.perform()
        else:
            raise AssertionError(f"it is due again and again at {self.now}")
        self.now = end

    def step(self) -> None:
        """Do whatever can be done without a fault."""
        if self.connecting is not None:
            self.open()
        while self.posts:
            post = self.posts.pop(0)
            offset = self.room.say(post.entry.data, post.entry.key)
            self.machine.posted(post.entry, Position(self.room.epoch, offset), self.now)
            self.perform()
        if self.connection is not None and self.connection.to_server:
            self.connection.take()
        elif self.connection is not None:
            self.connection.follow()
        self.deliver(10_000)
        self.take(10_000)

    def settle(self) -> None:
        """Let everything come to its end, without any more faults."""
        for _ in range(10_000):
            before = self._stands()
            self.step()
            if self._stands() == before:
                if self.connection is not None:
                    return
                self.pass_time(1.0)
        raise AssertionError("it does not come to an end")

    def _stands(self) -> tuple[object, ...]:
        connection = self.connection
        on_its_way = 0 if connection is None else len(connection.to_server)
        phase = self.machine.phase
        return phase, len(self.read), len(self.said), on_its_way, connection is None

    @property
    def messages(self) -> list[Message]:
        """The messages that were read."""
        return [item for item in self.read if isinstance(item, Message)]

    @property
    def gaps(self) -> list[Gap]:
        """The gaps that were read."""
        return [item for item in self.read if isinstance(item, Gap)]
