# SPDX-License-Identifier: MIT
"""A server on its own core, from its start to its end."""

import asyncio
import os
import re
import shutil
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from _shared import process

from .peers import Command

_RESIDENT = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE)


class MeasureError(Exception):
    """One entry could not be measured in one round; the message says why."""


class LackingError(MeasureError):
    """The machine lacks what a row needs; the message says what."""


def tree(pid: int) -> list[int]:
    """Give a process and all that descend from it: some servers are a controller and workers."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # After the name, which may hold anything: the state, and the parent.
            parent = stat.read_text().rpartition(")")[2].split()[1]
            children.setdefault(int(parent), []).append(int(stat.parent.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def resident_kib(pids: Iterable[int]) -> int:
    """Give the resident memory of a server's processes, in KiB.

    Raises:
        MeasureError: One is gone.
    """
    return sum(map(_resident_kib, pids))


def _resident_kib(pid: int) -> int:
    try:
        found = _RESIDENT.search(Path(f"/proc/{pid}/status").read_text())
    except OSError:
        found = None
    if found is None:
        raise MeasureError("the server is gone")
    return int(found[1])


def all_ready(command: Command, log: Path) -> bool:
    """Whether each process says that it is: one that came late would get no connection."""
    said = log.read_text(errors="replace")
    return len(re.findall(command.ready, said, re.MULTILINE)) >= command.processes


@asynccontextmanager
async def serving(command: Command, port: int, cores: str, log: Path) -> AsyncIterator[int]:
    """Run a server on some cores until it is not needed any more; gives its process id.

    Raises:
        MeasureError: It does not start.
    """
    taskset = shutil.which("taskset")
    pinned = [taskset, "--cpu-list", cores] if taskset else []
    # taskset becomes the server, so the id is the server's own.
    server = await process.start([*pinned, *command.arguments], folder=command.folder, log=log)
    try:
        if not await process.listens(server, port, command.patience):
            raise MeasureError(f"the server did not start:{process.last_lines(log, 2)}")
        await _wait(command, server, log)
        yield server.pid
    finally:
        await process.end(server)
        # Its session is its own: a worker that outlived it would be on the next one's core.
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)


async def _wait(command: Command, server: Process, log: Path) -> None:
    """Wait for all processes of a server: one that came late would get no connections."""
    deadline = asyncio.get_running_loop().time() + command.patience
    while not all_ready(command, log):
        if asyncio.get_running_loop().time() > deadline or server.returncode is not None:
            raise MeasureError(f"not all processes started:{process.last_lines(log, 2)}")
        await asyncio.sleep(0.05)
