# SPDX-License-Identifier: MIT
"""Testaments of real servers that die without a word, are stopped, or go in peace."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx

from tests.integration.bus.test_wamp_nodes import QUICK, known_by_all, run, servers, unique
from tests.support.processes import RunningServer
from tests.support.redis_server import RedisServer
from tests.support.waiting import until
from tests.support.wamp import CALL, EVENT, Wamp, wamp


class Heir:
    """Hears a topic."""

    def __init__(self, client: Wamp) -> None:
        self.client = client
        self.heard: list[Any] = []

    async def listen(self) -> None:
        """Note the first argument of each event."""
        while True:
            message = await self.client.next()
            if message[0] == EVENT:
                self.heard.append(message[4][0])

    async def has(self, *expected: Any) -> None:
        """Wait for so many; they are these."""

        async def are_there() -> bool:
            return len(self.heard) >= len(expected)

        await until(are_there)
        assert self.heard == list(expected)


@asynccontextmanager
async def heirs(topic: str, *survivors: RunningServer) -> AsyncIterator[list[Heir]]:
    """One at each server."""
    async with AsyncExitStack() as stack:
        found: list[Heir] = []
        for server in survivors:
            heir = Heir(await stack.enter_async_context(wamp(server)))
            await heir.client.subscribe(topic)
            found.append(heir)
        await known_by_all(*(heir.client for heir in found))
        tasks = [asyncio.ensure_future(heir.listen()) for heir in found]
        try:
            yield found
        finally:
            for task in tasks:
                task.cancel()


async def bequeath(client: Wamp, topic: str, *args: Any, **kwargs: Any) -> None:
    """Add a testament."""
    procedure = "wamp.session.add_testament"
    await client.ask(CALL, {}, procedure, [topic, list(args), {}], kwargs)


def with_servers(redis: RedisServer, play: Any, count: int = 3) -> None:
    """Run a play on so many servers."""
    with servers(redis, count, *QUICK) as running:

        async def main() -> None:
            await play(*running)

        run(main())


def test_a_server_that_is_killed_leaves_its_testaments(redis: RedisServer) -> None:
    """To a topic and to a room, in their order, once; not those that were flushed or are over."""
    topic, room = unique("will"), uuid4().hex

    async def play(*all_of_them: RunningServer) -> None:
        dying, *others = all_of_them
        async with heirs(topic, *others) as found, httpx.AsyncClient() as http:
            async with wamp(dying) as ended:
                await bequeath(ended, topic, "ended")
            for heir in found:
                await heir.has("ended")
                heir.heard.clear()
            async with AsyncExitStack() as stack:
                one = await stack.enter_async_context(wamp(dying))
                await bequeath(one, topic, "flushed")
                await one.call("wamp.session.flush_testaments")
                for number in range(4):
                    scope = "detached" if number % 2 else "destroyed"
                    await bequeath(one, topic, number, scope=scope)
                await bequeath(one, f"wsecho.room.{room}", "to the room", scope="detached")
                dying.process.signal(signal.SIGKILL)
                dying.process.wait()
                for heir in found:
                    await heir.has(1, 3, 0, 2)
                stack.pop_all()
            await asyncio.sleep(2.0)
            for heir, server in zip(found, others, strict=True):
                assert heir.heard == [1, 3, 0, 2]
                answer = await http.get(server.http(f"/broadcast/{room}?history=10"))
                assert [each["data"] for each in answer.json()["messages"]] == ["to the room"]

    with_servers(redis, play)


def test_a_server_that_was_stopped_publishes_none_again(redis: RedisServer) -> None:
    """It was taken for dead, and comes back with its sessions, which end later."""
    topic, room = unique("will"), uuid4().hex

    async def play(stopped: RunningServer, other: RunningServer) -> None:
        async with heirs(topic, other) as [heir], httpx.AsyncClient() as http:
            async with wamp(stopped) as testator:
                await bequeath(testator, topic, "will")
                await bequeath(testator, f"wsecho.room.{room}", "will")
                stopped.process.signal(signal.SIGSTOP)
                try:
                    await heir.has("will")
                finally:
                    stopped.process.signal(signal.SIGCONT)
            async with wamp(stopped) as last:
                await bequeath(last, topic, "last")
            await heir.has("will", "last")
            answer = await http.get(other.http(f"/broadcast/{room}?history=10"))
            assert [each["data"] for each in answer.json()["messages"]] == ["will"]

    with_servers(redis, play, 2)


def test_nobody_survives_and_one_comes_later(redis: RedisServer) -> None:
    """Whoever finds testaments of the dead publishes them; what is retained can be had then."""
    topic, prefix = unique("will"), f"{uuid4().hex}:"

    async def leave(server: RunningServer) -> None:
        async with AsyncExitStack() as stack:
            testator = await stack.enter_async_context(wamp(server))
            await bequeath(testator, topic, "will", publish_options={"retain": True})
            server.process.signal(signal.SIGKILL)
            server.process.wait()
            stack.pop_all()

    async def find(server: RunningServer) -> None:
        async def is_retained() -> bool:
            async with wamp(server) as client:
                await client.subscribe(topic, get_retained=True)
                # What is sent first comes first.
                await client.call("wsecho.echo", "x")
                return client.events() == [["will"]]

        await until(is_retained)

    with servers(redis, 1, *QUICK, prefix=prefix) as [server]:
        run(leave(server))
    with servers(redis, 1, *QUICK, prefix=prefix) as [server]:
        run(find(server))
