# SPDX-License-Identifier: MIT
"""Feeding a target: by Atheris in a process of its own, or by hypothesis, which is everywhere."""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, Target

HAS_ATHERIS: Final = find_spec("atheris") is not None
ROOT: Final = Path(__file__).parents[2]
CORPUS: Final = ROOT / ".cache" / "fuzz"
_RUNS: Final = re.compile(r"stat::number_of_executed_units: (\d+)")


@frozen
class Outcome:
    """What came of feeding a target.

    Attributes:
        runs: how many inputs it took.
        trouble: what was said of the one that failed; "" where none did.
    """

    runs: int
    trouble: str


def feed_by_atheris(targets: Iterable[str], seconds: int) -> Iterator[tuple[str, Outcome]]:
    """Feed targets for some seconds each, going on where the last time ended."""
    command = [sys.executable, "-m", "tests.fuzz.by_atheris", str(seconds), str(CORPUS)]
    with subprocess.Popen(
        [*command, *targets], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as feeding:
        assert feeding.stdout is not None
        for line in feeding.stdout:
            name, status = line.split()
            yield name, read_outcome(CORPUS / f"{name}.log", status)


def read_outcome(log: Path, status: str) -> Outcome:
    """Read what Atheris said of a target.

    Args:
        log: the file.
        status: how its process ended.
    """
    said = log.read_text(errors="replace")
    found = _RUNS.search(said)
    runs = int(found[1]) if found else 0
    trouble = said.partition(" === Uncaught")[2] or said[-2000:]
    return Outcome(runs, "" if status == "0" and runs else trouble)


def feed_by_hypothesis(target: Target, examples: int) -> int:
    """Feed a target with what it mostly gets, spoilt, and with anything.

    Returns:
        how many inputs it took.
    """
    runs = 0

    @settings(max_examples=examples)
    @given(_inputs(target))
    def feed(data: bytes) -> None:
        nonlocal runs
        target.run(data)
        runs += 1

    for seed in target.seeds:
        target.run(seed)
    feed()
    return len(target.seeds) + runs


def _inputs(target: Target) -> st.SearchStrategy[bytes]:
    pieces = st.binary(max_size=8) | st.sampled_from([*target.seeds, *target.words])

    def spoil(seed: bytes, begin: int, cut: int, piece: bytes) -> bytes:
        begin %= len(seed) + 1
        return seed[:begin] + piece + seed[begin + cut :]

    place = st.integers(0, 400)
    return st.binary(max_size=60) | st.builds(
        spoil, st.sampled_from(target.seeds), place, st.integers(0, 4) | place, pieces
    )


def names() -> tuple[str, ...]:
    """The targets, in the order in which they stand."""
    return tuple(TARGETS)
