# SPDX-License-Identifier: MIT
"""What is counted of a bus over Redis."""

from wsecho.bus.measures import BOUNDS, Measures


def test_commands_are_counted_by_how_long_they_took() -> None:
    """Each in the buckets from its own on."""
    measures = Measures()
    for seconds in (0.0001, 0.0005, 0.3, 100):
        measures.time(seconds)
    counts = dict(measures.cumulated())
    assert counts["0.0005"] == 2
    assert counts["0.5"] == counts[str(BOUNDS[-1])] == 3
    assert counts["+Inf"] == 4
