# SPDX-License-Identifier: MIT
"""Writes, in Markdown, what the code alone knows for sure: options, errors, metrics."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import getdoc
from random import SystemRandom
from types import SimpleNamespace
from typing import Any, Final, cast

import attrs
from prometheus_client import Metric
from twisted.internet.task import Clock

from wsecho.bus.interface import Bus
from wsecho.bus.measures import Measures
from wsecho.bus.memory import MemoryBus
from wsecho.config.config import SWITCHES, Config
from wsecho.config.settings.option import OPTION, Option
from wsecho.core.wire import errors
from wsecho.fanout.rooms import Rooms
from wsecho.ops.metrics import Metrics
from wsecho.router import Router
from wsecho.server.state import ServerState
from wsecho.workers.fleet import WorkerState
from wsecho.workers.gathering import PATIENCE, Gathering


def options() -> str:
    """Write every option with its default, in the groups of the configuration."""
    return "\n\n".join(_group(kind) for kind in Config.__bases__) + f"\n\n{_switches()}"


def _group(kind: type) -> str:
    title = (getdoc(kind) or "").splitlines()[0].rstrip(".")
    own = {field.name for field in attrs.fields(kind)}
    found = [
        field.metadata[OPTION]
        for field in attrs.fields(Config)
        if field.name in own and OPTION in field.metadata
    ]
    return f"## {title}\n\n" + "\n\n".join(map(_option, found))


def _option(option: Option) -> str:
    text, _, example = option.help.partition(" Example: ")
    lines = [f"### `--{option.name}`", text, f"Default: {_shown(option.shown)}."]
    if option.repeatable:
        lines.append("It may be given again: each one adds to the list.")
    if example:
        lines.append(f"Example: `{example}`")
    return "\n\n".join(lines)


def _shown(default: str | None) -> str:
    # A value is quoted, a description is not.
    is_value = default is not None and " " not in default and default != "none"
    return f"`{default}`" if is_value else default or "none"


def _switches() -> str:
    found = [f"### `--{name}`\n\n{text}" for name, (_, text) in SWITCHES.items()]
    return "## Switches, which take no value\n\n" + "\n\n".join(found)


def http_errors() -> str:
    """Write each error that HTTP answers: its status, its code, when it comes."""
    found = sorted(_errors(errors.WireError), key=lambda kind: (kind.status, kind.code))
    rows = [(str(kind.status), f"`{kind.code}`", _first_line(kind)) for kind in found]
    return table(("status", "code", "when"), rows)


def _errors(kind: type[errors.WireError]) -> Iterable[type[errors.WireError]]:
    for below in kind.__subclasses__():
        yield below
        yield from _errors(below)


def _first_line(kind: type) -> str:
    return (getdoc(kind) or "").splitlines()[0]


def metrics() -> str:
    """Write each metric: its name as Prometheus has it, its type, its labels, what it tells."""
    rows = [_metric(metric) for metric in _of_process() if not metric.name.startswith("process_")]
    return table(("metric", "type", "labels", "what it tells"), [*rows, *_of_workers()])


def _of_process() -> Iterable[Metric]:
    """Collect what a server that nobody came to has counted, as if over Redis."""
    config = Config()
    clock: Any = Clock()
    state = ServerState.of(config, clock)
    rooms = Rooms(config.rules, clock, state.stats, _with_measures)
    return Metrics(state, rooms, Router(clock, SystemRandom(), _raise)).collect()


def _with_measures(*arguments: Any) -> Bus:
    bus: Any = MemoryBus(*arguments)
    bus.measures = Measures()
    return cast(Bus, bus)


def _raise(fault: BaseException) -> None:
    """Take a fault of the router, which has nothing to do here."""
    raise fault


def _metric(metric: Metric) -> Sequence[str]:
    return _row(metric.name, metric.type, metric._labelnames, metric.documentation)  # type: ignore[attr-defined]  # noqa: SLF001  # each family has it


def _of_workers() -> Iterable[Sequence[str]]:
    """Collect what the parent of workers adds, of one that is ready."""
    told: list[Any] = []
    clock = Clock()
    worker: Any = SimpleNamespace(state=WorkerState.READY, slot=0, serial=0)
    channel: Any = SimpleNamespace(tell=lambda *_, metrics, **__: told.extend(metrics))
    fleet: Any = [worker]
    Gathering(fleet, {}, clock).collect(channel, 0)
    clock.advance(PATIENCE)
    for name, kind, text, samples in told:
        yield _row(name, kind, list(samples[0][1]), text)


def _row(name: str, kind: str, labels: Iterable[str], text: str) -> Sequence[str]:
    full = f"{name}_total" if kind == "counter" else name
    return f"`{full}`", kind, ", ".join(f"`{label}`" for label in labels), text


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table in Markdown; a bar in a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    cells = ([cell.replace("|", r"\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


WRITERS: Final[Mapping[str, Callable[[], str]]] = {
    "options": options,
    "http-errors": http_errors,
    "metrics": metrics,
}
"""What a page may ask for, by name."""
