# SPDX-License-Identifier: MIT
"""The server's end on SIGTERM and SIGINT."""

import asyncio
import re
import signal
import socket

import pytest
import websockets

from tests.processes import PATIENCE, running


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
