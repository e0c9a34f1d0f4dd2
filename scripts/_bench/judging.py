# SPDX-License-Identifier: MIT
"""Medians, ratios, and whether a row reached its target.

A ratio is always of two values of the same round, for a machine's speed drifts; what is judged
is the median of the rounds' ratios.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from .rows import Measure, Row, Target

_TOO_BUSY, _TOO_IDLE = 0.9, 0.8


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of some values, and their range."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Sample:
    """One entry in one round."""

    value: float
    """In the row's unit."""
    details: Mapping[str, float | str] = field(default_factory=dict)
    """What else the generator said: shares of a core, latencies, the extensions agreed on."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A row's samples by entry, one for each round, None where that round failed."""

    row: Row
    samples: Mapping[str, Sequence[Sample | None]]
    troubles: Mapping[str, str] = field(default_factory=dict)
    """Why an entry has no sample, or not all."""
    skipped: str | None = None
    """Why the row was not even tried."""

    def values(self, entry: str) -> list[float | None]:
        """Give an entry's value in each round."""
        samples = self.samples.get(entry, ())
        return [None if sample is None else sample.value for sample in samples]

    def has(self, names: Iterable[str]) -> bool:
        """Whether all of these entries were to be measured."""
        return all(name in self.samples for name in names)

    def detail(self, entry: str, key: str) -> float | None:
        """Give the median of something that the generator said beside the value."""
        samples = [sample for sample in self.samples.get(entry, ()) if sample]
        found = spread([float(sample.details[key]) for sample in samples if key in sample.details])
        return found.median if found else None

    def best(self, others: Sequence[str]) -> str:
        """Give the entry of some whose median is best, the first where nothing was measured."""
        medians = {name: found.median for name in others if (found := spread(self.values(name)))}
        choose = min if self.row.lower_is_better else max
        return choose(medians, key=lambda name: medians[name]) if medians else others[0]

    def generator_bound(self, entry: str) -> bool:
        """Whether the generator was so busy that it may be what was measured, and should not."""
        share = self.detail(entry, "own_cpu")
        return share is not None and share > _TOO_BUSY and not self.row.is_of_clients

    def idle(self, entry: str) -> bool:
        """Whether the server waited, so that round trips or other programs were measured."""
        share = self.detail(entry, "server_cpu")
        return share is not None and share < _TOO_IDLE


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a target's ratio came to; `reached` is None where it could not be formed."""

    target: Target
    ratio: Spread | None
    reached: bool | None


def spread(values: Sequence[float | None]) -> Spread | None:
    """Give the spread of the values that there are, None where there are none."""
    there = [value for value in values if value is not None]
    return Spread(median(there), min(there), max(there)) if there else None


def ratio(measured: Measured, subject: str, others: Sequence[str]) -> Spread | None:
    """Give the spread, over the rounds, of a value to the best of others in the same round.

    None where no round has both the subject's value and all of the others', or there are none.
    """
    if not others:
        return None
    best = min if measured.row.lower_is_better else max
    rounds = zip(
        measured.values(subject), *(measured.values(other) for other in others), strict=True
    )
    whole = [values for values in rounds if None not in values]
    return spread([mine / best(rest) for mine, *rest in whole if mine is not None and best(rest)])


def work_ratio(measured: Measured, subject: str, other: str) -> Spread | None:
    """Give the spread of a ratio of what two servers do in a second of their processors.

    Where something else had a part of the processors, a rate tells how much that was; this tells
    what a message costs. None where no rate was measured, or no round tells how busy both were.
    """
    if measured.row.measure is not Measure.RATE:
        return None
    rounds = zip(measured.samples[subject], measured.samples[other], strict=True)
    worked = [[_work(sample) for sample in both] for both in rounds]
    return spread([mine / its if mine and its else None for mine, its in worked])


def _work(sample: Sample | None) -> float | None:
    share = float(sample.details.get("server_cpu", 0)) if sample else 0
    return sample.value / share if sample and share else None


def judge(measured: Measured) -> list[Verdict]:
    """Hold a row to each of its targets."""
    return [_verdict(measured, target) for target in measured.row.targets]


def _verdict(measured: Measured, target: Target) -> Verdict:
    if not measured.has((target.subject, *target.of)):
        return Verdict(target, None, None)
    found = ratio(measured, target.subject, target.of)
    if found is None:
        return Verdict(target, None, None)
    below = found.median <= target.limit
    at_limit = found.median == target.limit
    return Verdict(target, found, at_limit or below == measured.row.lower_is_better)
