# SPDX-License-Identifier: MIT
"""A server on its own core, from its start to its end."""

import asyncio
import re
import shutil
import socket
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from _testsuite import process

from .peers import HOST, Command

_START_SECONDS = 30.0
_RESIDENT = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE)


class MeasureError(Exception):
    """One entry could not be measured in one round; the message says why."""


def free_port() -> int:
    """Give a port of loopback that nobody listens on."""
    with socket.create_server((HOST, 0)) as free:
        return int(free.getsockname()[1])


def resident_kib(pid: int) -> int:
    """Give the resident memory of a process, in KiB.

    Raises:
        MeasureError: It is gone.
    """
    try:
        found = _RESIDENT.search(Path(f"/proc/{pid}/status").read_text())
    except OSError:
        found = None
    if found is None:
        raise MeasureError("the server is gone")
    return int(found[1])


@asynccontextmanager
async def serving(command: Command, port: int, core: int, log: Path) -> AsyncIterator[int]:
    """Run a server on one core until it is not needed any more; gives its process id.

    Raises:
        MeasureError: It does not start.
    """
    taskset = shutil.which("taskset")
    pinned = [taskset, "--cpu-list", str(core)] if taskset else []
    # taskset becomes the server, so the id is the server's own.
    server = await process.start([*pinned, *command.arguments], folder=command.folder, log=log)
    try:
        await _wait(port, server, log)
        yield server.pid
    finally:
        await process.end(server)


async def _wait(port: int, server: Process, log: Path) -> None:
    deadline = asyncio.get_running_loop().time() + _START_SECONDS
    while asyncio.get_running_loop().time() < deadline and server.returncode is None:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise MeasureError(f"the server did not start:{process.last_lines(log, 2)}")
