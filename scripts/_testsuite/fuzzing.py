# SPDX-License-Identifier: MIT
"""Run pieces of the case set against a server, each in a fuzzing client of its own."""

import asyncio
import json
import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _shared import process

from .results import Result
from .suite import Suite

_RUNNING = re.compile(rb"Running test case ID (\S+)")

# The testsuite's own limit for one case is eight minutes; silence past that is a client that hangs.
_SILENCE = 600.0


@dataclass(frozen=True, slots=True)
class Fuzzer:
    """What all clients of a run have in common."""

    suite: Suite
    agent: str
    url: str
    work: Path
    on_case: Callable[[str], None]
    """Called with each case when it is done."""

    async def run(self, pieces: Sequence[Sequence[str]], jobs: int) -> list[Result]:
        """Run the pieces in order, several at a time, and give a result for each case."""
        waiting = deque(enumerate(pieces))
        results: list[Result] = []

        async def work() -> None:
            while waiting:
                number, piece = waiting.popleft()
                results.extend(await self._run_piece(self.work / f"piece-{number}", piece))

        async with asyncio.TaskGroup() as group:
            for _ in range(min(jobs, len(pieces))):
                group.create_task(work())
        return results

    async def run_again(self, cases: Sequence[str]) -> list[Result]:
        """Run a few cases once more, one after the other with nothing beside them."""
        return await self._run_piece(self.work / "again", cases)

    async def _run_piece(self, folder: Path, cases: Sequence[str]) -> list[Result]:
        spec = self._write_spec(folder, cases)
        command = [*self.suite.fuzz_server, str(spec)]
        client = await process.start(command, folder=folder, log=folder / "errors", piped=True)
        try:
            if await follow(client, self.on_case):
                await client.wait()
        finally:
            await process.end(client)
        return read_piece(folder, cases)

    def _write_spec(self, folder: Path, cases: Sequence[str]) -> Path:
        # Without a name for the agent the testsuite trips over servers that refuse the handshake.
        server = {"agent": self.agent, "url": self.url}
        spec = {"servers": [server], "cases": list(cases), "outdir": str(folder)}
        folder.mkdir()
        file = folder / "spec.json"
        file.write_text(json.dumps(spec))
        return file


async def follow(fuzzing: asyncio.subprocess.Process, on_case: Callable[[str], None]) -> bool:
    """Report each case as done when the next one is named, or what runs them ends.

    Gives False when nothing is named any more: the cases left will be missing.
    """
    assert fuzzing.stdout is not None  # noqa: S101  (it is piped)
    current: str | None = None
    while True:
        try:
            line = await asyncio.wait_for(fuzzing.stdout.readline(), _SILENCE)
        except TimeoutError:
            return False
        if not line:
            break
        running = _RUNNING.match(line)
        if running:
            if current:
                on_case(current)
            current = running[1].decode()
    if current:
        on_case(current)
    return True


def read_piece(folder: Path, cases: Sequence[str]) -> list[Result]:
    """Read what a client reported; cases that it did not come to are there as missing.

    A page's path is absolute here; the report moves it into place.
    """
    # A peer may have several names: what its answers say, and its address where it gives none.
    of_agents = _read_json(folder / "index.json").values()
    entries: dict[str, Any] = {
        case: entry for of_one in of_agents for case, entry in of_one.items()
    }
    results = []
    for case in cases:
        entry = entries.get(case, {})
        # The index comes first: a client that was killed may not have written a case's own files.
        detail = _read_json(folder / entry["reportfile"]) if entry else {}
        if detail:
            entry = entry | {"reportfile": str(folder / entry["reportfile"])}
            results.append(Result.parse(case, entry, detail))
        else:
            results.append(Result.missing(case))
    return results


def _read_json(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text()))
    except (OSError, ValueError):
        return {}
