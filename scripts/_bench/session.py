# SPDX-License-Identifier: MIT
"""One run from start to end: every row in rounds, the servers of a round one after the other."""

import asyncio
import os
import resource
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from _testsuite.errors import CannotRunError
from _testsuite.server import ensure_environment

from .environment import Environment, compile_generator, install
from .judging import Measured, Sample
from .loading import Bench, measure
from .peers import command, make_certificate
from .report import Report
from .rows import OURS, Entry, Row
from .serving import MeasureError, free_port, serving
from .table import render

_FILES = 20_000
_CORES = 2


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line asked for."""

    root: Path
    rows: tuple[Row, ...]
    rounds: int
    seconds: float
    report: Path
    server_options: tuple[str, ...] = ()


def chosen(rows: Sequence[Row], peers: Sequence[str]) -> tuple[Row, ...]:
    """Leave in each row what ours is, and the peers that were asked for."""
    kept = {OURS, *peers}
    return tuple(
        replace(row, entries=tuple(entry for entry in row.entries if entry.peer in kept))
        for row in rows
    )


def order(entries: Sequence[Entry], round_: int) -> list[Entry]:
    """Let each round begin with another entry, so that none always follows the same one."""
    first = round_ % len(entries)
    return [*entries[first:], *entries[:first]]


def run(settings: Settings) -> list[Measured]:
    """Measure the rows; each one's table is printed as soon as it is there.

    Raises:
        CannotRunError: Something that every row needs is missing.
    """
    environment = Environment(settings.root, settings.root / ".cache")
    ensure_environment(settings.root)
    peers = {entry.peer for row in settings.rows for entry in row.entries} - {OURS}
    install(environment, peers)
    generator = compile_generator(environment.cache)
    server_core, load_core = _cores()
    _allow_many_files()
    report = Report(settings.report, environment.versions() if peers else {}, settings)
    with tempfile.TemporaryDirectory(prefix="wsecho-bench-") as folder:
        work = Path(folder)
        bench = Bench(generator.path, load_core, settings.seconds, work)
        runner = _Runner(settings, environment, bench, server_core)
        if any(entry.load.tls for row in settings.rows for entry in row.entries):
            if not generator.tls:
                raise CannotRunError("a TLS row needs OpenSSL's headers; apt install libssl-dev")
            make_certificate(work)
        return asyncio.run(runner.all(report))


def _cores() -> tuple[int, int]:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < _CORES:
        raise CannotRunError("one core for the server and one for the generator are needed")
    return cores[0], cores[1]


def _allow_many_files() -> None:
    """Raise our own limit, which the children inherit, for rows of many connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


@dataclass(frozen=True, slots=True)
class _Runner:
    settings: Settings
    environment: Environment
    bench: Bench
    core: int

    async def all(self, report: Report) -> list[Measured]:
        done = []
        for row in self.settings.rows:
            done.append(await self._row(row))
            print(render(done[-1]), end="\n\n")
            # After each row, so that an interrupted run has a report of what it measured.
            report.write(done)
        return done

    async def _row(self, row: Row) -> Measured:
        samples: dict[str, list[Sample | None]] = {entry.name: [] for entry in row.entries}
        troubles: dict[str, str] = {}
        for round_ in range(self.settings.rounds):
            for entry in order(row.entries, round_):
                sample = None
                try:
                    sample = await self._once(row, entry)
                except MeasureError as error:
                    troubles[entry.name] = str(error)
                    self._keep_log(row, entry)
                samples[entry.name].append(sample)
        return Measured(row, samples, troubles)

    def _log(self, row: Row, entry: Entry) -> Path:
        return self.bench.work / f"{row.name}-{entry.peer}.log"

    def _keep_log(self, row: Row, entry: Entry) -> None:
        """Put what a server said that failed beside the report; the others' logs are not kept."""
        if self._log(row, entry).exists():
            shutil.copy(self._log(row, entry), self.settings.report)

    async def _once(self, row: Row, entry: Entry) -> Sample:
        """Measure on a fresh server, which has nothing from an earlier round in its memory."""
        port = free_port()
        started = command(
            entry.peer,
            entry.load,
            port,
            environment=self.environment,
            work=self.bench.work,
            options=self.settings.server_options,
        )
        async with serving(started, port, self.core, self._log(row, entry)) as pid:
            return await measure(row, entry.load, self.bench, port, pid)
