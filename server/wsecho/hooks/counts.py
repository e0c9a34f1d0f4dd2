# SPDX-License-Identifier: MIT
"""What is counted of the questions that applications are asked."""

from bisect import bisect_left
from collections import Counter
from itertools import accumulate
from typing import Final

from attrs import define, field

BOUNDS: Final = (0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
"""Seconds: the upper bounds of the histogram's buckets but the last."""


@define(eq=False)
class QuestionCounts:
    """Counts since the start, of one question.

    Attributes:
        refused: answers that were no, by their code.
        failed: questions without an answer, by what the client was told: `unavailable`, or
            `internal` for a fault of the application's.
        dropped: messages that were acknowledged, and said to nobody.
        buckets: questions by how long they took, by `BOUNDS` and beyond.
        seconds: how long all of them took together.
    """

    refused: Counter[str] = field(factory=Counter)
    failed: Counter[str] = field(factory=Counter)
    dropped: int = 0
    buckets: list[int] = field(factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0

    def cumulated(self) -> list[tuple[str, float]]:
        """Count the questions up to each bound, as Prometheus wants them."""
        bounds = [*map(str, BOUNDS), "+Inf"]
        return list(zip(bounds, accumulate(self.buckets), strict=True))

    def time(self, seconds: float) -> None:
        """Count a question that is over."""
        self.buckets[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds
