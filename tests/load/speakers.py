# SPDX-License-Identifier: MIT
"""Who speaks at each door, on the connections of `readers`, and notes what it is answered."""

import http.client
import json
from typing import Any

from tests.load.readers import RawSpeaker, ReaderLog, Wamp, WebSocket
from tests.support.processes import PATIENCE, RunningServer
from tests.support.waiting import until


def ask(
    server: RunningServer, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, Any]:
    """One HTTP request; its status, and what its JSON is."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, named)
    answer = connection.getresponse()
    octets = answer.read()
    connection.close()
    return answer.status, json.loads(octets) if octets.startswith(b"{") else octets


class Framed(WebSocket):
    """Speaks at the door `wsecho.v1` and notes all frames."""

    subprotocol = "wsecho.v1"

    def __init__(self, seen: ReaderLog, authority: str, room: str, query: str = "self=0") -> None:
        super().__init__(seen, authority, room, query)
        self.frames: list[Any] = []

    def message(self, payload: bytes) -> None:
        """Note a frame."""
        self.frames.append(json.loads(payload))
        self.is_ready()

    async def hear(self, count: int) -> list[Any]:
        """Wait for so many frames in all; these."""
        await until(lambda: len(self.frames) >= count)
        return self.frames

    def say(self, text: str, **more: str) -> None:
        """Publish."""
        self.send(1, json.dumps({"type": "publish", "data": text, **more}).encode())


class Raw(RawSpeaker):
    """Speaks at the raw door, hears nothing of it, and notes how it was closed."""

    code = 0

    def closed(self, code: int, reason: str) -> None:
        """Note the code."""
        self.code = code
        self.kill()


class Session(Wamp):
    """Speaks WAMP, subscribes to what it is told, and notes answers and events.

    Attributes:
        subscriptions: options and topic of each.
        answers: all that came behind those of the subscriptions but events.
        events: what each event carries, from its arguments on.
    """

    subscriptions: tuple[tuple[dict[str, Any], str], ...] = ()

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.answers: list[Any] = []
        self.events: list[Any] = []
        self._request = 0

    async def hear(self, count: int) -> list[Any]:
        """Wait for so many answers in all; these."""
        await until(lambda: len(self.answers) >= count)
        return self.answers

    def ask_for(self, kind: int, *more: Any) -> None:
        """Send a request, under the next number."""
        self._request += 1
        self.say([kind, self._request, *more])

    def publish(self, *args: Any, **kwargs: Any) -> None:
        """Publish into the room, acknowledged."""
        self.ask_for(16, {"acknowledge": True}, self.topic(), args, kwargs)

    def message(self, payload: bytes) -> None:
        """Note a WAMP message."""
        message = json.loads(payload)
        if message[0] == 36:
            self.events.append(message[4:])
            return
        if message[0] == 2:
            for options, topic in self.subscriptions:
                self.ask_for(32, options, topic)
        elif message[0] != 33:
            self.answers.append(message)
        if message[0] == 2 + 31 * bool(self.subscriptions):
            self.is_ready()
