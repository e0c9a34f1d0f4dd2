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
from urllib.parse import urlsplit

from _shared.environment import ensure_environment
from _shared.errors import CannotRunError

from . import kosoku, original, report, served, server
from .cases import select, sort_key
from .fuzzing import Fuzzer
from .progress import Progress, minutes
from .results import Result
from .schedule import cut
from .suite import Suite

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
    client: str | None = None
    """The command of a client to test, in place of a server."""
    original: bool = False
    handshake: bool = False
    """Whether the cases are those of the opening handshake."""
    compare: Path | None = None
    """The page that shows them beside other servers, where it is to be written."""
    server_options: tuple[str, ...] = ()


def run(settings: Settings) -> list[Result]:
    """Run the testsuite and write the report.

    Raises:
        CannotRunError: Something that it needs is missing.
    """
    report.check_place(settings.report)
    agent = name_of(settings)
    with tempfile.TemporaryDirectory(prefix="wsecho-testsuite-") as folder:
        work = Path(folder)
        # Installing happens outside of asyncio, which would keep Ctrl-C waiting until it is over.
        cache = settings.root / ".cache"
        suite = original.find(cache, work) if settings.original else kosoku.find(cache)
        catalogue = suite.catalogue()
        cases = select(catalogue, settings.cases)
        if settings.url is None and settings.client is None:
            ensure_environment(settings.root, "testsuite")
        log = work / "server.log"
        heading, results = asyncio.run(_test(settings, suite, agent, cases, work, log))
        report.write(settings.report, heading, results, catalogue, log)
    return results


def name_of(settings: Settings) -> str:
    """Name what is tested, and refuse what cannot be."""
    if settings.client is not None:
        return served.check(settings.client)
    if settings.url is None:
        return "wsecho"
    name = server.check(settings.url)
    speaks_tls = settings.original or settings.handshake
    if urlsplit(settings.url).scheme == "wss" and not speaks_tls:
        raise CannotRunError(f"--url {settings.url}: kosoku speaks no TLS; give --original too")
    return name


async def _test(
    settings: Settings, suite: Suite, agent: str, cases: Sequence[str], work: Path, log: Path
) -> tuple[report.Heading, list[Result]]:
    start = datetime.now().astimezone()
    if settings.client is not None:
        what = settings.client
        results = await _serve(suite, settings.client, work, cases)
    else:
        async with target(settings, work, log) as url:
            what = f"{url}, up to {settings.jobs} clients"
            results = await _fuzz(suite, agent, url, work, cases, settings.jobs)
    lasted = minutes((datetime.now().astimezone() - start).total_seconds())
    about = f"{what}, {start:%Y-%m-%d %H:%M %Z}, took {lasted} by {suite.name}"
    return report.Heading(agent, about), results


@asynccontextmanager
async def target(settings: Settings, work: Path, log: Path) -> AsyncIterator[str]:
    """Give the URL of the server under test, our own being started for it."""
    if settings.url is None:
        async with server.own(settings.root, settings.server_options, work, log) as url:
            yield url
    else:
        await asyncio.to_thread(server.knock, settings.url)
        yield settings.url


async def _serve(suite: Suite, command: str, work: Path, cases: Sequence[str]) -> list[Result]:
    progress = Progress(cases, stdout, time.monotonic)
    print(f"{len(cases)} cases for {command}, by {suite.name}", flush=True)
    try:
        return await served.serve(suite, command, work, cases, progress.case_done)
    finally:
        progress.close()


async def _fuzz(
    suite: Suite, agent: str, url: str, work: Path, cases: Sequence[str], jobs: int
) -> list[Result]:
    progress = Progress(cases, stdout, time.monotonic)
    fuzzer = Fuzzer(suite, agent, url, work, progress.case_done)
    pieces = cut(cases, jobs)
    print(
        f"{len(cases)} cases against {url}, {min(jobs, len(pieces))} clients at a time,"
        f" by {suite.name}",
        flush=True,
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
