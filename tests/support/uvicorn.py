# SPDX-License-Identifier: MIT
"""Applications on uvicorn, at its defaults."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.processes import EMPTY, Process
from tests.support.proxies import free_port
from tests.support.waiting import wait_until_open


@contextmanager
def uvicorn(
    application: str,
    *options: str,
    port: int | None = None,
    cwd: Path | None = None,
    environment: Mapping[str, str] = EMPTY,
) -> Iterator[tuple[str, Process]]:
    """Serve an application, ended at the end; its URL, and its process.

    Args:
        application: `MODULE:OBJECT`.
        options: further ones of uvicorn's.
        port: where, None for a free one.
        cwd: the folder that it is started in.
        environment: what is added to ours.
    """
    port = free_port() if port is None else port
    command = (sys.executable, "-m", "uvicorn", "--port", str(port), *options, application)
    path = os.pathsep.join(sys.path)
    process = Process.start(*command, cwd=cwd, environment={"PYTHONPATH": path, **environment})
    try:
        wait_until_open(port)
        yield f"http://127.0.0.1:{port}/", process
    finally:
        process.end()
