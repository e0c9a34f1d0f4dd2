# SPDX-License-Identifier: MIT
"""One run from start to end: every row in rounds, the servers of a round one after the other."""

import asyncio
import os
import resource
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from _shared.environment import ensure_environment
from _shared.errors import CannotRunError
from _shared.process import free_port

from .before import revision
from .environment import Environment, Feature, compile_generator, install, missing
from .judging import Measured, Sample
from .loading import Bench, measure
from .peers import command, driver, make_certificate, redis_command
from .report import Report
from .rows import ALLOWED, BEFORE, OURS, Entry, Load, Row
from .serving import LackingError, MeasureError, serving
from .table import render, summary

_FILES = 20_000
_OTHER_FILES = 200
"""Of a process that has that many connections: libraries, logs, listening sockets."""
_CORES = 2
_NO_REDIS = "there is no redis-server; on Debian: apt install redis-server"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line asked for."""

    root: Path
    rows: tuple[Row, ...]
    rounds: int
    seconds: float
    report: Path
    server_options: tuple[str, ...] = ()
    """Of wsecho, beside where it listens and that it logs no connections, as its peers."""
    against: Path | None = None
    """Another checkout, which the rows name as a peer."""


def chosen(rows: Sequence[Row], peers: Iterable[str]) -> tuple[Row, ...]:
    """Leave in each row what ours is, and the peers that were asked for; and rows with any."""
    kept = {OURS, *peers}
    reduced = (
        replace(row, entries=tuple(entry for entry in row.entries if entry.peer in kept))
        for row in rows
    )
    return tuple(row for row in reduced if row.entries)


def order(entries: Sequence[Entry], round_: int) -> list[Entry]:
    """Let each round begin with another entry, so that none always follows the same one."""
    first = round_ % len(entries)
    return [*entries[first:], *entries[:first]]


def run(settings: Settings) -> list[Measured]:
    """Measure the rows; each one's table is printed as soon as it is there.

    Raises:
        CannotRunError: Something that every row needs is missing.
    """
    environment = Environment(settings.root, settings.root / ".cache", settings.against)
    # What can be missing on the machine is looked for before minutes of installing.
    generator = compile_generator(environment.cache)
    server_core, load_core = _cores()
    _allow_many_files(settings.rows)
    checkouts = _checkouts(settings)
    for checkout in checkouts.values():
        ensure_environment(checkout, "bench")
    peers = {entry.peer for row in settings.rows for entry in row.entries} - {OURS, BEFORE}
    left_out = install(environment, peers)
    for peer, trouble in left_out.items():
        print(f"{peer} is left out: {trouble}\n")
    settings = replace(settings, rows=chosen(settings.rows, {*peers, BEFORE} - {*left_out}))
    versions = {name: revision(checkout) for name, checkout in checkouts.items()}
    versions |= environment.versions() if peers else {}
    report = Report(settings.report, versions, settings, left_out)
    with tempfile.TemporaryDirectory(prefix="wsecho-bench-") as folder:
        work = Path(folder)
        bench = Bench(generator.path, load_core, settings.seconds, work)
        runner = _Runner(settings, environment, bench, server_core, generator.features)
        if Feature.TLS in generator.features and any(
            Feature.TLS in needs(row) for row in settings.rows
        ):
            make_certificate(work)
        return asyncio.run(runner.all(report))


def _checkouts(settings: Settings) -> dict[str, Path]:
    found = {OURS: settings.root, BEFORE: settings.against}
    return {name: checkout for name, checkout in found.items() if checkout}


def needs(row: Row) -> set[Feature]:
    """Give what the generator must have been compiled with for a row."""
    loads = [entry.load for entry in row.entries]
    wanted = {Feature.TLS: any(load.tls for load in loads)}
    wanted[Feature.DEFLATE] = any(load.offer for load in loads)
    return {feature for feature, is_wanted in wanted.items() if is_wanted}


def _cores() -> tuple[int, int]:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < _CORES:
        raise CannotRunError("one core for the server and one for the generator are needed")
    return cores[0], cores[1]


def _allow_many_files(rows: Iterable[Row]) -> None:
    """Raise our own limit, which the children inherit, to what the rows need.

    It holds for each process by itself: the server and the generator may have that many each.
    """
    most = max(entry.load.connections for row in rows for entry in row.entries)
    needed = max(_FILES, most + _OTHER_FILES)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if allowed < most + _OTHER_FILES:
        raise CannotRunError(f"{most} connections need more open files than {hard}: see ulimit -Hn")
    if soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


class _Redis(NamedTuple):
    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class _Runner:
    settings: Settings
    environment: Environment
    bench: Bench
    core: int
    """The server's, but for loads that several processes share both cores under."""
    features: frozenset[Feature]

    async def all(self, report: Report) -> list[Measured]:
        done = []
        for row in self.settings.rows:
            done.append(await self._row(row))
            print(render(done[-1]), end="\n\n")
            # After each row, so that an interrupted run has a report of what it measured.
            report.write(done)
        print(summary(done), end="\n\n")
        if done and all(measured.skipped for measured in done):
            raise CannotRunError(str(done[0].skipped))
        return done

    async def _row(self, row: Row) -> Measured:
        lacking = needs(row) - self.features
        if lacking:
            return Measured(row, {}, skipped=missing(min(lacking)))
        if any(entry.load.workers for entry in row.entries) and not shutil.which("redis-server"):
            return Measured(row, {}, skipped=_NO_REDIS)
        samples: dict[str, list[Sample | None]] = {entry.name: [] for entry in row.entries}
        troubles: dict[str, str] = {}
        agreed = ""
        for round_ in range(self.settings.rounds):
            for entry in order(row.entries, round_):
                sample = None
                try:
                    sample = await self._once(row, entry, agreed)
                except LackingError as error:
                    return Measured(row, {}, skipped=str(error))
                except MeasureError as error:
                    troubles[entry.name] = str(error)
                    self._keep_log(row, entry)
                samples[entry.name].append(sample)
                if sample and sample.details.get("failed"):
                    self._keep_log(row, entry)
                # Ours is the first one of the first round, so the others always know.
                if sample and entry.peer == OURS:
                    agreed = str(sample.details.get("extensions", ""))
        return Measured(row, samples, troubles)

    def _log(self, row: Row, entry: Entry) -> Path:
        return self.bench.work / f"{row.name}-{entry.peer}.log"

    def _keep_log(self, row: Row, entry: Entry) -> None:
        """Put what a server said that failed, or failed a connection, beside the report."""
        if self._log(row, entry).exists():
            shutil.copy(self._log(row, entry), self.settings.report)

    async def _once(self, row: Row, entry: Entry, agreed: str) -> Sample:
        """Measure on a fresh server, which has nothing from an earlier round in its memory."""
        if entry.load.mode == ALLOWED:
            return Sample(entry.load.size * row.scale)
        program = driver(entry, self.environment) if entry.load.client else ()
        async with self._redis(entry.load) as redis:
            port = free_port()
            started = command(
                entry.peer,
                entry.load,
                port,
                environment=self.environment,
                work=self.bench.work,
                options=self.settings.server_options,
                agreed=agreed,
                redis=redis and redis.port,
            )
            cores = str(self.core) if redis is None else self._both
            async with serving(started, port, cores, self._log(row, entry)) as pid:
                return await measure(
                    row, entry.load, self.bench, port, pid, redis and redis.pid, program
                )

    @property
    def _both(self) -> str:
        return f"{self.core},{self.bench.core}"

    @asynccontextmanager
    async def _redis(self, load: Load) -> AsyncIterator[_Redis | None]:
        """Run an empty Redis for a load that needs one."""
        if not load.workers:
            yield None
            return
        port, work = free_port(), self.bench.work
        async with serving(redis_command(port, work), port, self._both, work / "redis.log") as pid:
            yield _Redis(port, pid)
