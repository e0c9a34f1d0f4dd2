# SPDX-License-Identifier: MIT
"""What the programs of all client libraries share: what they are told, how they are measured."""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
ROOM = "bench"
BLOCK = 64
"""Messages that a reader acknowledges at once: what it says must not be what is measured."""
_PATIENCE = 30.0
"""Seconds until the first message must have come."""
_GLANCE = 0.01


@dataclass(frozen=True, slots=True)
class Told:
    """The part of the generator's command line that a client has a use for."""

    mode: str
    port: int
    path: str
    in_flight: int
    payload: Path
    warmup: float
    seconds: float
    watch: tuple[int, ...]
    """The server's processes."""
    core: int
    rooms: int

    @property
    def address(self) -> str:
        """Where the server is, without a scheme."""
        return f"{HOST}:{self.port}"

    @property
    def url(self) -> str:
        """The WebSocket's."""
        return f"ws://{self.address}{self.path}"


@dataclass(slots=True)
class Progress:
    """How many messages were read, or said and acknowledged."""

    count: int = 0
    feeder: "subprocess.Popen[bytes] | None" = None
    _feed: Callable[[], "subprocess.Popen[bytes] | None"] = field(default=lambda: None)
    _acknowledge: int = -1

    def begin(self) -> None:
        """Note that the room is joined: what is to be read may come."""
        self.feeder = self._feed()
        if self.feeder and self.feeder.stdin:
            self._acknowledge = self.feeder.stdin.fileno()

    def take(self) -> None:
        """Count one that was read, or acknowledged."""
        self.count += 1
        if self._acknowledge >= 0 and not self.count % BLOCK:
            os.write(self._acknowledge, b".")


Job = Callable[[Told, Progress], Coroutine[Any, Any, None]]
"""Joins a room, says that it did by `begin`, and goes on until it is cancelled."""


def drive(read: Job, say: Job, greetings: tuple[str, ...] = ()) -> None:
    """Run the program of a library.

    Args:
        read: reads a room's messages.
        say: says messages in a room, so many under way, each acknowledged.
        greetings: what the feeder has to say before its first message.
    """
    told = read_told()
    others = os.sched_getaffinity(0) - {told.core}
    os.sched_setaffinity(0, {told.core})

    def feed() -> "subprocess.Popen[bytes]":
        blocks = str(max(1, told.in_flight // BLOCK))
        what = [str(told.port), told.path, str(told.payload), blocks, *greetings]
        module = [sys.executable, "-m", "_bench.clients.feeder", *what]
        feeder = subprocess.Popen(module, stdin=subprocess.PIPE)
        os.sched_setaffinity(feeder.pid, others)
        return feeder

    jobs = {"read": (read, Progress(_feed=feed)), "say": (say, Progress())}
    try:
        job, progress = jobs[told.mode]
        answer(asyncio.run(measured(job(told, progress), told, progress)))
    except Exception as error:  # noqa: BLE001  (whatever a library raises is told in a line)
        sys.exit(f"{type(error).__name__}: {error}")


def read_told() -> Told:
    """Read the command line; what only the generator has a use for is let pass."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--mode", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", required=True)
    parser.add_argument("--in-flight", type=int, default=1)
    parser.add_argument("--payload", type=Path, required=True)
    parser.add_argument("--warmup", type=float, default=0.5)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--watch", type=_numbers, default=())
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--rooms", type=int, default=1)
    return Told(**vars(parser.parse_known_args()[0]))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


def answer(counted: dict[str, float | str]) -> None:
    """Say what was counted, as the generator does."""
    print(json.dumps(counted), flush=True)


async def measured(
    job: Coroutine[Any, Any, None], told: Told, progress: Progress
) -> dict[str, float | str]:
    """Let a job run, and count after its warm-up.

    Raises:
        ConnectionError: It ended by itself, or its feeder did.
        TimeoutError: Nothing was there to be counted.
        Exception: Whatever it ended by.
    """
    work = asyncio.ensure_future(job)
    try:
        await _until_first(work, progress)
        await _go_on(work, progress, told.warmup)
        before = _now(told, progress)
        await _go_on(work, progress, told.seconds)
        return _rates(before, _now(told, progress))
    finally:
        work.cancel()
        # What it has to say where it is left is of no use any more.
        await asyncio.wait([work], timeout=1)


async def _until_first(work: "asyncio.Future[None]", progress: Progress) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not progress.count:
        await _go_on(work, progress, _GLANCE)
        if time.monotonic() > deadline:
            raise TimeoutError("not one message came")


async def _go_on(work: "asyncio.Future[None]", progress: Progress, seconds: float) -> None:
    await asyncio.wait([work], timeout=seconds)
    if work.done():
        work.result()
        raise ConnectionError("the connection ended")
    if progress.feeder and progress.feeder.poll() is not None:
        raise ConnectionError("the feeder ended, which said why")


def _now(told: Told, progress: Progress) -> dict[str, float]:
    feeder = {"feeder_cpu": _busy([progress.feeder.pid])} if progress.feeder else {}
    return {
        "count": progress.count,
        "seconds": time.monotonic(),
        "own_cpu": time.process_time(),
        "server_cpu": _busy(told.watch),
    } | feeder


def _busy(pids: tuple[int, ...] | list[int]) -> float:
    """Give how many seconds processes have had of their processors."""
    return sum(map(_ticks, pids)) / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> int:
    # After the name, which may hold anything; the 14th and 15th of proc(5) are utime and stime.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _rates(before: dict[str, float], after: dict[str, float]) -> dict[str, float | str]:
    grown = {name: after[name] - before[name] for name in after}
    shares = {name: grown[name] / grown["seconds"] for name in grown if name.endswith("_cpu")}
    return {"count": grown["count"], "seconds": grown["seconds"], **shares}


async def together(
    told: Told, progress: Progress, publish: Callable[[], Awaitable[object]]
) -> None:
    """Say messages, so many under way as was told; each follows one that was acknowledged."""

    async def one_after_the_other() -> None:
        while True:
            await publish()
            progress.take()

    await asyncio.gather(*(one_after_the_other() for _ in range(told.in_flight)))
