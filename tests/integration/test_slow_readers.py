# SPDX-License-Identifier: MIT
"""A reader that stops reading, at each door: it is told, and nobody else notices."""

import asyncio
import socket
import time
from typing import Any, Final

import pytest
from attrs import define, field

from tests.integration.test_members import resident
from tests.load.readers import Connection, Events, Framed, Raw, RawSpeaker, ReaderLog, Wamp, connect
from tests.support.processes import RunningServer, running
from tests.support.waiting import until

QUEUE: Final = 256 << 10
DIGITS: Final = 4_000
MESSAGES: Final = 2_500
ROOM: Final = "slow"
PAUSE: Final = 0.002
DOORS: Final = (Raw, Framed, Events, Wamp)
OPTIONS: Final = ("--send-queue", str(QUEUE), "--history", "10", "--auto-ping", "0")


@define(eq=False)
class Timed(ReaderLog):
    """Notes when each message came."""

    times: list[float] = field(factory=list)

    def take(self, offset: int, number: int) -> None:
        """Note a message and its time."""
        super().take(offset, number)
        self.times.append(time.monotonic())


@define(eq=False)
class Lenient(ReaderLog):
    """Notes messages though some are missing, and what was told of them."""

    told: list[tuple[str, str]] = field(factory=list)
    code: int = 0

    def take(self, offset: int, number: int) -> None:
        """Note a message wherever it stands."""
        self.offset = offset
        self.numbers.append(number)


def lenient(door: type[Connection]) -> type[Connection]:
    """A reader by that door that goes on where messages were left out for it, or when closed."""

    class Slow(door):  # type: ignore[valid-type,misc]  # made for each door
        def skipped(self, after: str, upto: str) -> None:
            """Keep what it was told."""
            self.seen.told.append((after, upto))

        def closed(self, code: int, reason: str) -> None:
            """Keep the close code."""
            self.seen.code = code
            self.kill()

    return Slow


async def slow(server: RunningServer, door: type[Connection], seen: ReaderLog) -> Connection:
    """Connect with a small receive buffer, and read nothing more."""
    loop = asyncio.get_running_loop()
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    await loop.sock_connect(client, (server.host, server.port))
    ready = asyncio.Event()

    def make() -> Connection:
        connection = door(seen, f"{server.host}:{server.port}", ROOM)
        connection.began = ready.set
        return connection

    _, connection = await loop.create_connection(make, sock=client)
    await ready.wait()
    connection.transport.pause_reading()
    return connection


async def publish(publisher: Connection) -> list[float]:
    """Say rising numbers with many digits; when each was said."""
    assert isinstance(publisher, RawSpeaker)
    times = []
    for number in range(MESSAGES):
        times.append(time.monotonic())
        publisher.send(1, b"%0*d" % (DIGITS, number))
        # The pace of the load: what the others wait is measured.
        await asyncio.sleep(PAUSE)
    return times


def p99(said: list[float], heard: list[float]) -> float:
    """Seconds that all but the slowest hundredth took at most."""
    delays = sorted(end - begin for begin, end in zip(said, heard, strict=True))
    return delays[len(delays) * 99 // 100]


async def measure(server: RunningServer, others: int) -> tuple[float, int]:
    """Publish to readers that read; their p99 and the server's growth."""
    before = resident(server)
    readers = [Timed() for _ in range(others)]
    connections = [
        (await connect(Raw, seen, server.host, server.port, ROOM))[0] for seen in readers
    ]
    publisher, _ = await connect(RawSpeaker, ReaderLog(), server.host, server.port, ROOM)
    said = await publish(publisher)
    await until(lambda: all(len(seen.numbers) == MESSAGES for seen in readers))
    for connection in (*connections, publisher):
        connection.kill()
    assert all(not seen.fault for seen in readers)
    return max(p99(said, seen.times) for seen in readers), resident(server) - before


async def end_of(connection: Any, seen: Lenient, last: int) -> None:
    """Let the slow reader read again, until it has the newest message or was closed."""
    connection.transport.resume_reading()
    await until(lambda: connection.is_over or seen.numbers[-1:] == [last])


async def play(server: RunningServer, name: str) -> dict[type[Connection], tuple[bool, Lenient]]:
    """Measure without and with a slow reader at each door, and let those read in the end.

    Returns:
        for each door, whether the reader was closed, and what it saw.
    """
    alone, _ = await measure(server, 5)
    found: dict[type[Connection], tuple[bool, Lenient]] = {}
    readers = [(door, seen := Lenient(), await slow(server, lenient(door), seen)) for door in DOORS]
    beside, grown = await measure(server, 5)
    print(
        f"{name}: p99 of the others {alone * 1000:.1f} ms alone, {beside * 1000:.1f} ms beside "
        f"{len(DOORS)} slow readers; the server grew by {grown >> 10} KiB"
    )
    assert grown < 24 << 20
    for door, seen, connection in readers:
        await end_of(connection, seen, MESSAGES - 1)
        found[door] = connection.is_over, seen
        connection.kill()
    await asyncio.sleep(0)
    return found


def test_by_default_they_are_closed() -> None:
    """WebSockets with 1013, a stream of events by its end."""
    with running(*OPTIONS) as server:
        for door, (was_closed, seen) in asyncio.run(play(server, "close")).items():
            assert was_closed
            assert len(seen.numbers) < MESSAGES
            assert seen.code == (0 if door is Events else 1013)


@pytest.mark.parametrize("policy", ["skip", "latest"])
def test_messages_may_be_left_out_for_them(policy: str) -> None:
    """They go on with the newest, and are told what they missed where the door can say so."""
    with running(*OPTIONS, "--slow", policy) as server:
        for door, (was_closed, seen) in asyncio.run(play(server, policy)).items():
            assert not was_closed
            assert seen.numbers[-1] == MESSAGES - 1
            assert len(seen.numbers) < MESSAGES
            if door is not Raw:
                missing = sorted(set(range(MESSAGES)) - set(seen.numbers))
                # The room said as much once before, without the slow readers.
                assert [offset - 1 - MESSAGES for offset in told(seen)] == missing


def told(seen: Lenient) -> list[int]:
    """The offsets that a reader was told it missed."""
    return [
        offset
        for after, upto in seen.told
        for offset in range(_offset(after) + 1, _offset(upto) + 1)
    ]


def _offset(position: str) -> int:
    return int(position.rpartition(":")[2])
