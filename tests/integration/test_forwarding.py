# SPDX-License-Identifier: MIT
"""WAMP sessions over HTTP on several workers, and no request goes where its session lives."""

import asyncio
import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.integration.test_workers import READY, REPLACED, metrics, processes
from tests.node import run_node
from tests.support.clusters import workers
from tests.support.processes import PATIENCE, RunningServer, running
from tests.support.redis_server import RedisServer, redis_server

HELLO = [1, "realm1", {"roles": {"publisher": {}, "subscriber": {}, "caller": {}, "callee": {}}}]


class Poller:
    """A WAMP client over `/lp`, each of whose requests is on a connection of its own."""

    def __init__(self, server: RunningServer, session: aiohttp.ClientSession) -> None:
        self._server = server
        self._session = session
        self.address = ""

    @property
    def node(self) -> str:
        """The process that the session lives in."""
        return self.address.rpartition(".")[0]

    async def open(self) -> None:
        """Open the transport and a WAMP session on it."""
        status, body = await self._ask("/lp/open", json.dumps({"protocols": ["wamp.2.json"]}))
        assert status == 200
        self.address = f"/lp/{json.loads(body)['transport']}"
        await self.say(HELLO)
        assert (await self.fetch())[0] == 2

    async def say(self, message: object, query: str = "") -> int:
        """Send a message."""
        status, _ = await self._ask(f"{self.address}/send{query}", json.dumps(message))
        return status

    async def receive(self) -> tuple[int, bytes]:
        """Ask for a message."""
        return await self._ask(f"{self.address}/receive")

    async def fetch(self) -> Any:
        """Wait for a message."""
        while True:
            status, body = await asyncio.wait_for(self.receive(), PATIENCE)
            if status != 204:
                assert status == 200, (status, body)
                return json.loads(body)

    async def _ask(self, path: str, body: str = "") -> tuple[int, bytes]:
        headers = {"content-type": "application/json", "connection": "close"}
        url = self._server.http(path)
        async with self._session.post(url, data=body, headers=headers) as answer:
            return answer.status, await answer.read()


def client() -> aiohttp.ClientSession:
    """A client without kept-alive connections."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True, limit=0))


async def at_several(server: RunningServer, session: aiohttp.ClientSession) -> list[Poller]:
    """Open six sessions, and more until they live in more than one worker.

    Which of the idle workers takes a connection is chance: one may take many in a row.
    """
    pollers: list[Poller] = []
    while len(pollers) < 6 or len({poller.node for poller in pollers}) == 1:
        assert len(pollers) < 400
        pollers.append(Poller(server, session))
        await pollers[-1].open()
    return pollers


def test_any_worker_takes_any_request() -> None:
    """Subscribe, publish and call, with most requests at a worker that is not the session's."""

    async def main() -> None:
        with workers(4) as server:
            async with client() as session:
                pollers = await at_several(server, session)
                for poller in pollers:
                    await poller.say([32, 1, {}, "com.example.topic"])
                    assert (await poller.fetch())[:2] == [33, 1]
                    await poller.say([48, 2, {}, "wsecho.echo", ["hé", {"n": 1}]])
                    assert await poller.fetch() == [50, 2, {}, ["hé", {"n": 1}]]
                    # It waits at one worker while it is answered by way of another.
                    waiting = asyncio.ensure_future(poller.fetch())
                    # Likely long enough to get there; either order must give the same.
                    await asyncio.sleep(0.05)
                    publish = {"exclude_me": False}
                    assert await poller.say([16, 3, publish, "com.example.topic", [7]]) == 204
                    event = await asyncio.wait_for(waiting, PATIENCE)
                    assert (event[0], event[4]) == (36, [7])
                counts = await metrics(server)
                assert counts["wsecho_forwarded_requests_total", "answered"] >= 10
                assert counts["wsecho_door_connections", "lp"] == len(pollers)
                # A session is a connection where it lives, and nowhere else.
                assert counts[("wsecho_connections",)] == len(pollers) + 1

    asyncio.run(main())


def test_a_stream_goes_through_and_goes_on() -> None:
    """Each event as it comes; on another worker it resumes behind the last."""

    async def main() -> None:
        with workers(3) as server:
            async with client() as session:
                poller = Poller(server, session)
                await poller.open()
                url = server.http(f"{poller.address}/events")
                last = 0
                for number in range(1, 400):
                    headers = {"last-event-id": str(last)} if last else {}
                    async with session.get(url, headers=headers) as stream:
                        assert stream.headers["content-type"] == "text/event-stream"
                        assert stream.headers["x-accel-buffering"] == "no"
                        await poller.say([48, number, {}, "wsecho.echo", [number]])
                        event = await asyncio.wait_for(read_event(stream), PATIENCE)
                    last = int(event["id"])
                    assert json.loads(event["data"]) == [50, number, {}, [number]]
                    counts = await metrics(server)
                    forwarded = counts.get(("wsecho_forwarded_requests_total", "answered"), 0)
                    if number >= 8 and forwarded >= 3:
                        break
                assert forwarded >= 3

    asyncio.run(main())


async def read_event(stream: aiohttp.ClientResponse) -> dict[str, str]:
    """Read one event that has data."""
    fields: dict[str, str] = {}
    async for line in stream.content:
        name, _, value = line.decode().strip().partition(": ")
        if name:
            fields[name] = value
        elif "data" in fields:
            return fields
        else:
            fields = {}
    raise AssertionError("the stream ended")


