# SPDX-License-Identifier: MIT
"""The metrics of several processes as one server's: what was counted adds up, of the dead too."""

from collections.abc import Iterable
from typing import Any, Final

from attrs import define, field
from prometheus_client.core import Metric

from wsecho.ops.metrics import MAXIMA, MINIMA

Plain = list[Any]
"""One process's metrics as JSON has them: `[name, type, text, [[sample, labels, value], …]]`."""

_COUNTED: Final = frozenset({"counter", "histogram"})


def to_plain(metrics: Iterable[Metric]) -> Plain:
    """Write metrics for another process."""
    return [
        [
            metric.name,
            metric.type,
            metric.documentation,
            [[sample.name, sample.labels, sample.value] for sample in metric.samples],
        ]
        for metric in metrics
    ]


def from_plain(plain: Plain) -> list[Metric]:
    """Read what another process wrote."""
    found = []
    for name, kind, text, samples in plain:
        metric = Metric(name, text, kind)
        for sample, labels, value in samples:
            metric.add_sample(sample, labels, value)
        found.append(metric)
    return found


@define(eq=False)
class Merged:
    """Metrics that several processes' are added to."""

    _families: dict[str, tuple[str, str]] = field(factory=dict)
    _values: dict[str, dict[tuple[str, tuple[tuple[str, str], ...]], float]] = field(factory=dict)

    def add(self, plain: Plain, *, counters_only: bool = False) -> None:
        """Add a process's.

        Args:
            plain: what it wrote.
            counters_only: whether it is gone, so that what it had open counts no more.
        """
        for name, kind, text, samples in plain:
            if counters_only and kind not in _COUNTED:
                continue
            self._families.setdefault(name, (kind, text))
            values = self._values.setdefault(name, {})
            for sample, labels, value in samples:
                key = (sample, tuple(sorted(labels.items())))
                values[key] = _both(name, values[key], value) if key in values else value

    def plain(self) -> Plain:
        """Return the sum."""
        return [
            [
                name,
                *self._families[name],
                [[sample, dict(labels), value] for (sample, labels), value in values.items()],
            ]
            for name, values in self._values.items()
        ]


def _both(name: str, one: float, other: float) -> float:
    if name in MAXIMA:
        return max(one, other)
    return min(one, other) if name in MINIMA else one + other
