# SPDX-License-Identifier: MIT
"""Child processes: started with a clean environment, awaited at a port, ended by their id."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from asyncio.subprocess import Process
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

HOST = "127.0.0.1"
_PATIENCE = 15.0  # seconds; a server may drain its connections for ten


def clean_environment() -> dict[str, str]:
    """Keep what belongs to the machine, drop what points at somebody's other Python."""
    unwanted = ("PYTHON", "VIRTUAL_ENV", "TWISTED")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    # Progress is read from the clients' output, which must not wait in a buffer.
    return kept | {"PYTHONUNBUFFERED": "1"}


async def start(command: Sequence[str], *, folder: Path, log: Path, piped: bool = False) -> Process:
    """Start a command in a folder; its output goes to a log file, or to us and errors to the log.

    It gets its own session, so that Ctrl-C reaches this script alone, which then ends its children.
    """
    with log.open("wb") as output:
        return await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=clean_environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE if piped else output,
            stderr=output,
            start_new_session=True,
            limit=1 << 20,
        )


def free_port() -> int:
    """Give a port of loopback that nobody listens on."""
    with socket.create_server((HOST, 0)) as free:
        return int(free.getsockname()[1])


async def listens(process: Process, port: int, patience: float) -> bool:
    """Wait until a process takes connections at a port of loopback.

    Gives False when it ends before, or does not within `patience`, in seconds.
    """
    deadline = asyncio.get_running_loop().time() + patience
    while asyncio.get_running_loop().time() < deadline and process.returncode is None:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return True
    return False


async def end(process: Process) -> None:
    """Ask a process to end, and make it when it does not."""
    if process.returncode is not None:
        return
    # Not process.terminate(): it polls, and so takes the exit status from asyncio's own watcher.
    for last_word in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, last_word)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _PATIENCE)
            return


def run_whole(command: Sequence[str], output: BinaryIO) -> int:
    """Run a command that starts others, such as pip, and leave none of them when interrupted."""
    leader = subprocess.Popen(
        command, env=clean_environment(), stdout=output, stderr=output, start_new_session=True
    )
    try:
        return leader.wait()
    finally:
        if leader.returncode is None:
            os.killpg(leader.pid, signal.SIGKILL)
            leader.wait()


def last_lines(log: Path, count: int = 5) -> str:
    """Give the end of a log, indented, for an error message."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "".join(f"\n    {line}" for line in lines[-count:])
