# SPDX-License-Identifier: MIT
"""Many members, one of which never reads."""

import asyncio
import re
import resource
import socket
from pathlib import Path

from tests.support.processes import PATIENCE, RunningServer, running
from tests.support.waiting import until

MEMBERS = 5_000
QUEUE = 256 << 10
PAYLOAD = 20_000
FRAME = b"\x82\xfe" + PAYLOAD.to_bytes(2) + bytes(4) + b"m" * PAYLOAD


def request(room: str) -> bytes:
    """Write the request that joins a room."""
    return (
        f"GET /broadcast/{room} HTTP/1.1\r\nHost: x\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


class Member(asyncio.Protocol):
    """A raw socket that joins the room and counts the bytes that come behind the handshake."""

    def __init__(self, room: str) -> None:
        self.room = room
        self.joined = asyncio.get_running_loop().create_future()
        self.received = 0
        self.sent = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Join."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(request(self.room))

    def data_received(self, data: bytes) -> None:
        """Count."""
        if self.joined.done():
            self.received += len(data)
        elif data.endswith(b"\r\n\r\n"):
            self.joined.set_result(None)


def resident(server: RunningServer) -> int:
    """The server's resident memory in bytes."""
    status = Path(f"/proc/{server.process.popen.pid}/status").read_text()
    match = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert match
    return int(match[1]) * 1024


async def join_silently(server: RunningServer, room: str) -> socket.socket:
    """Join with a small receive buffer, and never read again."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, (server.host, server.port))
    await loop.sock_sendall(client, request(room))
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += await loop.sock_recv(client, 1)
    return client


def frames(data: bytes) -> list[tuple[int, bytes]]:
    """Split a server's bytes into opcodes and payloads; what is cut off at the end is left out."""
    found = []
    while len(data) >= 4:
        length, start = data[1], 2
        if length == 126:
            length, start = int.from_bytes(data[2:4]), 4
        if len(data) < start + length:
            break
        found.append((data[0] & 15, data[start : start + length]))
        data = data[start + length :]
    return found


def test_5000_members_and_one_that_never_reads() -> None:
    """Each message reaches all others, memory stays bounded, the silent one gets 1013."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20_000), hard))
    try:
        with running("--send-queue", str(QUEUE), "--auto-ping", "0") as server:
            asyncio.run(crowd(server))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def crowd(server: RunningServer) -> None:
    """Fill the room, speak until the silent member is over its bound, and look at all."""
    held = await kernel_holds(server)
    silent = await join_silently(server, "crowd")
    [speaker] = await join(server, 1)
    # The kernel's buffers are filled while the room is small: that is no work of ours.
    sent = await speak(speaker, [speaker], held // len(FRAME))
    idle = []
    for _ in range(MEMBERS // 250):
        idle += await join(server, 250)
    before = resident(server)
    for member in idle:
        member.received = sent
    begin = asyncio.get_running_loop().time()
    await speak(speaker, idle, 1)
    took = asyncio.get_running_loop().time() - begin
    print(f"a message of {PAYLOAD} bytes reached {MEMBERS} members within {took:.2f} s")
    await speak(speaker, idle, 2 * QUEUE // PAYLOAD)
    grown = resident(server) - before
    print(f"the server grew by {grown / 1024:.0f} KiB")
    assert grown < 32 << 20
    assert_closed_for_slowness(await read_all(silent))
    for member in [speaker, *idle]:
        member.transport.abort()
    await asyncio.sleep(0)


async def kernel_holds(server: RunningServer) -> int:
    """Count the bytes that the kernel takes for a peer that does not read."""
    scout = await join_silently(server, "scout")
    [speaker] = await join(server, 1, "scout")
    await speak(speaker, [speaker], (8 << 20) // len(FRAME))
    speaker.transport.abort()
    data = await read_all(scout)
    assert_closed_for_slowness(data)
    return len(data)


def assert_closed_for_slowness(data: bytes) -> None:
    """Whole messages, then Close with 1013 as the last frame."""
    got = frames(data)
    assert [opcode for opcode, _ in got] == [2] * (len(got) - 1) + [8]
    assert int.from_bytes(got[-1][1][:2]) == 1013


async def speak(speaker: Member, listeners: list[Member], count: int) -> int:
    """Publish messages, a few at a time so that nobody who reads falls behind."""
    for number in range(count):
        speaker.transport.write(FRAME)
        speaker.sent += len(FRAME) - 4
        if number % 4 == 3:
            await reached(listeners, speaker.sent)
    await reached(listeners, speaker.sent)
    return speaker.sent


async def join(server: RunningServer, count: int, room: str = "crowd") -> list[Member]:
    """Let members join that read what comes."""
    loop = asyncio.get_running_loop()
    opening = [
        loop.create_connection(lambda: Member(room), server.host, server.port) for _ in range(count)
    ]
    members = [protocol for _, protocol in await asyncio.gather(*opening)]
    await asyncio.gather(*(member.joined for member in members))
    return members


async def reached(members: list[Member], total: int) -> None:
    """Wait until every member has received that many bytes, no fewer and no more."""
    await until(lambda: all(member.received >= total for member in members), 4 * PATIENCE)
    assert all(member.received == total for member in members)


async def read_all(client: socket.socket) -> bytes:
    """Read what the server sent, up to its Close frame, and answer that."""
    data = bytearray()
    loop = asyncio.get_running_loop()
    with client:
        async with asyncio.timeout(PATIENCE):
            while b"\x03\xf5you read too slowly" not in data[-200:]:
                chunk = await loop.sock_recv(client, 1 << 16)
                assert chunk, "the connection ended without a Close frame"
                data += chunk
    return bytes(data)
