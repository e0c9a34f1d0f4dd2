# SPDX-License-Identifier: MIT
"""What is counted of a bus over Redis."""

from bisect import bisect_left
from itertools import accumulate
from typing import Final

from attrs import define, field

BOUNDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Seconds: the upper bounds of the histogram's buckets but the last."""


@define(eq=False)
class Measures:
    """Counts since the start.

    Attributes:
        connects: connections to Redis that were usable.
        canaries_lost: times that a node did not hear itself.
        timeouts: commands that Redis did not answer in time.
        refused: commands that Redis answered with an error.
        renewals: times that a room was told of a new epoch here.
        catch_ups: times that a room was read from its log again, for what had been missed.
        buckets: commands by how long they took, by `BOUNDS` and beyond.
        seconds: how long all of them took together.
    """

    connects: int = 0
    canaries_lost: int = 0
    timeouts: int = 0
    refused: int = 0
    renewals: int = 0
    catch_ups: int = 0
    buckets: list[int] = field(factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0

    def cumulated(self) -> list[tuple[str, float]]:
        """Count the commands up to each bound, as Prometheus wants them."""
        bounds = [*map(str, BOUNDS), "+Inf"]
        return list(zip(bounds, accumulate(self.buckets), strict=True))

    def time(self, seconds: float) -> None:
        """Count a command that was answered."""
        self.buckets[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds
