# SPDX-License-Identifier: MIT
"""The cases against wsecho and the libraries that `scripts/bench` measures, for a page."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from _bench import peers
from _bench.environment import Environment, install
from _bench.rows import Load
from _shared import process
from _shared.environment import ensure_environment
from _shared.errors import CannotRunError

from _testsuite import server

from .driving import Driver
from .judging import Judged
from .running import run
from .tables import CASES
from .writing import Ran, put_into, write

PEERS = {
    "Autobahn": "autobahn",
    "websockets": "websockets",
    "aiohttp": "aiohttp",
    "picows": "picows",
    "tornado": "tornado",
    "ws": "ws",
}
"""What the page calls each, and what the bench does."""
_LOAD = Load("echo", 1, offer="permessage-deflate")
"""Each is to know permessage-deflate."""


def compare(root: Path, jobs: int, page: Path) -> str:
    """Run every case against every server, write the page, and say what was done.

    Raises:
        CannotRunError: a server cannot be had, or the page has no place for it.
    """
    ensure_environment(root, "testsuite")
    environment = Environment(root, root / ".cache")
    for peer, trouble in install(environment, PEERS.values()).items():
        raise CannotRunError(f"{peer} cannot be had here: {trouble}")
    versions = environment.versions()
    with tempfile.TemporaryDirectory(prefix="wsecho-handshakes-") as folder:
        ran = asyncio.run(_all(environment, Path(folder), jobs))
    named = {name: versions[peer] for name, peer in PEERS.items()}
    written = write(ran, named, datetime.now(UTC).date())
    try:
        page.write_text(put_into(page.read_text(), written))
    except (OSError, ValueError) as error:
        raise CannotRunError(f"--compare {page}: {error}") from None
    return f"{len(CASES)} cases, {len(ran)} servers, written into {page}"


async def _all(environment: Environment, work: Path, jobs: int) -> Ran:
    ran: dict[str, dict[str, Judged]] = {}
    log = work / "server.log"
    async with server.own(environment.root, (), work, log) as url:
        ran["wsecho"] = await _one(url, jobs)
    for name, peer in PEERS.items():
        async with _serving(peer, environment, work) as url:
            ran[name] = await _one(url, jobs)
    return ran


async def _one(url: str, jobs: int) -> dict[str, Judged]:
    driver = Driver(url)
    done = await asyncio.to_thread(run, driver, list(CASES), jobs, lambda _case: None)
    return {each.case.id: each.judged for each in done}


@asynccontextmanager
async def _serving(peer: str, environment: Environment, work: Path) -> AsyncIterator[str]:
    port = process.free_port()
    command = peers.command(peer, _LOAD, port, environment=environment, work=work, options=())
    log = work / f"{peer}.log"
    started = await process.start(command.arguments, folder=command.folder, log=log)
    try:
        if not await process.listens(started, port, command.patience):
            raise CannotRunError(f"{peer} did not start:{process.last_lines(log)}")
        yield f"ws://{process.HOST}:{port}/echo"
    finally:
        await process.end(started)
