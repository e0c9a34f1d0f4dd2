# SPDX-License-Identifier: MIT
"""One run of the handshake's cases, from its target to its report."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from sys import stdout

from _shared.environment import ensure_environment
from _shared.errors import CannotRunError

from _testsuite import report
from _testsuite.cases import select
from _testsuite.progress import Progress, minutes
from _testsuite.results import Result
from _testsuite.session import Settings, name_of, target, worth_a_second_try

from .driving import Driver
from .running import catalogue, run


def run_handshakes(settings: Settings) -> list[Result]:
    """Run the cases of the handshake and write the report.

    Raises:
        CannotRunError: Something that it needs is missing.
    """
    report.check_place(settings.report)
    agent = name_of(settings)
    known = catalogue()
    cases = select(known, settings.cases)
    if settings.url is None:
        ensure_environment(settings.root, "testsuite")
    with tempfile.TemporaryDirectory(prefix="wsecho-handshakes-") as folder:
        work = Path(folder)
        log = work / "server.log"
        about, results = asyncio.run(_test(settings, cases, work, log))
        report.write(settings.report, report.Heading(agent, about), results, known, log)
    return results


async def _test(
    settings: Settings, cases: Sequence[str], work: Path, log: Path
) -> tuple[str, list[Result]]:
    start = datetime.now().astimezone()
    async with target(settings, work, log) as url:
        print(f"{len(cases)} cases of the handshake against {url}", flush=True)
        results = await asyncio.to_thread(_all, Driver(url), cases, settings.jobs, work)
    lasted = minutes((datetime.now().astimezone() - start).total_seconds())
    return f"{url}, the opening handshake, {start:%Y-%m-%d %H:%M %Z}, took {lasted}", results


def _all(driver: Driver, cases: Sequence[str], jobs: int, work: Path) -> list[Result]:
    progress = Progress(cases, stdout, time.monotonic)
    try:
        ran = {each.case.id: each for each in run(driver, cases, jobs, progress.case_done)}
        results = {case: each.result(driver, work) for case, each in ran.items()}
        again = worth_a_second_try(list(results.values()))
        for each in run(driver, again, 1, lambda _case: None):
            results[each.case.id] = replace(each.result(driver, work), second_try=True)
    except OSError as error:
        raise CannotRunError(f"{driver.url} cannot be reached any more: {error}") from None
    finally:
        progress.close()
    return [results[case] for case in cases]
