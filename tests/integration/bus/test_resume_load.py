# SPDX-License-Identifier: MIT
"""Three nodes on one Redis, and all that can happen to them: nothing is lost without being told.

Readers come and go by every door at every node. Publishers say a number each, by POST with a key,
and again until it is acknowledged. Meanwhile nodes are killed and cut off, and Redis is stopped
and killed; at the end it forgets some, then all.
"""

import asyncio
import json
import os
import random
import re
import signal
from collections import Counter
from contextlib import AsyncExitStack, suppress
from typing import Final

from attrs import define, field

from tests.load.readers import DOORS, ReaderLog, connect
from tests.support.processes import PATIENCE, Process, twistd
from tests.support.proxies import Proxy, proxying
from tests.support.redis_server import RedisServer, redis_server
from tests.support.waiting import until

NODES: Final = 3
READERS: Final = 60
PUBLISHERS: Final = 6
RATE: Final = 100
TROUBLES: Final = 4
"""Each that is harmless once; the soak has more."""
ROOM: Final = "busy"
ABSENCE: Final = 0.5
"""Seconds until what was killed is started again, as what watches over it would."""
OUTAGE: Final = 3.0
"""Seconds that the nodes must go without Redis: longer than `--redis-timeout`."""
RETRY: Final = 0.2
STEP: Final = 0.02
_LISTENING: Final = re.compile(r"listening on (\S+):(\d+)")
_AWAY: Final = frozenset({"503", "504"})


@define(eq=False)
class Node:
    """One server, behind a proxy of its own to Redis."""

    proxy: Proxy
    process: Process = field(init=False)
    port: int = 0

    async def start(self) -> None:
        """Start it, on whatever port."""
        redis = f"redis://127.0.0.1:{self.proxy.port}"
        options = ("--redis", redis, "--redis-timeout", "1", "--node-ttl", "5")
        keep = ("--history", "50000", "--history-bytes", "256MiB", "--send-queue", "8MiB")
        listen = ("--listen", "tcp:0:interface=127.0.0.1")
        # It looks at Redis before it starts, and ends where that is away.
        while True:
            self.process = Process.start(*twistd(), *listen, *options, *keep)
            with suppress(AssertionError):
                self.port = int((await asyncio.to_thread(self.process.wait_for, _LISTENING))[2])
                return
            self.process.end()

    async def die(self) -> None:
        """Be killed, and come back."""
        self.process.signal(signal.SIGKILL)
        await asyncio.to_thread(self.process.wait)
        await asyncio.sleep(ABSENCE)
        await self.start()


