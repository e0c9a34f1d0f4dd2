# SPDX-License-Identifier: MIT
"""Another checkout of wsecho as a peer: whether a change made anything slower.

Both are measured in the same rounds, one after the other, so that a machine's drift is in neither.
"""

import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from _shared.process import clean_environment

from .rows import BEFORE, OURS, Entry, Measure, Row, Target

_NO_WORSE = {
    Measure.RATE: 0.97,
    Measure.WORK: 0.97,
    Measure.P99: 1.2,
    Measure.MEMORY: 1.03,
    Measure.AMOUNT: 1.03,
}
"""What ours must reach of the same load before. A checkout that is held against itself differs by a
few per cent, and more in its slowest messages, so 1 would be missed by chance half the time."""


def is_checkout(folder: Path) -> bool:
    """Whether a folder holds what wsecho is installed from and by."""
    return all((folder / each).exists() for each in ("scripts/_env", "server/wsecho"))


def revision(checkout: Path) -> str:
    """Name what is checked out there: git's short name for it, or the folder's own."""
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty"]
    try:
        answer = subprocess.run(
            command, env=clean_environment(), capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return checkout.name
    return answer.stdout.strip()


def beside(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Give each line of ours one of the other checkout under the same load, right after it.

    What ours must reach of it comes first, so that a row's ratios are to what was before. A row
    that is a line becomes pairs: two lines in one picture would hide what they are about.
    """
    return tuple(_paired(row) for row in rows)


def _paired(row: Row) -> Row:
    ours = [entry for entry in row.entries if entry.peer == OURS]
    if not ours:
        return row
    limit = _NO_WORSE[row.measure]
    targets = (Target(limit, (_before(entry).name,), entry.name) for entry in ours)
    return replace(row, entries=tuple(_pairs(row.entries)), targets=(*targets, *row.targets))


def _pairs(entries: Iterable[Entry]) -> Iterator[Entry]:
    for entry in entries:
        if entry.peer != OURS:
            yield entry
            continue
        yield replace(entry, at=None)
        yield _before(entry)


def _before(entry: Entry) -> Entry:
    name = BEFORE if entry.name == OURS else f"{entry.name} {BEFORE}"
    return Entry(name, BEFORE, entry.load)
