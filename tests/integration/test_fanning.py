# SPDX-License-Identifier: MIT
"""Rooms whose members are sent to together: clients that others wrote, and rooms of many slices."""

import asyncio
import json
import resource
import socket
import struct
from random import Random
from urllib.request import urlopen

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.integration.test_members import Member, frames
from tests.support.processes import PATIENCE, RunningServer, running
from tests.support.waiting import until

MEMBERS = 2_000
MESSAGES = 12
LARGE = 60_000


async def joined(server: RunningServer, room: str, *, compressed: bool) -> ClientConnection:
    """Join by the raw door."""
    compression = "deflate" if compressed else None
    return await connect(
        server.ws(f"/broadcast/{room}"), compression=compression, ping_interval=None
    )


async def hear(client: ClientConnection, count: int) -> list[str | bytes]:
    """Take so many messages."""
    async with asyncio.timeout(PATIENCE):
        return [await client.recv() for _ in range(count)]


@pytest.mark.parametrize("option", [(), ("--no-lane",)], ids=["lane", "no-lane"])
def test_compressed_members_and_others_get_the_same(option: tuple[str, ...]) -> None:
    """Text and binary, short and long, whoever says it."""

    async def play(server: RunningServer) -> None:
        clients = [await joined(server, "both", compressed=number % 2 == 0) for number in range(8)]
        said: list[str | bytes] = [
            "short",
            "é" * 5_000,
            b"\0\xff" * 3_000,
            "",
            "a" * 127,
            "b" * 128,
        ]
        for number, message in enumerate(said):
            await clients[number].send(message)
            heard = await asyncio.gather(*(hear(client, 1) for client in clients))
            assert heard == [[message]] * len(clients)
        for client in clients:
            assert bool(client.protocol.extensions) == (clients.index(client) % 2 == 0)
            await client.close()

    with running(*option) as server:
        asyncio.run(play(server))


async def members_of(server: RunningServer, room: str) -> int:
    """Count who is in a room."""

    def ask() -> int:
        with urlopen(server.http(f"/broadcast/{room}/members"), timeout=PATIENCE) as answer:
            return len(json.load(answer)["members"])

    return await asyncio.to_thread(ask)


def random_text(number: int) -> str:
    """A text that compression makes hardly shorter than half."""
    return Random(number).randbytes(LARGE // 2).hex()


def read_to_close(client: socket.socket) -> bytes:
    """Read up to the Close frame, and answer that."""
    data = bytearray()
    with client:
        while b"\x03\xf5you read too slowly" not in data[-200:]:
            piece = client.recv(1 << 16)
            assert piece, "the connection ended without a Close frame"
            data += piece
    return bytes(data)


def silent(server: RunningServer, room: str) -> socket.socket:
    """Join as one that compresses, with a small buffer, and never read again."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(PATIENCE)
    client.connect((server.host, server.port))
    client.sendall(
        f"GET /broadcast/{room} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n".encode()
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += client.recv(1)
    assert b"permessage-deflate" in answer
    return client


def test_one_that_does_not_read_is_closed_and_others_are_unharmed() -> None:
    """It gets whole messages and then 1013; members that compress, and others, get every one."""

    async def play(server: RunningServer) -> None:
        slow = silent(server, "slow")
        clients = [
            await joined(server, "slow", compressed=compressed) for compressed in (True, False)
        ]
        count = 0
        # It leaves the room with its Close frame, which it then has some seconds to answer.
        while await members_of(server, "slow") == 3:
            message = random_text(count)
            await clients[0].send(message)
            heard = await asyncio.gather(*(hear(client, 1) for client in clients))
            assert heard == [[message]] * 2
            count += 1
            assert count < (32 << 20) // LARGE
        received = await asyncio.to_thread(read_to_close, slow)
        got = frames(received)
        assert [opcode for opcode, _ in got] == [1] * (len(got) - 1) + [8]
        assert struct.unpack("!H", got[-1][1][:2]) == (1013,)
        assert 1 < len(got) <= count
        for client in clients:
            await client.send("after")
        for client in clients:
            assert await hear(client, 2) == ["after", "after"]
            await client.close()

    with running("--send-queue", str(256 << 10), "--auto-ping", "0") as server:
        asyncio.run(play(server))


def masked(number: int) -> bytes:
    """A message of four digits, as a client sends it."""
    return b"\x81\x84\0\0\0\0%04d" % number


class Ordered(Member):
    """A member that keeps what it gets."""

    def __init__(self, room: str) -> None:
        super().__init__(room)
        self.heard = bytearray()

    def data_received(self, data: bytes) -> None:
        """Keep what comes behind the handshake."""
        if self.joined.done():
            self.heard += data
        super().data_received(data)


def test_a_room_of_several_slices_keeps_its_order() -> None:
    """Many members, two of whom speak at once while others come: the same order for each."""

    async def play(server: RunningServer) -> None:
        members: list[Ordered] = []
        for _ in range(MEMBERS // 250):
            members += await enter(server, 250)
        for number in range(MESSAGES):
            members[number % 2].transport.write(masked(number) * 2)
        late = await enter(server, 50)
        length = 2 * MESSAGES * len(masked(0)[6:] + b"..")
        await until(lambda: all(len(member.heard) >= length for member in members), 4 * PATIENCE)
        [heard] = {bytes(member.heard) for member in members}
        # What a late one has got is the end of it, once it has got all.
        await until(lambda: all(heard.endswith(member.heard) for member in late), 4 * PATIENCE)
        texts = [text for _, text in frames(heard)]
        assert sorted(texts) == sorted(b"%04d" % n for n in range(MESSAGES) for _ in (1, 2))
        for member in (*members, *late):
            member.transport.abort()
        await asyncio.sleep(0)

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20_000), hard))
    try:
        with running("--auto-ping", "0") as server:
            asyncio.run(play(server))
            assert "Traceback" not in server.process.output
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def enter(server: RunningServer, count: int) -> list[Ordered]:
    """Let members join that keep what they get."""
    loop = asyncio.get_running_loop()
    opening = [
        loop.create_connection(lambda: Ordered("slices"), server.host, server.port)
        for _ in range(count)
    ]
    members = [protocol for _, protocol in await asyncio.gather(*opening)]
    await asyncio.gather(*(member.joined for member in members))
    return members
