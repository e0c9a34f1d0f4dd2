# SPDX-License-Identifier: MIT
"""One run of the testsuite, from looking for what it needs to its report."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from sys import stdout

from _shared.environment import ensure_environment

from . import report, server
from .cases import select, sort_key
from .client import Client, find
from .fuzzing import Fuzzer
from .progress import Progress, minutes
from .results import Result
from .schedule import cut

# More time-outs than this are no accident of a busy machine.
_MOST_SECOND_TRIES = 10


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line asked for."""

    root: Path
    url: str | None
    cases: str
    report: Path
    jobs: int
    server_options: tuple[str, ...] = ()


def run(settings: Settings) -> list[Result]:
    """Run the testsuite and write the report.

    Raises:
        CannotRunError: Something that it needs is missing.
    """
    report.check_place(settings.report)
    agent = server.check(settings.url) if settings.url is not None else "wsecho"
    with tempfile.TemporaryDirectory(prefix="wsecho-testsuite-") as folder:
        work = Path(folder)
        # Installing happens outside of asyncio, which would keep Ctrl-C waiting until it is over.
        client = find(settings.root / ".cache", work)
        catalogue = client.catalogue()
        cases = select(catalogue, settings.cases)
        if settings.url is None:
            ensure_environment(settings.root, "testsuite")
        log = work / "server.log"
        heading, results = asyncio.run(_test(settings, client, agent, cases, work, log))
        report.write(settings.report, heading, results, catalogue, log)
    return results


async def _test(
    settings: Settings, client: Client, agent: str, cases: Sequence[str], work: Path, log: Path
) -> tuple[report.Heading, list[Result]]:
    async with _target(settings, work, log) as url:
        start = datetime.now().astimezone()
        results = await _fuzz(client, agent, url, work, cases, settings.jobs)
    lasted = minutes((datetime.now().astimezone() - start).total_seconds())
    about = f"{url}, {start:%Y-%m-%d %H:%M %Z}, took {lasted} with up to {settings.jobs} clients"
    return report.Heading(agent, about), results


@asynccontextmanager
async def _target(settings: Settings, work: Path, log: Path) -> AsyncIterator[str]:
    if settings.url is None:
        async with server.own(settings.root, settings.server_options, work, log) as url:
            yield url
    else:
        await asyncio.to_thread(server.knock, settings.url)
        yield settings.url


async def _fuzz(
    client: Client, agent: str, url: str, work: Path, cases: Sequence[str], jobs: int
) -> list[Result]:
    progress = Progress(cases, stdout, time.monotonic)
    fuzzer = Fuzzer(client, agent, url, work, progress.case_done)
    pieces = cut(cases, jobs)
    print(
        f"{len(cases)} cases against {url}, {min(jobs, len(pieces))} clients at a time", flush=True
    )
    try:
        results = {result.case: result for result in await fuzzer.run(pieces, jobs)}
    finally:
        progress.close()
    again = worth_a_second_try(list(results.values()))
    if again:
        print(f"Timed out, so run again with nothing beside: {', '.join(again)}")
        silent = replace(fuzzer, on_case=lambda _case: None)
        for result in await silent.run_again(again):
            results[result.case] = replace(result, second_try=True)
    return [results[case] for case in cases]


def worth_a_second_try(results: Sequence[Result]) -> list[str]:
    """Choose the cases that a timer failed, unless they are so many that it was the server.

    Some cases allow a second, which may pass without the server's turn when all cores are taken.
    """
    late = [result.case for result in results if result.out_of_time and not result.verdict.passes]
    return sorted(late, key=sort_key) if len(late) <= _MOST_SECOND_TRIES else []
