# SPDX-License-Identifier: MIT
"""The report of a run: a few files in a folder.

DIR/bench.txt      the tables, as they stood on the terminal
DIR/bench.json     every sample of every round, ratios and verdicts, versions, machine
DIR/bench.svg      the chart
DIR/ROW-PEER.log   what a server said that failed
"""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from _shared.errors import CannotRunError

from . import chart, table
from .judging import Measured, Verdict, judge, ratio, spread


class Asked(Protocol):
    """What a report says of how it was measured."""

    @property
    def rounds(self) -> int:
        """How often each entry was measured."""

    @property
    def seconds(self) -> float:
        """How long each time."""

    @property
    def server_options(self) -> tuple[str, ...]:
        """What wsecho was started with, beside where it listens."""


@dataclass(frozen=True, slots=True)
class Report:
    """Writes the report, again and again as rows are done."""

    folder: Path
    versions: Mapping[str, str]
    asked: Asked
    left_out: Mapping[str, str] = field(default_factory=dict)
    """The peers that were asked for and could not be installed, with the reason."""

    def write(self, rows: Sequence[Measured]) -> None:
        """Replace the three files."""
        about = self.about(datetime.now(UTC))
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        text = "\n\n".join(
            [
                f"{about}\nversions: {versions}",
                *(f"{peer} is left out: {trouble}" for peer, trouble in self.left_out.items()),
                *(table.render(row) for row in rows),
                table.summary(rows),
            ]
        )
        (self.folder / "bench.txt").write_text(text + "\n", encoding="utf-8")
        (self.folder / "bench.svg").write_text(chart.render(rows, about), encoding="utf-8")
        (self.folder / "bench.json").write_text(self.as_json(rows, about), encoding="utf-8")

    def about(self, now: datetime) -> str:
        """Say in a line when and how it was measured."""
        options = " ".join(["--no-connection-log", *self.asked.server_options])
        return (
            f"{now:%Y-%m-%d %H:%M} UTC, {_processor()}, {os.cpu_count()} cores, Python"
            f" {platform.python_version()}; median of {self.asked.rounds} x"
            f" {self.asked.seconds:g} s; wsecho with {options}"
        )

    def as_json(self, rows: Sequence[Measured], about: str) -> str:
        """Give the whole as JSON."""
        whole = {
            "about": about,
            "load_average": os.getloadavg(),
            "versions": dict(self.versions),
            "left_out": dict(self.left_out),
            "wsecho_options": list(self.asked.server_options),
            "rows": [_row(measured) for measured in rows],
        }
        return json.dumps(whole, indent=1) + "\n"


def check_place(folder: Path) -> None:
    """Make the folder.

    Raises:
        CannotRunError: It cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRunError(f"--report {folder}: {error.strerror}") from None
    if not os.access(folder, os.W_OK):
        raise CannotRunError(f"--report {folder}: cannot be written")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _row(measured: Measured) -> dict[str, Any]:
    row = measured.row
    return {
        "name": row.name,
        "title": row.title,
        "unit": row.unit,
        "skipped": measured.skipped,
        "entries": {name: _entry(measured, name) for name in measured.samples},
        "targets": [_target(measured, verdict) for verdict in judge(measured)],
    }


def _target(measured: Measured, verdict: Verdict) -> dict[str, Any]:
    target = verdict.target
    return {
        "words": f"{target.subject}: {table.wanted(measured.row, target)}",
        "limit": target.limit,
        "ratio": asdict(verdict.ratio) if verdict.ratio else None,
        "reached": verdict.reached,
        "subject": _side(measured, target.subject),
        "peer": _side(measured, measured.best(target.of)),
    }


def _side(measured: Measured, name: str) -> dict[str, Any]:
    found = spread(measured.values(name))
    return {
        "name": name,
        "value": found.median if found else None,
        "server_cpu": measured.detail(name, "server_cpu"),
        "generator_cpu": measured.detail(name, "own_cpu"),
        "generator_bound": measured.generator_bound(name),
    }


def _entry(measured: Measured, name: str) -> dict[str, Any]:
    reference = measured.row.reference
    found = ratio(measured, name, reference) if measured.has(reference) else None
    return {
        "values": measured.values(name),
        "ratio": asdict(found) if found else None,
        "details": [sample and dict(sample.details) for sample in measured.samples[name]],
        "trouble": measured.troubles.get(name),
    }
