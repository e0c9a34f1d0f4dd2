# SPDX-License-Identifier: MIT
"""Applications of each kind are told by servers that are killed, stopped and alone."""

import base64
import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from attrs import define, field

from tests.support.processes import PATIENCE, Process, RunningServer, running
from tests.support.proxies import free_port
from tests.support.redis_server import RedisServer, redis_server
from tests.support.uvicorn import uvicorn
from tests.support.waiting import wait_until

CONFIG: Final = """
[rooms."*"]
tell = ["occupied", "vacated", "join", "leave", "message"]
"""
CLASSES: Final = {"plain": "Plain", "async": "Asynchronous", "deferreds": "WithDeferreds"}
CARRIERS: Final = (*CLASSES, "http")


@define(eq=False)
class World:
    """An application, and one or two servers that tell it."""

    folder: Path
    servers: list[RunningServer]
    restart: Callable[[], None]
    stop: Callable[[], None]
    said: int = field(default=0)

    def say(self, count: int, *servers: RunningServer) -> None:
        """Say something so often, at each server in turn."""
        for server, _ in zip(cycle(servers or self.servers), range(count), strict=False):
            url = server.http("/broadcast/a")
            answer = requests.post(url, data=f"{self.said}", timeout=PATIENCE)
            assert answer.status_code == 201, answer.text
            self.said += 1

    def told(self) -> list[dict[str, Any]]:
        """All that was taken, as often as it was."""
        file = self.folder / "told"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def messages(self) -> list[str]:
        """What was said, as it was told."""
        events = {event["id"]: event for event in self.told()}.values()
        assert not any(event["event"] == "missed" for event in events)
        return [event["data"] for event in events if event["event"] == "message"]

    def is_told_all(self) -> bool:
        """Whether all was told that was said."""
        return len(self.messages()) == self.said

    def check(self) -> None:
        """See that all was told, in order, each once but for what came again."""
        wait_until(self.is_told_all)
        assert self.messages() == [f"{number}" for number in range(self.said)]
        events = list({event["id"]: event for event in self.told()}.values())
        assert [event["id"] for event in events] == sorted(event["id"] for event in events)

    def teller(self) -> RunningServer:
        """The server that tells."""
        wait_until(lambda: any(map(count_told, self.servers)))
        [server] = [each for each in self.servers if count_told(each)]
        return server


def count_told(server: RunningServer) -> float:
    """How many events a server has told."""
    text = requests.get(server.http("/metrics"), timeout=PATIENCE).text
    return float(re.findall(r"^wsecho_events_told_total\S* (\S+)$", text, re.MULTILINE)[0])


@contextmanager
def world(folder: Path, carrier: str, redis: RedisServer | None, *more: str) -> Iterator[World]:
    """An application of a kind, and one server, or two with a Redis."""
    told = {"TOLD": str(folder / "told")}
    config = folder / "rooms.toml"
    config.write_text(CONFIG)
    with ExitStack() as stack:
        deaf = folder / "deaf"
        options, stop, restart = _carried(carrier, folder, told, stack, deaf)
        options += more
        if redis is not None:
            options += ["--redis", redis.url, "--node-ttl", "2", "--redis-timeout", "5"]
        servers = [
            stack.enter_context(running("--config", str(config), *options, environment=told))
            for _ in range(1 if redis is None else 2)
        ]
        yield World(folder, servers, restart, stop)


def _carried(
    carrier: str, folder: Path, told: dict[str, str], stack: ExitStack, deaf: Path
) -> tuple[list[str], Callable[[], None], Callable[[], None]]:
    """Return the options by which it is told, and what stops and starts it."""
    if carrier in CLASSES:
        app = f"tests.support.told_apps:{CLASSES[carrier]}"
        return ["--app", app], deaf.touch, deaf.unlink
    secret, port = folder / "secret", free_port()
    secret.write_text(f"whsec_{base64.b64encode(os.urandom(32)).decode()}\n")
    processes: list[Process] = []

    def start() -> None:
        environment = {**told, "SECRETS": str(secret)}
        served = uvicorn("tests.support.told_http:app", port=port, environment=environment)
        processes.append(stack.enter_context(served)[1])

    def stop() -> None:
        processes[-1].end()

    start()
    return ["--tell", f"http://127.0.0.1:{port}/", "--tell-secret", str(secret)], stop, start