def test_a_session_that_went_with_its_worker_is_unknown() -> None:
    """Like one that never was, at every worker; so is one of a node that nobody knows."""

    async def main() -> None:
        with workers(2) as server:
            async with client() as session:
                poller = Poller(server, session)
                await poller.open()
                for pid in processes(server).values():
                    os.kill(pid, signal.SIGSTOP)
                    os.kill(pid, signal.SIGKILL)
                ready = [await asyncio.to_thread(wait_ready, server) for _ in range(2)]
                assert ready
                for address in (poller.address, "/lp/nobody.AAAAAAAAAAAAAAAAAAAAAA", "/lp/x.y"):
                    poller.address = address
                    for _ in range(6):
                        status, body = await poller.receive()
                        assert status == 404
                        assert json.loads(body)["error"]["reason"] == "there is no such transport"
                assert "Traceback" not in server.process.output

    asyncio.run(main())


def wait_ready(server: RunningServer) -> bool:
    """Wait for a worker."""
    return bool(server.process.wait_for(READY))


@pytest.mark.parametrize("verb", ["receive", "send", "close"])
def test_errors_come_back_as_they_are(verb: str) -> None:
    """400, 405, 409 and 413 from where the session lives, with their bodies."""

    async def main() -> None:
        with workers(2, "--max-message-size", "1000") as server:
            async with client() as session:
                poller = Poller(server, session)
                await poller.open()
                url = server.http(f"{poller.address}/{verb}")
                for _ in range(6):
                    async with session.get(url) as answer:
                        assert answer.status == 405
                    if verb != "send":
                        continue
                    assert await poller.say([48], "?seq=0") == 400
                    assert await poller.say([48], "?seq=9") == 409
                    assert await poller.say(["x" * 1000]) == 413

    asyncio.run(main())


def test_autobahnjs_over_longpoll() -> None:
    """Its own `Connection`, with subscribers and callees on other workers than who speaks."""
    with workers(4) as server:
        assert run_node("across.mjs", server.http("/lp"), "4") == "ok\n"


def test_a_session_whose_worker_is_replaced_is_told() -> None:
    """GOODBYE is fetched by way of the other workers."""

    async def main() -> None:
        with workers(2) as server:
            async with client() as session:
                poller = Poller(server, session)
                await poller.open()
                waiting = asyncio.ensure_future(poller.fetch())
                server.process.signal(signal.SIGUSR2)
                kind, _, reason = await asyncio.wait_for(waiting, PATIENCE)
                assert (kind, reason) == (6, "wamp.close.system_shutdown")
                await asyncio.to_thread(server.process.wait_for, REPLACED)
                assert (await poller.receive())[0] == 404

    asyncio.run(main())


@contextmanager
def machine(redis: RedisServer, port: int, secret: Path, *options: str) -> Iterator[RunningServer]:
    """A server that is, so to say, on a machine of its own."""
    told = ("--advertise", f"127.0.0.1:{port}", "--cluster-secret", str(secret))
    with running("--redis", redis.url, "--node-ttl", "3", *told, *options) as server:
        yield server


def test_between_machines(tmp_path: Path, free_ports: tuple[int, int]) -> None:
    """By address, signed; another secret is a clear error until it is read again."""
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("s" * 32)
    two.write_text("another secret" * 3)

    async def main() -> None:
        with (
            redis_server() as redis,
            machine(redis, free_ports[0], one) as first,
            machine(redis, free_ports[1], two) as second,
        ):
            async with client() as session:
                here, there = Poller(first, session), Poller(second, session)
                await here.open()
                there.address = here.address
                status, body = await there.receive()
                assert (status, json.loads(body)["error"]["code"]) == (502, "cluster_secret")
                for server in (first, second):
                    server.process.wait_for(re.compile("--cluster-secret"))
                two.write_text("s" * 32 + "\n")
                second.process.signal(signal.SIGHUP)
                await asyncio.to_thread(second.process.wait_for, re.compile("were read again"))
                await there.say([48, 1, {}, "wsecho.echo", ["x"]])
                assert await there.fetch() == [50, 1, {}, ["x"]]
                first.process.signal(signal.SIGKILL)
                first.process.wait()
                status, body = await there.receive()
                assert (status, json.loads(body)["error"]["code"]) == (404, "not_found")

    asyncio.run(main())


def test_between_a_machine_and_one_with_several_workers(
    tmp_path: Path, free_ports: tuple[int, int]
) -> None:
    """To any of them by its address, and from there to the one that the session lives in."""
    secret = tmp_path / "secret"
    secret.write_text("s" * 32)

    async def main() -> None:
        with (
            redis_server() as redis,
            machine(redis, free_ports[0], secret, "--workers", "3") as many,
            machine(redis, free_ports[1], secret) as alone,
        ):
            async with client() as session:
                for _ in range(6):
                    here, there = Poller(many, session), Poller(alone, session)
                    await here.open()
                    there.address = here.address
                    waiting = asyncio.ensure_future(there.fetch())
                    await there.say([48, 1, {}, "wsecho.echo", ["x"]])
                    assert await asyncio.wait_for(waiting, PATIENCE) == [50, 1, {}, ["x"]]
                    # And the other way round.
                    await there.open()
                    here.address = there.address
                    assert await here.say([48, 1, {}, "wsecho.echo", ["y"]]) == 204
                    assert await here.fetch() == [50, 1, {}, ["y"]]

    asyncio.run(main())
