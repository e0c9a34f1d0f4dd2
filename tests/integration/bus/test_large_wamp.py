# SPDX-License-Identifier: MIT
"""Large events and calls of WAMP between real servers, on a Redis at its own limits."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.integration.bus.test_wamp_nodes import known_by_all, run, servers, unique
from tests.support.redis_server import RedisServer, redis_server
from tests.support.wamp import CALL, EVENT, INVOCATION, RESULT, YIELD, wamp

LARGE = 15 << 20


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """One that keeps nothing on disk, at its own limits otherwise."""
    with redis_server("--appendonly", "no") as server:
        yield server


def connections(redis: RedisServer) -> int:
    """How many connections it has had, this one included."""
    text = redis.ask("INFO", "stats").decode()
    [line] = [line for line in text.splitlines() if line.startswith("total_connections_received:")]
    return int(line.partition(":")[2])


def test_large_events_and_calls_between_servers(redis: RedisServer) -> None:
    """Events, what is retained, arguments and results: in order, on the same connections."""

    async def main() -> None:
        topic, procedure = unique("t"), unique("p")
        with servers(redis, 2, "--redis-timeout", "20") as [first, second]:
            async with wamp(first) as one, wamp(second) as two:
                await known_by_all(one, two)
                await two.subscribe(topic)
                await two.register(procedure)
                before = connections(redis)
                for number in range(3):
                    await one.publish(topic, number, bytes(LARGE), retain=True)
                    await one.publish(topic, "small")
                    event = await asyncio.wait_for(two.next(), 60)
                    assert (event[0], event[4]) == (EVENT, [number, bytes(LARGE)])
                    assert (await two.next())[4] == ["small"]
                _, answer = await one.begin(CALL, {}, procedure, [bytes(LARGE)])
                kind, invocation, *_, args = await two.next()
                assert (kind, args) == (INVOCATION, [bytes(LARGE)])
                await two.send(YIELD, invocation, {}, [bytes(LARGE)])
                result = await answer
                assert (result[0], result[3]) == (RESULT, [bytes(LARGE)])
                async with wamp(second) as later:
                    await later.subscribe(topic, get_retained=True)
                    assert (await later.next())[4] == [2, bytes(LARGE)]
                # One more is that by which it is asked.
                assert connections(redis) == before + 1

    run(main())
