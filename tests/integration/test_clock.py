# SPDX-License-Identifier: MIT
"""A real server whose wall clock is set while it runs: an hour forward, an hour back."""

import json
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

import pytest
from websockets.frames import Frame, Opcode
from websockets.protocol import Event
from websockets.sync.client import ClientConnection, connect

from tests.support.processes import PATIENCE, RunningServer, running
from tests.support.redis_server import redis_server
from tests.support.waiting import wait_until

HOUR: Final = 3600.0

pytestmark = pytest.mark.skipif(
    shutil.which("faketime") is None, reason="faketime is missing: apt install faketime"
)


class WallClock:
    """What the processes that are started with its environment take for the time of day."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "time"
        self.ahead = 0.0
        self.set(0.0)
        [library] = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            # Setting the clock does not touch the monotonic one.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, ahead: float) -> None:
        """Set it so many seconds ahead of this process's."""
        # Whole or not at all: it is read at any moment.
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{ahead:+.0f}s\n")
        fresh.rename(self._file)
        self.ahead = ahead

    def is_shown_by(self, server: RunningServer) -> bool:
        """Tell whether a server's answers are dated by it."""
        with urlopen(server.http("/healthz"), timeout=PATIENCE) as answer:
            date = parsedate_to_datetime(answer.headers["Date"]).timestamp()
        return abs(date - time.time() - self.ahead) < HOUR / 2


class Pinged(ClientConnection):
    """A client that counts the pings it gets, and answers them."""

    pings = 0

    def process_event(self, event: Event) -> None:
        """Take what came."""
        if isinstance(event, Frame) and event.opcode is Opcode.PING:
            self.pings += 1
        super().process_event(event)


def ask(server: RunningServer, path: str, data: bytes | None = None) -> Any:
    """Ask for JSON."""
    # Else it says that it is a form.
    headers = {} if data is None else {"Content-Type": "application/json"}
    with urlopen(Request(server.http(path), data, headers), timeout=PATIENCE) as answer:
        return json.load(answer)


@contextmanager
def serving(workers: int, wall: WallClock) -> Iterator[RunningServer]:
    """A server under a clock; several processes need Redis, whose own clock stands as it is."""
    options: tuple[str, ...] = (
        "--message-rate",
        "100",
        "--auto-ping",
        "0.5",
        "--auto-ping-timeout",
        "20",
    )
    with ExitStack() as stack:
        if workers > 1:
            redis = stack.enter_context(redis_server())
            options += ("--workers", str(workers), "--redis", redis.url)
        yield stack.enter_context(running(*options, environment=wall.environment))


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("moved", [HOUR, -HOUR])
def test_nothing_but_the_date_moves(moved: float, workers: int, tmp_path: Path) -> None:
    """What waits is answered, who speaks stays, what was said is there, and pings go out."""
    wall = WallClock(tmp_path)
    with serving(workers, wall) as server, ThreadPoolExecutor() as pool:
        assert wall.is_shown_by(server)
        first, second = (ask(server, "/broadcast/a", b"x")["position"] for _ in range(2))
        # Which nobody reads before.
        unread, _ = (ask(server, "/broadcast/b", b"y")["position"] for _ in range(2))
        with connect(server.ws("/echo"), create_connection=Pinged, ping_interval=None) as client:
            assert isinstance(client, Pinged)
            client.send("before")
            assert client.recv(PATIENCE) == "before"
            waiting = pool.submit(ask, server, f"/broadcast/a?after={second}&wait=2")
            wait_until(lambda: client.pings > 0)
            wall.set(moved)
            wait_until(lambda: wall.is_shown_by(server))
            pings = client.pings
            for text in map(str, range(20)):
                client.send(text)
                assert client.recv(PATIENCE) == text
            answer = waiting.result(PATIENCE)
            assert (answer["recovered"], answer["messages"]) == (True, [])
            wait_until(lambda: client.pings > pings + 1)
            for path, said in ((f"a?after={first}", "x"), (f"b?after={unread}", "y")):
                page = ask(server, f"/broadcast/{path}")
                assert [message["data"] for message in page["messages"]] == [said]
            client.send("after")
            assert client.recv(PATIENCE) == "after"


def test_no_message_is_shown_before_the_one_ahead_of_it(tmp_path: Path) -> None:
    """However often the clock is set; over Redis it is that of Redis (`test_redis.py`)."""
    wall = WallClock(tmp_path)
    with serving(1, wall) as server:
        many = json.dumps({"rooms": ["a", "b"], "data": "many"}).encode()
        for ahead in (0.0, HOUR, -HOUR, 0.0, 2 * HOUR):
            wall.set(ahead)
            wait_until(lambda: wall.is_shown_by(server))
            ask(server, "/broadcast/a", b"one")
            ask(server, "/broadcast", many)
        times = [m["time"] for m in ask(server, "/broadcast/a?history=10")["messages"]]
        assert times == sorted(times)
        # As it was set: now, an hour ahead, and that for as long as the clock stands before it.
        passed = [round((each - times[0]) / 1000 / HOUR) for each in times]
        assert passed == [0, 0, 1, 1, 1, 1, 1, 1, 2, 2]