@pytest.fixture(scope="module")
def own_redis() -> Iterator[RedisServer]:
    """One that is these tests' own: each has a database that is emptied before."""
    with redis_server() as server:
        yield server


@pytest.fixture
def fresh_redis(own_redis: RedisServer) -> RedisServer:
    """It has nothing of the test before."""
    own_redis.ask("FLUSHALL")
    return own_redis


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("bus", ["memory", "redis"])
def test_an_application_that_is_away_misses_nothing(
    tmp_path: Path, carrier: str, bus: str, request: pytest.FixtureRequest
) -> None:
    """What happens meanwhile waits, in its order."""
    redis = request.getfixturevalue("fresh_redis") if bus == "redis" else None
    with world(tmp_path, carrier, redis) as there:
        there.say(20)
        wait_until(there.is_told_all)
        there.stop()
        there.say(130)
        there.restart()
        there.say(20)
        there.check()


@pytest.mark.parametrize("carrier", CARRIERS)
def test_another_server_goes_on_where_one_is_killed(
    tmp_path: Path, carrier: str, fresh_redis: RedisServer
) -> None:
    """From the first event that was not taken; whoever was at the dead one has gone."""
    with world(tmp_path, carrier, fresh_redis) as there, ExitStack() as stack:
        for server in there.servers:
            url = server.http("/broadcast/b")
            stream = requests.get(
                url, headers={"Accept": "text/event-stream"}, stream=True, timeout=PATIENCE
            )
            stack.callback(stream.close)
        there.say(20)
        teller = there.teller()
        [other] = [each for each in there.servers if each is not teller]
        there.say(10)
        teller.process.signal(signal.SIGKILL)
        there.say(110, other)
        there.check()

        def of_b() -> list[str]:
            events = {event["id"]: event for event in there.told()}.values()
            return [event["event"] for event in events if event["room"] == "b"]

        wait_until(lambda: "leave" in of_b())
        assert of_b() == ["occupied", "join", "join", "leave"]
        stack.close()
        wait_until(lambda: of_b()[-1] == "vacated")
        assert of_b() == ["occupied", "join", "join", "leave", "leave", "vacated"]


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_server_that_was_stopped_takes_nothing_back(
    tmp_path: Path, carrier: str, fresh_redis: RedisServer
) -> None:
    """It wakes up while another tells; and tells again when that is gone."""
    with world(tmp_path, carrier, fresh_redis) as there:
        there.say(20)
        teller = there.teller()
        [other] = [each for each in there.servers if each is not teller]
        there.say(10)
        teller.process.signal(signal.SIGSTOP)
        try:
            there.say(60, other)
            wait_until(there.is_told_all)
        finally:
            teller.process.signal(signal.SIGCONT)
        there.say(60)
        there.check()
        other.process.end()
        there.say(60, teller)
        there.check()


@pytest.mark.parametrize("carrier", CARRIERS)
def test_the_end_of_a_server_tells_what_is_left(tmp_path: Path, carrier: str) -> None:
    """Also that everybody has gone, and that the room is vacated by that."""
    with world(tmp_path, carrier, None) as there:
        [server] = there.servers
        stream = requests.get(
            server.http("/broadcast/a"),
            headers={"Accept": "text/event-stream"},
            stream=True,
            timeout=PATIENCE,
        )
        with stream:
            there.say(10)
            server.process.end()
        there.check()
        assert [event["event"] for event in there.told()][-2:] == ["leave", "vacated"]


def test_what_cannot_be_told_before_the_end_is_counted(tmp_path: Path) -> None:
    """In the log."""
    with world(tmp_path, "plain", None, "--drain", "1") as there:
        there.stop()
        there.say(10)
        [server] = there.servers
        server.process.end()
        assert "was not told 10 events before the end: they are lost" in server.process.output
