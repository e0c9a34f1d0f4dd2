# SPDX-License-Identifier: MIT
"""Two machines, so to say, behind the balancers of docs/howto: what only a balancer shows."""

import asyncio
import re
import signal
from collections.abc import Iterator

import aiohttp
import pytest

from tests.load.readers import DOORS, Connection, ReaderLog, connect
from tests.support.clusters import Kind, Pair, balanced, nodes
from tests.support.processes import PATIENCE, RunningServer
from tests.support.waiting import until

MESSAGES = 200

Machines = tuple[RunningServer, Pair]


@pytest.fixture(params=[Kind.NGINX, Kind.HAPROXY], ids=str)
def machines(request: pytest.FixtureRequest) -> Iterator[Machines]:
    """The balancer's address, and two servers behind it."""
    with nodes("--drain", "3") as pair, balanced(request.param, pair) as (way, _):
        yield way, pair


def test_the_clients_own_addresses_are_in_the_logs(machines: Machines) -> None:
    """As the balancer tells them, whatever the clients claim."""
    way, pair = machines

    async def play() -> None:
        headers = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=198.51.100.1"}
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(local_addr=("127.0.0.77", 0))
            ) as session,
            session.ws_connect(way.ws("/broadcast/a"), headers=headers) as client,
        ):
            await client.send_str("x")
            assert (await client.receive(PATIENCE)).data == "x"

    asyncio.run(play())
    opened = re.compile(r"opened raw 127\.0\.0\.77$")
    [server] = [each for each in pair if "raw" in each.process.output]
    assert server.process.wait_for(opened)


class Reader:
    """Comes back by any door, as often as it is sent away, until it has read all."""

    def __init__(self, way: RunningServer, door: type[Connection]) -> None:
        self._way = way
        self._doors = [door, *DOORS]
        # Between the balancer's two looks at a server that is gone there may be a refusal.
        self.seen = ReaderLog(turned_away=frozenset({"502", "503"}))

    async def read(self) -> None:
        """Read on."""
        turn = 0
        while self.seen.offset < MESSAGES and not self.seen.fault:
            door = self._doors[turn % len(self._doors)]
            turn += 1
            where = (self._way.host, self._way.port)
            connection, over = await connect(door, self.seen, *where, "a")
            while self.seen.offset < MESSAGES and not over.is_set():
                await asyncio.sleep(0.01)
            connection.kill()


async def publish(session: aiohttp.ClientSession, way: RunningServer, number: int) -> None:
    """Publish until it is acknowledged, under one key."""
    headers = {"Idempotency-Key": f"n-{number}"}
    while True:
        try:
            async with session.post(
                way.http("/broadcast/a"), data=str(number), headers=headers
            ) as answer:
                if answer.status == 201:
                    return
                assert answer.status in {502, 503}, await answer.text()
        except aiohttp.ClientError:
            await asyncio.sleep(0.01)


def test_a_machine_is_taken_out(machines: Machines) -> None:
    """Under way: readers of all doors go on at the other, and miss nothing."""
    way, pair = machines

    async def play() -> None:
        readers = [Reader(way, door) for door in DOORS for _ in range(4)]
        async with aiohttp.ClientSession() as session, asyncio.timeout(2 * PATIENCE):
            tasks = [asyncio.ensure_future(reader.read()) for reader in readers]
            await until(lambda: all(reader.seen.epoch for reader in readers))
            for number in range(MESSAGES):
                await publish(session, way, number)
                if number == MESSAGES // 3:
                    pair[0].process.signal(signal.SIGTERM)
            await asyncio.gather(*tasks)
        for reader in readers:
            assert (reader.seen.fault, reader.seen.refused) == ("", 0)
            assert reader.seen.numbers == [*range(MESSAGES)]
        assert await asyncio.to_thread(pair[0].process.wait) == -signal.SIGTERM
        assert " 0 of them cut off" in pair[0].process.output

    asyncio.run(play())
