# SPDX-License-Identifier: MIT
"""All cases against one server, several at a time."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from _testsuite.cases import Catalogue
from _testsuite.results import Result

from . import pages
from .answer import Answer
from .case import Case
from .driving import Driver
from .judging import Judged, Outcome, judge, see
from .tables import CASES, GROUPS


def catalogue() -> Catalogue:
    """Give every case and every table, as the testsuite gives its own."""
    return Catalogue({case.id: case.title for case in CASES.values()}, GROUPS)


@dataclass(frozen=True, slots=True)
class Ran:
    """A case, and what came of it."""

    case: Case
    answer: Answer
    judged: Judged
    seconds: float

    def result(self, driver: Driver, folder: Path) -> Result:
        """Give it as the report has it, with its page written into a folder."""
        page = pages.write(folder, self.case, driver.place, self.answer, self.judged)
        return Result(
            self.case.id,
            self.judged.behavior,
            self.judged.closing,
            self.judged.status,
            round(self.seconds * 1000),
            str(page),
            out_of_time=see(self.case, self.answer).outcome is Outcome.SILENT,
        )


def run(
    driver: Driver, cases: Sequence[str], jobs: int, on_case: Callable[[str], None]
) -> list[Ran]:
    """Run cases, and give what came of each, in their order.

    Args:
        driver: knows the server.
        cases: their ids.
        jobs: how many at a time.
        on_case: called with each case when it is done.

    Raises:
        OSError: the server cannot be reached any more.
    """
    with ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(_run, driver, CASES[case]): case for case in cases}
        try:
            for done in as_completed(running):
                done.result()
                on_case(running[done])
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    return [done.result() for done in running]


def _run(driver: Driver, case: Case) -> Ran:
    start = time.monotonic()
    answer = driver.run(case)
    return Ran(case, answer, judge(case, answer), time.monotonic() - start)
