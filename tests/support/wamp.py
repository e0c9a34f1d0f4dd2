# SPDX-License-Identifier: MIT
"""A WAMP client of raw lists over a real WebSocket, in CBOR: a test sees each message as it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import cbor2
import websockets
from attrs import define, field
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

from tests.support.processes import PATIENCE, RunningServer

HELLO, WELCOME, ERROR, PUBLISH, PUBLISHED, SUBSCRIBE, EVENT = 1, 2, 8, 16, 17, 32, 36
CALL, CANCEL, RESULT, REGISTER, UNREGISTERED, INVOCATION, INTERRUPT, YIELD = (
    *(48, 49, 50, 64, 67, 68, 69),
    70,
)
_CALLEE: Final = (
    *("call_canceling", "progressive_call_results", "progressive_call_invocations"),
    "registration_revocation",
)
_ROLES: Final[dict[str, Any]] = {
    "publisher": {},
    "subscriber": {},
    "caller": {"features": {"progressive_call_invocations": True}},
    "callee": {"features": dict.fromkeys(_CALLEE, True)},
}


class Refused(Exception):
    """A request was answered with ERROR; its URI is the argument."""


@define(eq=False)
class Wamp:
    """A session that is open.

    Attributes:
        id: its id.
        unasked: what came that answers no request.
    """

    socket: ClientConnection
    id: int = 0
    unasked: "asyncio.Queue[list[Any]]" = field(factory=asyncio.Queue)
    _last: int = 0
    _asked: "dict[int, asyncio.Future[list[Any]]]" = field(factory=dict)

    async def send(self, *message: Any) -> None:
        """Send a message."""
        await self.socket.send(cbor2.dumps(message))

    async def begin(self, kind: int, *rest: Any) -> "tuple[int, asyncio.Future[list[Any]]]":
        """Send a request; its id, and its answer to be."""
        self._last += 1
        answer = self._asked[self._last] = asyncio.get_running_loop().create_future()
        await self.send(kind, self._last, *rest)
        return self._last, answer

    async def ask(self, kind: int, *rest: Any) -> list[Any]:
        """Send a request and wait for its answer.

        Raises:
            Refused: it was an ERROR.
        """
        _, answer = await self.begin(kind, *rest)
        return await asyncio.wait_for(answer, PATIENCE)

    async def publish(self, topic: str, *args: Any, **options: Any) -> int:
        """Publish with acknowledgement; the publication id."""
        answer = await self.ask(PUBLISH, {"acknowledge": True, **options}, topic, args)
        return int(answer[2])

    async def subscribe(self, topic: str, **options: Any) -> int:
        """Subscribe; the subscription id."""
        return int((await self.ask(SUBSCRIBE, options, topic))[2])

    async def register(self, procedure: str, **options: Any) -> int:
        """Register; the registration id."""
        return int((await self.ask(REGISTER, options, procedure))[2])

    async def call(self, procedure: str, *args: Any, **options: Any) -> Any:
        """Call; the first result."""
        answer = await self.ask(CALL, options, procedure, args)
        return answer[3][0] if len(answer) > 3 else None

    async def next(self) -> list[Any]:
        """What comes next that answers no request."""
        return await asyncio.wait_for(self.unasked.get(), PATIENCE)

    def events(self) -> list[Any]:
        """The positional payloads of the events that have come."""
        got = []
        while not self.unasked.empty():
            message = self.unasked.get_nowait()
            if message[0] == EVENT:
                got.append(message[4] if len(message) > 4 else [])
        return got

    async def read(self) -> None:
        """Sort what comes, until the end."""
        with suppress(websockets.ConnectionClosed):
            async for octets in self.socket:
                assert isinstance(octets, bytes)
                self._take(cbor2.loads(octets))

    def _take(self, message: list[Any]) -> None:
        kind = message[0]
        place = 2 if kind == ERROR else 1
        is_progress = kind == RESULT and message[2].get("progress")
        if kind in {EVENT, INVOCATION, INTERRUPT} or is_progress or not message[1]:
            self.unasked.put_nowait(message)
            return
        answer = self._asked.pop(message[place], None)
        if answer is None or answer.done():
            self.unasked.put_nowait(message)
        elif kind == ERROR:
            answer.set_exception(Refused(message[4]))
        else:
            answer.set_result(message)


@asynccontextmanager
async def wamp(server: RunningServer, path: str = "/ws", **authextra: Any) -> AsyncIterator[Wamp]:
    """Open a session on a server."""
    form = Subprotocol("wamp.2.cbor")
    async with websockets.connect(server.ws(path), subprotocols=[form], max_size=None) as socket:
        client = Wamp(socket)
        details = {"authextra": authextra} if authextra else {}
        await client.send(HELLO, "realm1", {"roles": _ROLES, **details})
        async with asyncio.timeout(PATIENCE):
            welcome = cbor2.loads(await socket.recv(decode=False))
        assert welcome[0] == WELCOME, welcome
        client.id = welcome[1]
        reading = asyncio.create_task(client.read())
        try:
            yield client
        finally:
            reading.cancel()
