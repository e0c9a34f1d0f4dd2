# SPDX-License-Identifier: MIT
"""The generator at work on one server: what it is told, and what it counted."""

import asyncio
import json
from asyncio.subprocess import DEVNULL, PIPE, Process, create_subprocess_exec
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from _shared import process

from . import payloads
from .judging import Sample
from .rows import Load, Measure, Row
from .serving import LackingError, MeasureError, resident_kib, tree

_SCRIPTS = Path(__file__).parents[1]
_WARM_UP = 0.5
_PATIENCE = 90.0
"""Seconds beyond the measured ones, for opening 9,000 connections on a slow machine."""
_SETTLE = 0.5
"""Seconds until a server has done what it does after a connection opened."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What stays the same over a run."""

    generator: Path
    core: int
    """The generator's own, but for loads that several processes share the machine under."""
    seconds: float
    work: Path


def arguments(
    load: Load,
    bench: Bench,
    port: int,
    pids: Sequence[int],
    redis: int | None = None,
    driver: Sequence[str] = (),
) -> list[str]:
    """Give the generator's command line for a load; `redis` is the process id of one.

    `driver` is the program of a client library, which is run in the generator's place.
    """
    command = [*(driver or [str(bench.generator)]), "--mode", load.mode, "--port", str(port)]
    command += ["--path", load.path, "--connections", str(load.connections)]
    command += ["--in-flight", str(load.in_flight), "--payload", str(payload(load, bench.work))]
    command += ["--warmup", str(_WARM_UP), "--seconds", str(bench.seconds)]
    command += ["--watch", ",".join(map(str, pids)), "--rooms", str(load.rooms)]
    if redis is None:
        command += ["--core", str(bench.core)]
    else:
        command += ["--watch-redis", str(redis), "--pace", str(load.pace)]
    if load.offer:
        many = payloads.documents(load.size)
        command += ["--documents", str(len(many) // load.size)]
        command += ["--offer", load.offer, "--compressed"]
    flags = {"tls": load.tls, "message-each": load.message_each, "socketio": load.is_socketio}
    return command + [f"--{flag}" for flag, is_given in flags.items() if is_given]


def payload(load: Load, folder: Path) -> Path:
    """Leave the bytes of a load's message in a file."""
    kind = "documents" if load.offer else "event" if load.is_socketio else "text"
    file = folder / f"payload-{load.size}-{kind}"
    if not file.exists():
        make = {"documents": payloads.documents, "event": payloads.event, "text": payloads.text}
        file.write_bytes(make[kind](load.size))
    return file


async def measure(
    row: Row,
    load: Load,
    bench: Bench,
    port: int,
    pid: int,
    redis: int | None = None,
    driver: Sequence[str] = (),
) -> Sample:
    """Put a load on a server once; `redis` is the process id of the one behind it.

    `driver` is the program of a client library, which is run in the generator's place.

    Raises:
        LackingError: This machine cannot put such a load.
        MeasureError: The server failed under it, or sent something else than it should.
    """
    pids = tree(pid)
    before = resident_kib(pids)
    generator = await create_subprocess_exec(
        *arguments(load, bench, port, pids, redis, driver),
        cwd=_SCRIPTS,
        env=process.clean_environment(),
        stdin=PIPE if row.measure is Measure.MEMORY else DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
    )
    try:
        counted = await asyncio.wait_for(_result(generator), bench.seconds + _PATIENCE)
        if row.measure is not Measure.MEMORY:
            return Sample(value(row, counted), counted)
        await asyncio.sleep(_SETTLE)
        each = (resident_kib(pids) - before) / load.connections
        return Sample(each, counted | {"before_kib": before})
    except TimeoutError:
        raise MeasureError("no result in time") from None
    finally:
        await process.end(generator)


async def _result(generator: Process) -> dict[str, float | str]:
    """Read the generator's one line."""
    assert generator.stdout is not None  # noqa: S101  (both are pipes)
    assert generator.stderr is not None  # noqa: S101
    line = await generator.stdout.readline()
    if not line:
        said = (await generator.stderr.read()).decode(errors="replace").strip()
        raise MeasureError(said or "the generator said nothing")
    counted = cast("dict[str, float | str]", json.loads(line))
    if "lacking" in counted:
        raise LackingError(str(counted["lacking"]))
    return counted


def value(row: Row, counted: Mapping[str, float | str]) -> float:
    """Give what a row shows of what the generator counted, in the row's unit.

    Raises:
        MeasureError: Nothing was counted, so that no ratio could be formed.
    """
    if row.measure is Measure.P99:
        found = float(counted["p99_us"])
    else:
        found = float(counted["count"]) / float(counted["seconds"]) * row.scale
    if row.measure is Measure.WORK:
        found /= float(counted["own_cpu"]) or 1.0
    if not found:
        raise MeasureError("not one message came back while it was measured")
    return found
