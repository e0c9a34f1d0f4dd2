# SPDX-License-Identifier: MIT
"""Clients that others wrote, against a real server over loopback."""

import asyncio
import os
import subprocess
import sys
from typing import Any

import aiohttp
import pytest
import pytest_twisted
import websocket
import websockets
from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateResponseAccept
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from websockets.sync.client import connect

from tests.node import run_node
from tests.support.processes import PATIENCE, RunningServer, running

SAMPLES: list[str | bytes] = ["", "héllo", b"", b"\0\xff", "x" * 70_000, b"y" * 1_000_000]


@pytest.mark.parametrize("path", ["/", "/echo"])
@pytest.mark.parametrize("compression", [None, "deflate"])
def test_websockets(server: RunningServer, path: str, compression: Any) -> None:
    """Text and binary of all sizes, with and without compression."""
    with connect(server.ws(path), compression=compression, max_size=None) as client:
        for sample in SAMPLES:
            client.send(sample)
            assert client.recv(PATIENCE) == sample
        client.send(["frag", "men", "ted"])
        assert client.recv(PATIENCE) == "fragmented"


def test_the_command_line_client_of_websockets(server: RunningServer) -> None:
    """`python -m websockets URL` gets its lines back."""
    with subprocess.Popen(
        [sys.executable, "-m", "websockets", server.ws("/echo")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdin.write("one line\n")
        client.stdin.flush()
        # It redraws its prompt with escape sequences, on lines that do not end.
        said = ""
        while "< one line" not in said:
            chunk = os.read(client.stdout.fileno(), 1000).decode()
            assert chunk, f"it ended behind {said!r}"
            said += chunk
        client.stdin.close()


def test_websocket_client(server: RunningServer) -> None:
    """The package `websocket-client`."""
    client = websocket.create_connection(server.ws("/echo"), timeout=PATIENCE)
    for sample in SAMPLES:
        client.send(sample, 1 if isinstance(sample, str) else 2)
        assert client.recv() == sample
    client.close()


def test_aiohttp(server: RunningServer) -> None:
    """Aiohttp's client, compressed."""

    async def main() -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(server.ws("/echo"), compress=15, max_msg_size=0) as client,
        ):
            for sample in SAMPLES:
                if isinstance(sample, str):
                    await client.send_str(sample)
                else:
                    await client.send_bytes(sample)
                assert (await client.receive(PATIENCE)).data == sample

    asyncio.run(main())


@pytest_twisted.ensureDeferred  # type: ignore[untyped-decorator]  # it has no annotations
async def test_autobahn(server: RunningServer) -> None:
    """Autobahn's own Twisted client, in this process's reactor."""
    received: list[bytes] = []
    done: Deferred[Any] = Deferred()

    class Client(WebSocketClientProtocol):
        def onOpen(self) -> None:
            self.sendMessage(b"over", False)
            self.sendMessage(b"\0\1", True)
            self.beginMessage()
            self.sendMessageFrame(b"in ")
            self.sendMessageFrame(b"frames")
            self.endMessage()

        def onMessage(self, payload: bytes, isBinary: bool) -> None:
            received.append(payload)
            if len(received) == 3:
                self.sendClose(1000, "bye")

        def onClose(self, wasClean: bool, code: Any, reason: Any) -> None:
            done.callback((wasClean, code, reason))

    factory = WebSocketClientFactory(server.ws("/echo"), reactor=reactor)
    factory.setProtocolOptions(
        perMessageCompressionOffers=[PerMessageDeflateOffer()],
        perMessageCompressionAccept=PerMessageDeflateResponseAccept,
    )
    factory.protocol = Client
    await TCP4ClientEndpoint(reactor, server.host, server.port).connect(factory)
    assert await done == (True, 1000, "bye")
    assert received == [b"over", b"\0\1", b"in frames"]


def test_node_ws(server: RunningServer) -> None:
    """Node's `ws`, compressed."""
    assert run_node("echo.mjs", server.ws("/echo")) == "ok\n"


def test_a_template() -> None:
    """What a plain page that says `Connection Established` must read."""
    with (
        running("--reply", "Data received as:  {data}!") as server,
        connect(server.ws("/")) as client,
    ):
        client.send("Connection Established")
        assert client.recv(PATIENCE) == "Data received as:  Connection Established!"


def test_three_kinds_of_clients_in_one_room_see_one_order(anywhere: RunningServer) -> None:
    """`websockets` twice and aiohttp, all speaking at once, text and binary."""

    async def main() -> None:
        url = anywhere.ws("/broadcast/mixed")
        async with (
            websockets.connect(url) as one,
            websockets.connect(url, compression=None) as two,
            aiohttp.ClientSession() as session,
            session.ws_connect(url) as three,
        ):
            speakers: tuple[Any, ...] = (one.send, two.send, three.send_str)
            total = 100 * len(speakers)

            async def speak(send: Any, name: int) -> None:
                for number in range(100):
                    if name == 0 and number % 2:
                        await send(f"{name} {number}".encode())
                    else:
                        await send(f"{name} {number}")

            async def hear(receive: Any) -> list[Any]:
                return [await receive() for _ in range(total)]

            async def receive_aiohttp() -> Any:
                return (await three.receive()).data

            heard = asyncio.gather(hear(one.recv), hear(two.recv), hear(receive_aiohttp))
            await asyncio.gather(*(speak(send, n) for n, send in enumerate(speakers)))
            first, second, third = await asyncio.wait_for(heard, PATIENCE)
            assert first == second == third
            for name in range(3):
                own = [str(m if isinstance(m, str) else m.decode()) for m in first]
                mine = [m for m in own if m.startswith(f"{name} ")]
                assert mine == [f"{name} {number}" for number in range(100)]
            assert any(isinstance(message, bytes) for message in first)

    asyncio.run(main())