@define(eq=False)
class World:
    """All of it."""

    redis: RedisServer
    nodes: list[Node]
    dice: random.Random = field(
        factory=lambda: random.Random(int(os.environ.get("WSECHO_LOAD_SEED", "20261124")))
    )
    readers: list[ReaderLog] = field(
        factory=lambda: [ReaderLog(turned_away=_AWAY) for _ in range(READERS)]
    )
    acknowledged: dict[tuple[str, int], int] = field(factory=dict)
    retries: int = 0
    kills: int = 0
    troubles: Counter[str] = field(factory=Counter)
    numbers: int = 0
    told_early: int = 0
    """How often a reader was told that something is gone, before Redis forgot anything."""
    is_silent: bool = False
    is_over: bool = False

    def told(self) -> int:
        """How often a reader was told that something is gone."""
        return sum(seen.refused + seen.skipped for seen in self.readers)

    # -- readers

    async def read(self, seen: ReaderLog) -> None:
        """Read by one door after the other, at one node after the other."""
        while not self.is_over:
            node, door = self.dice.choice(self.nodes), self.dice.choice(DOORS)
            try:
                connection, over = await connect(door, seen, "127.0.0.1", node.port, ROOM)
            except OSError:
                # As a client would: a node that is away is not asked without a pause.
                await asyncio.sleep(RETRY)
                continue
            end = asyncio.get_running_loop().time() + self.dice.expovariate(1 / 4)
            # Until chance has it killed: that it goes on reading meanwhile is the load.
            while asyncio.get_running_loop().time() < end and not over.is_set():
                if self.is_over:
                    break
                await asyncio.sleep(STEP)
            self.kills += not over.is_set()
            connection.kill()
            await over.wait()

    # -- publishers

    async def publish(self) -> None:
        """Say one number after the other, each until it is acknowledged."""
        while not self.is_silent:
            number, self.numbers = self.numbers, self.numbers + 1
            while (position := await self.say(number)) is None:
                self.retries += 1
                await asyncio.sleep(RETRY)
            epoch, _, offset = position.rpartition(":")
            known = self.acknowledged.setdefault((epoch, int(offset)), number)
            assert known == number, f"{position} was given to {known} and {number}"
            # The pace of the load.
            await asyncio.sleep(PUBLISHERS / RATE)

    async def say(self, number: int) -> str | None:
        """Say a number at some node; its position, or None where that failed."""
        node, body = self.dice.choice(self.nodes), b"%d" % number
        head = (
            f"POST /broadcast/{ROOM} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Idempotency-Key: {number}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
                writer.write(head.encode() + body)
                answer = await reader.read()
                writer.close()
        except OSError:
            return None
        if not answer.startswith(b"HTTP/1.1 201"):
            assert answer[9:12] in {b"", b"503", b"504"}, answer
            return None
        position: str = json.loads(answer.partition(b"\r\n\r\n")[2])["position"]
        return position

    # -- trouble

    async def node_is_killed(self) -> None:
        """`kill -9`, and a new one in its place."""
        await self.dice.choice(self.nodes).die()

    async def node_is_cut_off(self) -> None:
        """From Redis alone."""
        proxy = self.dice.choice(self.nodes).proxy
        proxy.cut()
        await asyncio.sleep(OUTAGE)
        proxy.is_cut = False

    async def redis_stops(self) -> None:
        """For as long."""
        self.redis.signal(signal.SIGSTOP)
        await asyncio.sleep(OUTAGE)
        self.redis.signal(signal.SIGCONT)

    async def redis_is_killed(self) -> None:
        """And comes back with all that it acknowledged."""
        self.redis.kill()
        await asyncio.sleep(ABSENCE)
        await asyncio.to_thread(self.redis.start)

    async def redis_forgets_some(self) -> None:
        """It comes back with an older state."""
        copy = await asyncio.to_thread(self.redis.save)
        # These are what it forgets.
        await self.more(RATE)
        self.redis.kill()
        self.redis.restore(copy)
        await asyncio.to_thread(self.redis.start)

    async def redis_forgets_all(self) -> None:
        """It comes back with nothing."""
        self.redis.kill()
        self.redis.restore(None)
        await asyncio.to_thread(self.redis.start)

    async def trouble(self, *kinds: str) -> None:
        """Let things happen, one after the other."""
        for kind in kinds:
            await self.more(RATE)
            await getattr(self, kind)()
            self.troubles[kind] += 1
            await self.more(2 * RATE)

    async def more(self, count: int) -> None:
        """Wait until so many more numbers are acknowledged."""
        enough = len(self.acknowledged) + count
        await until(lambda: len(self.acknowledged) >= enough, 2 * PATIENCE)

    async def everybody_has_all(self) -> None:
        """Wait until each reader stands behind the last message."""
        epoch, _ = list(self.acknowledged)[-1]
        head = max(offset for word, offset in self.acknowledged if word == epoch)
        await until(
            lambda: all(
                seen.fault or (seen.epoch, seen.offset) == (epoch, head) for seen in self.readers
            ),
            4 * PATIENCE,
        )


def test_three_nodes_and_all_that_can_happen() -> None:
    """Every acknowledged message once, in one order, or the reader was told."""
    let_all_happen(TROUBLES)


def let_all_happen(troubles: int) -> None:
    """Let so many harmless things happen, then two that are not, and compare."""
    # It keeps what it acknowledged: --appendfsync always.
    with redis_server() as redis:
        world = asyncio.run(play(redis, troubles))
    lost, doubled, disputed = compared(world)
    told = world.told()
    print(
        f"{NODES} nodes, {READERS} readers, {world.kills} kills of readers, "
        f"{', '.join(f'{count} x {name}' for name, count in world.troubles.items())}: "
        f"{len(world.acknowledged)} acknowledged ({world.retries} retries), "
        f"{sum(len(seen.numbers) for seen in world.readers)} delivered, "
        f"{lost} lost, {doubled} doubled, {disputed} disputed; readers told that something is "
        f"gone: {world.told_early} before Redis forgot, {told} in all"
    )
    assert [seen.fault for seen in world.readers if seen.fault] == []
    assert (lost, doubled, disputed) == (0, 0, 0)
    assert world.told_early == 0
    assert all(seen.refused for seen in world.readers)
    assert len({epoch for epoch, _ in world.acknowledged}) == 3


async def play(redis: RedisServer, troubles: int) -> World:
    """Let it all happen."""
    async with AsyncExitStack() as stack:
        proxies = [await stack.enter_async_context(proxying(redis.port)) for _ in range(NODES)]
        world = World(redis, [Node(proxy) for proxy in proxies])
        try:
            await asyncio.gather(*(node.start() for node in world.nodes))
            async with asyncio.timeout((12 + troubles) * PATIENCE):
                await run(world, troubles)
        finally:
            for node in world.nodes:
                node.process.end()
    return world


async def run(world: World, troubles: int) -> None:
    """Publish and read through trouble."""
    readers = [asyncio.create_task(world.read(seen)) for seen in world.readers]
    await until(lambda: all(seen.epoch for seen in world.readers))
    publishers = [asyncio.create_task(world.publish()) for _ in range(PUBLISHERS)]
    harmless = ["node_is_killed", "node_is_cut_off", "redis_stops", "redis_is_killed"]
    await world.trouble(*harmless, *world.dice.choices(harmless, k=troubles - len(harmless)))
    world.told_early = world.told()
    await world.trouble("redis_forgets_some", "redis_forgets_all")
    world.is_silent = True
    await asyncio.gather(*publishers)
    await world.everybody_has_all()
    world.is_over = True
    await asyncio.gather(*readers)


def compared(world: World) -> tuple[int, int, int]:
    """Hold what every reader saw against what was acknowledged.

    Returns:
        how many messages were lost, doubled, and seen by some as others at their position.
    """
    log = dict(world.acknowledged)
    lost = doubled = disputed = 0
    for seen in world.readers:
        ends = [*(begun[2] for begun in seen.begun[1:]), len(seen.numbers)]
        for (epoch, after, begin), end in zip(seen.begun, ends, strict=True):
            stretch = seen.numbers[begin:end]
            doubled += len(stretch) - len(set(stretch))
            for offset, number in enumerate(stretch, after + 1):
                disputed += log.setdefault((epoch, offset), number) != number
            last = after + len(stretch)
            expected = [
                number
                for (word, offset), number in world.acknowledged.items()
                if word == epoch and after < offset <= last
            ]
            lost += len(set(expected) - set(stretch))
    return lost, doubled, disputed
