# SPDX-License-Identifier: MIT
"""Both client libraries in one room for ten minutes, while servers are killed under them."""

import asyncio
import contextlib
import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.integration.test_javascript import Follower, following
from tests.support.processes import running
from tests.support.proxies import free_port
from tests.support.redis_server import redis_server
from wsecho.client import connect
from wsecho.client.room import Room

SECONDS: Final = float(os.environ.get("SOAK_SECONDS", "600"))
EVERY: Final = 0.25
"""Seconds between two messages of each, which no bound on keys comes near."""
UP: Final = (2.0, 5.0, 1.0, 8.0)
"""Seconds for which each server runs, in turn."""
COUNT: Final = int(SECONDS / EVERY)


def killed_servers(listen: str, *options: str) -> Iterator[int]:
    """Servers one after the other, every third ended in order and the others killed."""
    until = time.monotonic() + SECONDS
    for number, seconds in enumerate(itertools.cycle(UP)):
        if time.monotonic() > until:
            return
        with running(*options, listen=listen) as server:
            time.sleep(seconds)
            if number % 3:
                server.process.popen.kill()
        yield number + 1


async def say(room: Room) -> list[str]:
    """Say numbers, none of which waits for the one before; return where each stands."""
    said = []
    for number in range(1, COUNT + 1):
        said.append(asyncio.create_task(room.publish(f"python {number}")))
        await asyncio.sleep(EVERY)
    return [str(position) for position in await asyncio.gather(*said)]


async def read(room: Room) -> list[tuple[str, str]]:
    """Read all that both say, each with its place."""
    messages = [await anext(room) for _ in range(2 * COUNT)]
    return [(str(message.data), str(message.position)) for message in messages]


def assert_each_once(heard: list[tuple[str, str]], said: list[str], sender: str) -> None:
    """Each of a sender's messages stands once, in its order, and where the sender was told."""
    mine = [(data, place) for data, place in heard if data.startswith(sender)]
    assert mine == [(f"{sender} {n}", place) for n, place in enumerate(said, 1)]


@pytest.fixture(params=["redis", "data"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Where rooms outlive a server: the option that says so."""
    if request.param == "data":
        yield "--data", str(tmp_path / "data")
        return
    with redis_server() as redis:
        yield "--redis", redis.url


def test_nothing_is_lost_and_nothing_doubled_while_servers_are_killed(
    kept: tuple[str, str],
) -> None:
    """Each library reads what both say: all of it, once, in one order, without a gap."""
    port = free_port()
    listen = f"tcp:{port}:interface=127.0.0.1"

    def count_killed() -> int:
        return sum(1 for _ in killed_servers(listen, *kept))

    async def main(follower: Follower) -> None:
        # Servers end in a thread: the clients' loop goes on meanwhile.
        killing = asyncio.create_task(asyncio.to_thread(count_killed))
        async with connect(f"ws://127.0.0.1:{port}/broadcast/soak", history=1000) as room:
            reading = asyncio.create_task(read(room))
            said = await say_while(room, killing)
            heard = await asyncio.wait_for(reading, 120)
        told = [(one["data"], one["position"]) for one in follower.wait_for("message", 2 * COUNT)]
        assert told == heard
        assert follower.all("gap") == follower.all("failed") == []
        assert_each_once(heard, said, "python")
        places = {one["data"]: one["position"] for one in follower.all("said")}
        assert_each_once(heard, [places[f"js {n}"] for n in range(1, COUNT + 1)], "js")
        print(f"{killing.result()} servers, {2 * COUNT} messages")

    async def say_while(room: Room, killing: "asyncio.Task[int]") -> list[str]:
        saying = asyncio.create_task(say(room))
        await killing
        with running(*kept, listen=listen):
            said = await saying
            await asyncio.to_thread(follower.wait_for, "said", COUNT)
            await asyncio.to_thread(follower.wait_for, "message", 2 * COUNT)
        return said

    with contextlib.ExitStack() as stack:
        milliseconds = int(EVERY * 1000)
        follower = stack.enter_context(
            following(
                f"http://127.0.0.1:{port}",
                "soak",
                **{"numbers": COUNT, "every": milliseconds, "as": "js "},
            )
        )
        asyncio.run(main(follower))
