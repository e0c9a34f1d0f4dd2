# SPDX-License-Identifier: MIT
"""The server's end on SIGTERM and SIGINT."""

import asyncio
import contextlib
import json
import re
import signal
import socket

import pytest
import websockets

from tests.support.processes import PATIENCE, running


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_every_client_sees_1001(number: signal.Signals) -> None:
    """And the process ends as twistd ends on a signal, saying so, without a traceback."""

    async def main() -> None:
        with running() as server:
            clients = [
                await websockets.connect(server.ws(path))
                for path in ["/echo", "/broadcast", "/broadcast/a"] * 20
            ]
            server.process.signal(number)
            for client in clients:
                await asyncio.wait_for(client.wait_closed(), PATIENCE)
                assert client.close_code == 1001
            assert server.process.wait() == -number
            assert "stopped: 60 connections closed, 0 of them cut off" in server.process.output
            assert "Traceback" not in server.process.output

    asyncio.run(main())


def test_many_clients_are_told_by_and_by() -> None:
    """Each by 1001, each `wsecho.v1` client with another time to come back, within `--drain`."""
    count = 300

    async def main() -> None:
        with running("--drain", "4") as server:
            clients = [
                await websockets.connect(
                    server.ws("/broadcast/a"), subprotocols=[websockets.Subprotocol("wsecho.v1")]
                )
                for _ in range(count)
            ]
            server.process.signal(signal.SIGTERM)
            retries = await asyncio.wait_for(asyncio.gather(*map(farewell, clients)), PATIENCE)
            assert all(1000 <= retry <= 3000 for retry in retries)
            assert len(set(retries)) > count / 4
            assert server.process.wait() == -signal.SIGTERM
            said = server.process.output
            assert f"stopped: {count} connections closed, 0 of them cut off" in said
            assert said.index("closed v1") < said.index("stopped:")
            assert "Traceback" not in said

    asyncio.run(main())


async def farewell(client: websockets.ClientConnection) -> int:
    """Read to the end; the time that the last frame told."""
    last = ""
    try:
        while True:
            last = str(await client.recv())
    except websockets.ConnectionClosed:
        assert client.close_code == 1001
    frame = json.loads(last)
    assert frame["type"] == "closing"
    return int(frame["retry"])


def test_who_does_not_answer_is_cut_after_the_drain() -> None:
    """A peer that never reads cannot keep the server alive."""
    with running("--drain", "0.5") as server:
        with socket.create_connection((server.host, server.port)) as client:
            client.sendall(
                b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            assert client.recv(1000).startswith(b"HTTP/1.1 101 ")
            server.process.signal(signal.SIGTERM)
            assert server.process.wait() == -signal.SIGTERM
        assert "1 connections closed, 1 of them cut off" in server.process.output


KINDS = {
    "POST": ("POST /broadcast/a", "x", 201),
    "POST of a page": ("POST /broadcast/a", "x", 201),
    "long-poll": ("GET /broadcast/a?wait=5", "", 503),
    "page": ("GET /", "", 200),
    "upgrade": ("GET /broadcast/a", "", 503),
    "session": ("POST /lp/open", '{"protocols":["wamp.2.json"]}', 503),
    "metrics": ("GET /metrics", "", 200),
}
FIELDS = {
    "POST of a page": "Origin: http://localhost\r\n",
    "upgrade": (
        "Upgrade: websocket\r\nConnection: Upgrade\r\nOrigin: http://localhost\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    ),
}


def test_requests_on_open_connections_are_answered() -> None:
    """Served or 503, each as the last of its connection; none ends in a traceback."""
    with running("--drain", "30") as server, contextlib.ExitStack() as stack:
        holder, *clients = (
            stack.enter_context(
                socket.create_connection((server.host, server.port), timeout=PATIENCE)
            )
            for _ in range(1 + len(KINDS))
        )
        holder.sendall(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        assert holder.recv(1000).startswith(b"HTTP/1.1 101 ")
        for client in clients:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
        server.process.signal(signal.SIGTERM)
        # The Close frame shows that the end has begun, and the port is closed.
        assert holder.recv(4) == b"\x88\x18\x03\xe9"
        for client, (kind, (line, body, status)) in zip(clients, KINDS.items(), strict=True):
            head = f"{line} HTTP/1.1\r\nHost: localhost\r\n{FIELDS.get(kind, '')}"
            length = f"Content-Length: {len(body)}\r\n" if body else ""
            client.sendall(f"{head}{length}\r\n{body}".encode())
            heard = b""
            while data := client.recv(65_536):
                heard += data
            assert heard.startswith(f"HTTP/1.1 {status} ".encode()), kind
        holder.close()
        assert server.process.wait() == -signal.SIGTERM
        assert "Traceback" not in server.process.output


def test_a_second_signal_ends_at_once_and_quietly() -> None:
    """No `ReactorNotRunning`, whatever `--drain` says."""

    async def main() -> None:
        with running("--drain", "3600") as server:
            reader, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(
                b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            await reader.readuntil(b"\r\n\r\n")
            server.process.signal(signal.SIGTERM)
            # The Close frame shows that the end has begun.
            assert await asyncio.wait_for(reader.readexactly(4), PATIENCE) == b"\x88\x18\x03\xe9"
            server.process.signal(signal.SIGTERM)
            assert server.process.wait() == -signal.SIGTERM
            assert not re.search("Traceback|ReactorNotRunning", server.process.output)
            writer.close()

    asyncio.run(main())


def test_sigusr2_ends_no_single_process() -> None:
    """There is nobody who would replace it; the log says so."""
    with running() as server:
        server.process.signal(signal.SIGUSR2)
        server.process.wait_for(re.compile("nothing is replaced here"))
        server.process.signal(signal.SIGTERM)
        assert server.process.wait() == -signal.SIGTERM
